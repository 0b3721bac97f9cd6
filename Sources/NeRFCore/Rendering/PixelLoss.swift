/// The mean squared error of composited pixels, and its gradient, some rays at a time.
///
/// For rays r with background b and target t, over all 3R numbers of the batch,
///
///     L = 1/(3R) Σ (I + (1 − W) b − t)²
///
/// the same as compositing, ``CompositedRays/pixels(over:)`` and
/// ``SampleBatch/compositeGradients(_:colors:imageGradients:opacityGradients:depthGradients:pool:)`` one after
/// another on the whole batch, for callers that want the gradient of a ray while its samples are still in
/// cache. Calls for different rays may run at the same time.
public final class PixelLoss<T: RadianceScalar>: @unchecked Sendable {
  private let batch: SampleBatch
  private let targets: [T]
  private let background: [T]
  private let weights: AlignedBuffer<T>
  private let transmittances: AlignedBuffer<T>
  /// Image, opacity, depth and residual, one after another.
  private let rays: AlignedBuffer<T>
  private let errors: AlignedBuffer<Double>

  /// - Parameters:
  ///   - targets: Pixels, `[rays, 3]`.
  ///   - background: Colours behind the rays, `[rays, 3]` or one, `[3]`.
  /// - Throws: ``ShapeError`` if the counts do not fit the rays of `batch`.
  public init(_ batch: SampleBatch, targets: [T], background: [T]) throws(ShapeError) {
    try batch.checkRays("PixelLoss.init", "targets", targets.count, channels: 3)
    if background.count != 3 {
      try batch.checkRays("PixelLoss.init", "background", background.count, channels: 3)
    }
    self.batch = batch
    self.targets = targets
    self.background = background
    weights = AlignedBuffer(count: batch.count, repeating: 0)
    transmittances = AlignedBuffer(count: batch.count, repeating: 1)
    rays = AlignedBuffer(count: 6 * batch.rayCount, repeating: 0)
    errors = AlignedBuffer(count: batch.rayCount, repeating: 0)
  }

  /// Composites `range` and writes the gradients of its rows.
  ///
  /// - Parameters:
  ///   - densities: σ of every row of the batch.
  ///   - colors: Reds of every row; greens lie `stride` numbers behind them, blues twice as far.
  ///   - densityGradients: Receives ∂L/∂σ for the rows of these rays.
  ///   - colorGradients: Receives ∂L/∂c for them, laid out as `colors` with a stride of
  ///     `gradientStride`.
  public func accumulate(
    _ range: Range<Int>, densities: UnsafePointer<T>, colors: UnsafePointer<T>, stride: Int,
    densityGradients: UnsafeMutablePointer<T>, colorGradients: UnsafeMutablePointer<T>,
    gradientStride: Int
  ) {
    precondition(
      range.upperBound <= batch.rayCount, "PixelLoss: rays \(range) of \(batch.rayCount)")
    let planar = ColorRows(planar: colors, stride: stride)
    let n = batch.rayCount
    batch.compositeRays(
      range, densities, planar, weights: weights.base, transmittances: transmittances.base,
      image: rays.base, opacity: rays.base + 3 * n, depth: rays.base + 4 * n,
      residual: rays.base + 5 * n)
    let scale = 2 / T(3 * n)
    for ray in range {
      let behind = 1 - rays.base[3 * n + ray]
      var gradient = RayPixel<T>()
      for channel in 0..<3 {
        let color = background[background.count == 3 ? channel : 3 * ray + channel]
        let error = rays.base[3 * ray + channel] + behind * color - targets[3 * ray + channel]
        errors.base[ray] += Double(error) * Double(error)
        let slope = scale * error
        gradient.opacity -= slope * color
        switch channel {
        case 0: gradient.color.red = slope
        case 1: gradient.color.green = slope
        default: gradient.color.blue = slope
        }
      }
      guard batch.spans[ray].count > 0 else { continue }
      batch.withIntervals { deltas, gaps in
        T.Kernels.differentiateRay(
          RayRows(deltas: deltas, gaps: gaps, rows: batch.rows(of: ray)), weights: weights.base,
          transmittances: transmittances.base, colors: planar, cotangent: gradient,
          densityGradients: densityGradients, colorGradients: colorGradients,
          channelStep: gradientStride)
      }
    }
  }

  /// L, once every ray has been accumulated; summed in ray order.
  public var value: Double {
    errors.elements.reduce(0, +) / Double(max(3 * batch.rayCount, 1))
  }
}
