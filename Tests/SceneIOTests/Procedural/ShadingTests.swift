import NeRFCore
import SceneIO
import TestSupport
import Testing

@Suite("Shading")
struct ShadingTests {
  private let red = SIMD3<Double>(0.8, 0.2, 0.1)
  private let blue = SIMD3<Double>(0.1, 0.2, 0.8)
  private let light = Lighting(direction: SIMD3(0, 0, 1), ambient: 0.25, diffuse: 0.5)
  private let up = SIMD3<Double>(0, 0, 1)

  private func expect(
    _ a: SIMD3<Double>, _ b: SIMD3<Double>, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for channel in 0..<3 {
      #expect(a[channel].isClose(to: b[channel], .reference), sourceLocation: sourceLocation)
    }
  }

  @Test("a checker changes colour from cell to cell along every axis, also below zero")
  func checker() {
    let pattern = Pattern.checker(red, blue, size: 0.5, offset: .zero)
    let start = SIMD3<Double>(-0.25, 0.25, -0.25)
    #expect(pattern.albedo(at: SIMD3(0.25, 0.25, 0.25)) == red)
    #expect(pattern.albedo(at: start) == red)
    for axis in 0..<3 {
      var point = start
      point[axis] += 0.5
      #expect(pattern.albedo(at: point) == blue)
      point[axis] += 0.5
      #expect(pattern.albedo(at: point) == red)
    }
  }

  @Test("stripes alternate along their axis only")
  func stripes() {
    let pattern = Pattern.stripes(red, blue, width: 1, axis: SIMD3(0, 1, 0))
    #expect(pattern.albedo(at: SIMD3(9.5, 0.5, 3)) == red)
    #expect(pattern.albedo(at: SIMD3(0, 1.5, 0)) == blue)
    #expect(pattern.albedo(at: SIMD3(0, -0.5, 0)) == blue)
  }

  @Test("a matt surface shows ambient plus diffuse times the cosine")
  func matt() {
    let material = Material(pattern: .plain(red), gloss: 0, sharpness: 0)
    let tilted = SIMD3(0.8, 0, 0.6)
    expect(
      light.color(of: material, at: .zero, normal: tilted, toEye: up, isLit: true),
      red * (0.25 + 0.5 * 0.6))
    expect(
      light.color(of: material, at: .zero, normal: tilted, toEye: up, isLit: false), red * 0.25)
    expect(
      light.color(of: material, at: .zero, normal: -up, toEye: up, isLit: true), red * 0.25)
  }

  @Test("the highlight is gloss times the cosine of the half vector to a power of two")
  func highlight() {
    let material = Material(pattern: .plain(.zero), gloss: 0.5, sharpness: 2)
    // Eye at 60° from the light: the half vector is 30° from the normal, cos⁴ 30° = 9/16.
    let eye = SIMD3(3.0.squareRoot() / 2, 0, 0.5)
    expect(
      light.color(of: material, at: .zero, normal: up, toEye: eye, isLit: true),
      SIMD3(repeating: 0.5 * 9 / 16))
    expect(
      light.color(of: material, at: .zero, normal: up, toEye: up, isLit: true),
      SIMD3(repeating: 0.5))
    expect(light.color(of: material, at: .zero, normal: up, toEye: up, isLit: false), .zero)
  }

  @Test("colours end at one")
  func clamp() {
    let material = Material(pattern: .plain(SIMD3(1, 1, 1)), gloss: 1, sharpness: 3)
    expect(
      light.color(of: material, at: .zero, normal: up, toEye: up, isLit: true),
      SIMD3(1, 1, 1))
  }

  /// Sphere over slab, light from above: the slab is dark under the sphere alone.
  @Test("a solid casts a shadow, the nearest solid is seen, and elsewhere is nothing")
  func shadowAndOrder() {
    let matt = Material(pattern: .plain(red), gloss: 0, sharpness: 0)
    let scene = SolidScene(
      objects: [
        SceneObject(
          solid: .box(lower: SIMD3(-2, -2, -1), upper: SIMD3(2, 2, -0.9)), material: matt),
        SceneObject(
          solid: .sphere(center: .zero, radius: 0.5),
          material: Material(pattern: .plain(blue), gloss: 0, sharpness: 0)),
      ], lighting: light, boundingRadius: 3)
    func look(at point: SIMD3<Double>, from origin: SIMD3<Double>) -> SIMD3<Double>? {
      scene.color(
        along: SceneRay(origin: origin, direction: normalized(point - origin)))
    }
    expect(look(at: .zero, from: SIMD3(0, 0, 5)) ?? .zero, blue * 0.75)
    expect(look(at: SIMD3(0.1, 0, -0.9), from: SIMD3(3, 0, 0)) ?? .zero, red * 0.25)
    expect(look(at: SIMD3(1, 0, -0.9), from: SIMD3(3, 0, 0)) ?? .zero, red * 0.75)
    #expect(look(at: SIMD3(0, 0, 2), from: SIMD3(3, 0, 2)) == nil)
  }

  /// Camera at x = 4 that looks along −x with y to the right and z up, focal length 100 pixels. A
  /// ball at (0, 0.5, 0.25) appears 100 · 0.5 / 4 = 12.5 columns right of the middle and 100 · 0.25
  /// / 4 = 6.25 rows above it, with a radius of 2.5 pixels.
  @Test("a camera sees a ball where the projection puts it", arguments: [1.0, 0.8])
  func projection(scale: Double) throws {
    let scene = SolidScene(
      objects: [
        SceneObject(
          solid: .sphere(center: SIMD3(0, 0.5, 0.25), radius: 0.1),
          material: Material(pattern: .plain(red), gloss: 0, sharpness: 0))
      ], lighting: light, boundingRadius: 1)
    let blender = try CameraPose(matrix: [0, 0, 1, 4, 1, 0, 0, 0, 0, 1, 0, 0])
    let camera = Camera(
      pose: blender.convertedFromBlender(scale: scale),
      intrinsics: Intrinsics(focalX: 100, focalY: 100, centerX: 32, centerY: 24),
      width: 64, height: 48)
    let image = scene.image(of: camera, scale: scale, side: 2, seed: 1, stream: 0)
    for row in 0..<48 {
      for column in 0..<64 {
        let x = Double(column) + 0.5 - 44.5
        let y = Double(row) + 0.5 - 17.75
        let distance = (x * x + y * y).squareRoot()
        // A pixel's corner is at most 0.71 from its centre; a tenth for the oblique view.
        let alpha = image[column: column, row: row, channel: 3]
        if distance < 2.5 - 0.8 { #expect(alpha == 1) }
        if distance > 2.5 + 0.8 { #expect(alpha == 0) }
      }
    }
  }
}
