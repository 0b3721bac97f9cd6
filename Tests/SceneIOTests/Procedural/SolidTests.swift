import SceneIO
import TestSupport
import Testing

@Suite("Solids")
struct SolidTests {
  private let down = SIMD3<Double>(0, 0, -1)

  private func expect(
    _ hit: SurfaceHit?, distance: Double, normal: SIMD3<Double>,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    guard let hit else {
      Issue.record("the ray misses", sourceLocation: sourceLocation)
      return
    }
    #expect(hit.distance.isClose(to: distance, .reference), sourceLocation: sourceLocation)
    for axis in 0..<3 {
      #expect(
        hit.normal[axis].isClose(to: normal[axis], .reference, scale: 1),
        sourceLocation: sourceLocation)
    }
  }

  @Test("a sphere is hit where Pythagoras says")
  func sphere() {
    let sphere = Solid.sphere(center: SIMD3(1, 0, 0), radius: 2)
    expect(
      sphere.entry(of: SceneRay(origin: SIMD3(1, 0, 5), direction: down)), distance: 3,
      normal: SIMD3(0, 0, 1))
    // At 1.2 off the axis the surface is √(4 − 1.44) = 1.6 high.
    expect(
      sphere.entry(of: SceneRay(origin: SIMD3(2.2, 0, 5), direction: down)), distance: 3.4,
      normal: SIMD3(0.6, 0, 0.8))
  }

  @Test("a sphere beside, behind or around the origin of the ray is missed")
  func sphereMisses() {
    let sphere = Solid.sphere(center: .zero, radius: 1)
    for origin in [SIMD3(1.01, 0, 5), SIMD3(0, 0, -5), SIMD3(0, 0, 0.5)] {
      #expect(sphere.entry(of: SceneRay(origin: origin, direction: down)) == nil)
    }
  }

  @Test("a box is hit on the face that the ray reaches", arguments: 0..<3, [-1.0, 1])
  func boxFaces(axis: Int, side: Double) {
    let box = Solid.box(lower: SIMD3(-1, -2, -3), upper: SIMD3(1, 2, 3))
    var origin = SIMD3<Double>(0.3, 0.4, 0.5)
    origin[axis] = side * 10
    var normal = SIMD3<Double>.zero
    normal[axis] = side
    expect(
      box.entry(of: SceneRay(origin: origin, direction: -normal)),
      distance: 10 - Double(axis + 1), normal: normal)
  }

  @Test("a slanting ray enters a box through the last slab")
  func boxSlanting() {
    let box = Solid.box(lower: SIMD3(0, 0, 0), upper: SIMD3(4, 4, 4))
    let ray = SceneRay(origin: SIMD3(-3, 2, 0.5), direction: SIMD3(0.6, 0, 0.8))
    // At x = 0 the ray is at z = 0.5 + 5 · 0.8 = 4.5, over the box.
    #expect(box.entry(of: ray) == nil)
    let lower = SceneRay(origin: SIMD3(-3, 2, -1), direction: SIMD3(0.6, 0, 0.8))
    expect(box.entry(of: lower), distance: 5, normal: SIMD3(-1, 0, 0))
    let above = SceneRay(origin: SIMD3(1, 2, 7), direction: SIMD3(0.6, 0, -0.8))
    expect(box.entry(of: above), distance: 3.75, normal: SIMD3(0, 0, 1))
  }

  @Test("a box beside, behind or around the origin of the ray is missed")
  func boxMisses() {
    let box = Solid.box(lower: SIMD3(-1, -1, -1), upper: SIMD3(1, 1, 1))
    for origin in [SIMD3(1.01, 0, 5), SIMD3(0, 1, 5), SIMD3(0, 0, -5), SIMD3(0, 0, 0)] {
      #expect(box.entry(of: SceneRay(origin: origin, direction: down)) == nil)
    }
  }

  @Test("a cylinder is hit on its side and on both caps")
  func cylinder() {
    let cylinder = Solid.cylinder(base: SIMD3(0, 0, 1), radius: 1, height: 2)
    expect(
      cylinder.entry(of: SceneRay(origin: SIMD3(0.3, 0, 9), direction: down)), distance: 6,
      normal: SIMD3(0, 0, 1))
    expect(
      cylinder.entry(of: SceneRay(origin: SIMD3(0.3, 0, -9), direction: -down)), distance: 10,
      normal: SIMD3(0, 0, -1))
    expect(
      cylinder.entry(of: SceneRay(origin: SIMD3(5, 0.6, 2), direction: SIMD3(-1, 0, 0))),
      distance: 4.2, normal: SIMD3(0.8, 0.6, 0))
    // 45° onto the middle of the top cap.
    let slanting = normalized(SIMD3(1, 0, -1))
    expect(
      cylinder.entry(of: SceneRay(origin: SIMD3(-2, 0, 5), direction: slanting)),
      distance: 8.0.squareRoot(), normal: SIMD3(0, 0, 1))
  }

  @Test("a cylinder beside, over or around the origin of the ray is missed")
  func cylinderMisses() {
    let cylinder = Solid.cylinder(base: .zero, radius: 1, height: 2)
    let rays = [
      SceneRay(origin: SIMD3(1.01, 0, 5), direction: down),
      SceneRay(origin: SIMD3(-5, 0, 2.01), direction: SIMD3(1, 0, 0)),
      SceneRay(origin: SIMD3(-5, 1.01, 1), direction: SIMD3(1, 0, 0)),
      SceneRay(origin: SIMD3(0, 0, 1), direction: SIMD3(1, 0, 0)),
      SceneRay(origin: SIMD3(0, 0, -1), direction: down),
    ]
    for ray in rays { #expect(cylinder.entry(of: ray) == nil) }
  }

  /// Implicit functions that vanish on the surfaces.
  @Test("entries lie on the surface, face the ray and come first", arguments: 0..<32)
  func entriesAreOnTheSurface(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let solids: [(Solid, (SIMD3<Double>) -> Double)] = [
      (.sphere(center: .zero, radius: 0.7), { dot($0, $0).squareRoot() - 0.7 }),
      (
        .box(lower: SIMD3(-0.5, -0.6, -0.7), upper: SIMD3(0.5, 0.6, 0.7)),
        { max(abs($0.x) - 0.5, abs($0.y) - 0.6, abs($0.z) - 0.7) }
      ),
      (
        .cylinder(base: SIMD3(0, 0, -0.5), radius: 0.6, height: 1),
        { max(($0.x * $0.x + $0.y * $0.y).squareRoot() - 0.6, abs($0.z) - 0.5) }
      ),
    ]
    let start = random.doubles(3, in: -1...1)
    let aim = random.doubles(3, in: -0.4...0.4)
    let origin = 4 * normalized(SIMD3(start[0], start[1], start[2]))
    let ray = SceneRay(
      origin: origin, direction: normalized(SIMD3(aim[0], aim[1], aim[2]) - origin))
    for (solid, surface) in solids {
      let hit = try #require(solid.entry(of: ray), "aimed at the inside")
      #expect(surface(ray.point(at: hit.distance)).isClose(to: 0, .reference, scale: 4))
      #expect(dot(hit.normal, ray.direction) < 0)
      #expect(dot(hit.normal, hit.normal).isClose(to: 1, .reference))
      for part in stride(from: 0.05, to: 1, by: 0.05) {
        #expect(surface(ray.point(at: hit.distance * part)) > 0)
      }
    }
  }
}
