import NeRFCore
import TestSupport
import Testing

@Suite("Camera rays")
struct CameraRaysTests {
  private func camera(_ golden: GoldenCase) throws -> Camera {
    let k = try golden.config.doubles("intrinsics")
    return Camera(
      pose: try CameraPose(matrix: golden.doubles("in.poses")),
      intrinsics: Intrinsics(focalX: k[0], focalY: k[1], centerX: k[2], centerY: k[3]),
      width: try golden.config.int("W"), height: try golden.config.int("H"))
  }

  private func rows<T>(_ columns: [[T]]) -> [T] {
    (columns.first ?? []).indices.flatMap { row in columns.map { $0[row] } }
  }

  @Test(
    "equal the stored ones in both precisions", arguments: GoldenCase.names(operation: "get_rays"))
  func golden(name: String) throws {
    let golden = try GoldenCase(named: name)
    let camera = try camera(golden)
    let single: RayBatch<Float> = camera.rays()
    let double: RayBatch<Double> = camera.rays()
    let comparisons = try [
      golden.compare("out.rays_d", actual: rows(single.directions)),
      golden.compare("out.rays_o", actual: rows(single.origins)),
      golden.compare("out.rays_d", actual: rows(double.directions)),
      golden.compare("out.rays_o", actual: rows(double.origins)),
    ]
    for comparison in comparisons { #expect(comparison.passed, "\(comparison)") }
  }

  @Test("of chosen pixels are those of the whole image")
  func chosenPixels() throws {
    let camera = try camera(GoldenCase(named: "get_rays_b1"))
    let all: RayBatch<Float> = camera.rays()
    let some: RayBatch<Float> = try camera.rays(pixels: [107, 3, 3, 0])
    for (ray, pixel) in [107, 3, 3, 0].enumerated() {
      #expect(some[ray].direction == all[pixel].direction)
    }
    let none: RayBatch<Float> = try camera.rays(pixels: [])
    #expect(none.count == 0)
  }

  @Test("refuse a pixel outside the image", arguments: [-1, 108])
  func outsidePixel(pixel: Int) throws {
    let camera = try camera(GoldenCase(named: "get_rays_b1"))
    #expect(throws: ValueError.self) {
      let _: RayBatch<Float> = try camera.rays(pixels: [0, pixel])
    }
  }

  @Test("have unit directions and pass through pixel centres")
  func unitDirections() throws {
    let pose = CameraPose.spherical(azimuth: 10, elevation: -20, radius: 4)
      .convertedFromBlender(scale: 0.8)
    let camera = Camera(
      pose: pose, intrinsics: Intrinsics(focalX: 9, focalY: 9, centerX: 2.5, centerY: 1.5),
      width: 5, height: 3)
    let rays: RayBatch<Double> = camera.rays()
    for ray in 0..<rays.count {
      let d = rays[ray].direction
      #expect((d * d).sum().isClose(to: 1, .reference))
    }
    // The middle pixel looks along the optical axis, which is column 2.
    #expect(rays[7].direction.y.isClose(to: pose.matrix[6], .reference))
  }

  @Test("refuse components of different lengths")
  func raggedComponents() {
    #expect(throws: ShapeError.self) {
      try RayBatch<Float>(origins: [[0], [0], [0]], directions: [[1], [0, 1], [0]])
    }
    #expect(throws: ShapeError.self) {
      try RayBatch<Float>(originRows: [0, 0, 0, 0], directionRows: [0, 0, 1, 0])
    }
  }

  @Test("conversion of data set poses equals the stored one")
  func conversion() throws {
    for golden in try GoldenCase.all(operation: "nerf_matrix_to_ngp") {
      let poses = try golden.doubles("in.poses")
      let scale = try golden.config.double("scale")
      let converted = try stride(from: 0, to: poses.count, by: 16).flatMap { start -> [Double] in
        try CameraPose(matrix: Array(poses[start..<start + 16]))
          .convertedFromBlender(scale: scale).matrix + [0, 0, 0, 1]
      }
      let comparison = try golden.compare("out.poses", actual: converted)
      #expect(comparison.passed, "\(comparison)")
    }
  }
}
