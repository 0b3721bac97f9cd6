import NeRFCore
import TestSupport
import Testing

@Suite("Box intersection")
struct BoxIntersectionTests {
  private let cube = AxisAlignedBox(halfSize: 1)

  @Test("equals the stored one", arguments: GoldenCase.names(operation: "near_far_from_aabb"))
  func golden(name: String) throws {
    let golden = try GoldenCase(named: name)
    let corners = try golden.doubles("in.aabb")
    let box = AxisAlignedBox(
      lower: SIMD3(corners[0], corners[1], corners[2]),
      upper: SIMD3(corners[3], corners[4], corners[5]))
    let nearest = try golden.config.double("min_near")
    let single = try RayBatch(
      originRows: golden.floats("in.rays_o"), directionRows: golden.floats("in.rays_d")
    ).intervals(in: box, minimumNear: Float(nearest))
    let double = try RayBatch(
      originRows: golden.doubles("in.rays_o"), directionRows: golden.doubles("in.rays_d")
    ).intervals(in: box, minimumNear: nearest)
    let comparisons = try [
      golden.compare("out.nears", actual: single.near),
      golden.compare("out.fars", actual: single.far),
      golden.compare("out.nears", actual: double.near, .stored),
      golden.compare("out.fars", actual: double.far, .stored),
      golden.compare(
        "out.hit", actual: single.near.map { $0 == RayIntervals<Float>.missed ? 0 : 1 }),
    ]
    for comparison in comparisons { #expect(comparison.passed, "\(comparison)") }
  }

  private func interval(
    _ origin: [Float], _ direction: [Float], minimumNear: Float = 0.25
  ) throws -> (Float, Float) {
    let rays = try RayBatch(originRows: origin, directionRows: direction)
    let found = rays.intervals(in: cube, minimumNear: minimumNear)
    return (found.near[0], found.far[0])
  }

  @Test("keeps far for a camera inside and for a box behind it")
  func insideAndBehind() throws {
    #expect(try interval([0, 0, 0], [0, 0, 1]) == (0.25, 1))
    #expect(try interval([0, 0, 3], [0, 0, 1]) == (0.25, -2))
  }

  @Test("gives the largest Float twice for a miss")
  func miss() throws {
    let missed = Float.greatestFiniteMagnitude
    #expect(try interval([0, 3, 3], [0, 0, -1]) == (missed, missed))
  }

  /// `0 · ∞` on the y axis, in the plane of a face: that axis has no say.
  @Test("lets a ray run inside a face")
  func insideFace() throws {
    #expect(try interval([0, 1, -3], [0, 0, 1]) == (2, 4))
  }

  @Test("of a ray that is not a number is empty, and nothing traps")
  func notANumber() throws {
    let (near, far) = try interval([0, 0, 0], [.nan, .nan, .nan])
    #expect(!(near < far))
    let empty = try RayBatch<Float>(origins: [[], [], []], directions: [[], [], []])
    #expect(empty.intervals(in: cube, minimumNear: 0).count == 0)
  }

  @Test("refuses a near without a far")
  func raggedIntervals() {
    #expect(throws: ShapeError.self) { try RayIntervals<Float>(near: [0, 1], far: [2]) }
  }

  @Test("polar coordinates equal the stored ones")
  func polar() throws {
    for golden in try GoldenCase.all(operation: "polar_from_ray") {
      let radius = try golden.config.double("radius")
      let single = try RayBatch(
        originRows: golden.floats("in.rays_o"), directionRows: golden.floats("in.rays_d")
      ).polarCoordinates(onSphereOfRadius: Float(radius))
      let double = try RayBatch(
        originRows: golden.doubles("in.rays_o"), directionRows: golden.doubles("in.rays_d")
      ).polarCoordinates(onSphereOfRadius: radius)
      let comparisons = try [
        golden.compare("out.coords", actual: single), golden.compare("out.coords", actual: double),
      ]
      for comparison in comparisons { #expect(comparison.passed, "\(comparison)") }
    }
  }

  @Test("a ray straight up has polar angle 0, and one that misses the sphere is not a number")
  func polarPoles() throws {
    let rays = try RayBatch<Double>(
      originRows: [0, 0, 0, 0, 9, 0], directionRows: [0, 2, 0, 1, 0, 0])
    let coordinates = rays.polarCoordinates(onSphereOfRadius: 2)
    #expect(coordinates[0] == -1)
    #expect(coordinates[2].isNaN && coordinates[3].isNaN)
  }
}
