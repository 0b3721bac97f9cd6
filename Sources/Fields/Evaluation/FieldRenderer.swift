public import NeRFCore

/// One rendered view.
public struct RenderedView: Sendable {
  /// Pixels per row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// rgb, `[height, width, 3]`, over the background.
  public let image: [Float]
  /// Depth as a share of the ray's interval in the scene box, `[height, width]`.
  public let depth: [Float]
  /// Opacity, `[height, width]`.
  public let opacity: [Float]
}

/// Renders views of a field with its occupancy grid: the inference march, no jitter.
public final class FieldRenderer<T: RadianceScalar>: @unchecked Sendable {
  private let evaluator: FieldEvaluator<T>
  private let taps = FieldTaps<T>()
  /// Where the field may be dense.
  public let grid: OccupancyGrid
  /// Rays enter at the box [−B, B]³, no nearer than this.
  public let minimumNear: Float
  /// Thresholds and step sizes.
  public let settings: InferenceSettings
  /// rgb behind the scene.
  public let background: [T]

  /// A renderer over white, as evaluation uses it.
  public init(
    _ evaluator: FieldEvaluator<T>, grid: OccupancyGrid, minimumNear: Float = 0.2,
    settings: InferenceSettings = InferenceSettings(), background: [T] = [1, 1, 1]
  ) {
    self.evaluator = evaluator
    self.grid = grid
    self.minimumNear = minimumNear
    self.settings = settings
    self.background = background
  }

  /// Renders every pixel of `camera`.
  public func render(_ camera: Camera) throws -> RenderedView {
    let rendered = try render(rays: camera.rays())
    return RenderedView(
      width: camera.width, height: camera.height, image: rendered.image.map { Float($0) },
      depth: rendered.depth.map { Float($0) }, opacity: rendered.opacity.map { Float($0) })
  }

  /// Renders given rays.
  public func render(rays: RayBatch<Float>) throws -> RenderedRays<T> {
    let intervals = rays.intervals(
      in: AxisAlignedBox(halfSize: evaluator.field.frame.bound), minimumNear: minimumNear)
    return try grid.render(
      rays, intervals: intervals, background: background, settings: settings,
      pool: evaluator.pool
    ) { samples in
      evaluator.forward(samples, detail: .full, into: taps, writingFeatures: false)
      return FieldSamples(
        densities: taps.densities, colors: taps.interleavedColors(pool: evaluator.pool))
    }
  }
}
