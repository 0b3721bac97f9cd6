import NeRFCore
import TestSupport
import Testing

@Suite("Box intersection")
struct BoxIntersectionTests {
  private let cube = AxisAlignedBox(halfSize: 1)

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

  @Test("a ray straight up has polar angle 0, and one that misses the sphere is not a number")
  func polarPoles() throws {
    let rays = try RayBatch<Double>(
      originRows: [0, 0, 0, 0, 9, 0], directionRows: [0, 2, 0, 1, 0, 0])
    let coordinates = rays.polarCoordinates(onSphereOfRadius: 2)
    #expect(coordinates[0] == -1)
    #expect(coordinates[2].isNaN && coordinates[3].isNaN)
  }
}
