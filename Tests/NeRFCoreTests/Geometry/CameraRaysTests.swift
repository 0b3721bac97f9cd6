import NeRFCore
import TestSupport
import Testing

@Suite("Camera rays")
struct CameraRaysTests {
  private let camera = Camera(
    pose: .spherical(azimuth: 31, elevation: -17, radius: 3),
    intrinsics: Intrinsics(focalX: 14.4, focalY: 13.8, centerX: 5.7, centerY: 5.2), width: 12,
    height: 9)

  @Test("of chosen pixels are those of the whole image")
  func chosenPixels() throws {
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

  @Test("lead to points that are seen in the pixels they came from")
  func projection() throws {
    let rays: RayBatch<Double> = camera.rays()
    for (pixel, distance) in (0..<rays.count).map({ ($0, 0.3 + 0.1 * Double($0)) }) {
      let (origin, direction) = rays[pixel]
      let seen = try #require(camera.pixel(of: origin + distance * direction))
      #expect(seen.row * 12 + seen.column == pixel)
      #expect(camera.pixel(of: origin - distance * direction) == nil)
    }
    // A camera twice as wide sees this corner's neighbour; this one does not.
    let wide = Camera(
      pose: camera.pose,
      intrinsics: Intrinsics(focalX: 14.4, focalY: 13.8, centerX: 17.7, centerY: 5.2), width: 24,
      height: 9)
    let outer: RayBatch<Double> = try wide.rays(pixels: [11])
    #expect(camera.pixel(of: outer[0].origin + outer[0].direction) == nil)
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

}
