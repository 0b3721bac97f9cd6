import NeRFCore

/// A striped glossy sphere with smaller solids on a tiled slab.
///
/// Four kinds of difficulty in one small scene: sharp edges and tiles (detail), highlights (colour
/// that depends on the view), hard shadows, and thin empty space between the solids. Everything
/// lies within 1.1 Blender units of the origin, so within ±0.9 after the usual scale of 0.8.
public enum OrbScene: ProceduralScene {
  /// The name the command line knows the scene by.
  public static let name = "orb"
  /// What the scene shows.
  public static let summary = "glossy striped sphere, boxes, a cylinder and a ball on a tiled slab"

  /// The picture a camera takes; see ``ProceduralScene/render(camera:settings:stream:)``.
  public static func render(
    camera: Camera, settings: ProceduralRenderSettings = ProceduralRenderSettings(),
    stream: Int = 0
  ) throws(SceneError) -> ImageBuffer {
    try settings.check(camera)
    return solids.image(
      of: camera, scale: settings.scale, side: settings.cellsPerSide, seed: settings.seed,
      stream: stream)
  }

  static let solids = SolidScene(
    objects: [slab, orb, crate, lid, column, ball],
    lighting: Lighting(
      direction: normalized(SIMD3(0.55, -0.45, 0.8)), ambient: 0.38, diffuse: 0.62),
    boundingRadius: 1.1)

  private static let slab = SceneObject(
    solid: .box(lower: SIMD3(-0.7, -0.7, -0.45), upper: SIMD3(0.7, 0.7, -0.35)),
    material: Material(
      // No colour may change exactly on a face: rounding would then choose it point by point.
      pattern: .checker(
        SIMD3(0.88, 0.86, 0.8), SIMD3(0.24, 0.3, 0.38), size: 0.2,
        offset: SIMD3(0, 0, -0.5)),
      gloss: 0, sharpness: 0))

  private static let orb = SceneObject(
    solid: .sphere(center: SIMD3(0, 0, 0.05), radius: 0.4),
    material: Material(
      pattern: .stripes(
        SIMD3(0.85, 0.28, 0.16), SIMD3(0.95, 0.72, 0.3), width: 0.13,
        axis: normalized(SIMD3(0.35, 0.2, 1))),
      gloss: 0.75, sharpness: 5))

  private static let crate = SceneObject(
    solid: .box(lower: SIMD3(0.3, -0.62, -0.35), upper: SIMD3(0.6, -0.32, -0.1)),
    material: Material(
      pattern: .checker(
        SIMD3(0.2, 0.5, 0.75), SIMD3(0.75, 0.85, 0.92), size: 0.1,
        offset: SIMD3(0.05, 0.03, 0.05)),
      gloss: 0.15, sharpness: 4))

  private static let lid = SceneObject(
    solid: .box(lower: SIMD3(0.26, -0.66, -0.1), upper: SIMD3(0.64, -0.28, -0.06)),
    material: Material(pattern: .plain(SIMD3(0.16, 0.36, 0.52)), gloss: 0.3, sharpness: 5))

  private static let column = SceneObject(
    solid: .cylinder(base: SIMD3(-0.48, -0.42, -0.35), radius: 0.14, height: 0.62),
    material: Material(
      pattern: .stripes(
        SIMD3(0.3, 0.62, 0.34), SIMD3(0.86, 0.9, 0.7), width: 0.1, axis: SIMD3(0, 0, 1)),
      gloss: 0.4, sharpness: 4))

  private static let ball = SceneObject(
    solid: .sphere(center: SIMD3(-0.42, 0.5, -0.19), radius: 0.16),
    material: Material(
      pattern: .checker(
        SIMD3(0.58, 0.3, 0.66), SIMD3(0.9, 0.82, 0.94), size: 0.11,
        offset: SIMD3(0.02, 0.01, 0.03)),
      gloss: 0.6, sharpness: 6))
}
