/// The pixels of packed rays, and what their gradient needs.
public struct CompositedRays<T: RadianceScalar>: Sendable {
  /// Σ w c per ray, without background: `[rays, 3]`, row by row.
  public let image: [T]
  /// W = Σ w per ray, in 0...1.
  public let opacity: [T]
  /// D = Σ w t per ray, with t measured from the start of the march; not divided by W.
  public let depth: [T]
  /// Transmittance behind the last sample of each ray; 1 for a ray without samples.
  public let residual: [T]
  /// w per row; 0 in padding.
  public let weights: [T]
  /// Transmittance behind each row, T_{k+1}; 1 in padding.
  public let transmittances: [T]

  /// The image over a background: `I + (1 − W) b`.
  ///
  /// - Parameter background: One colour for all rays (3 numbers) or one per ray, `[rays, 3]`.
  /// - Throws: ``ShapeError`` for any other count.
  public func pixels(over background: [T]) throws(ShapeError) -> [T] {
    guard background.count == 3 || background.count == image.count else {
      throw ShapeError(
        in: "CompositedRays.pixels", "background", expected: [opacity.count, 3],
        actual: [background.count], fix: "Pass one colour, or one per ray.")
    }
    let stride = background.count == image.count ? 3 : 0
    return image.indices.map { index in
      image[index] + (1 - opacity[index / 3]) * background[index / 3 * stride + index % 3]
    }
  }

  /// The part of `∂L/∂W` that comes through the background: `−Σ_c ∂L/∂I_c b_c` per ray.
  ///
  /// - Throws: ``ShapeError`` unless `imageGradients` is `[rays, 3]` and `background` 3 or `[rays, 3]`.
  public static func opacityGradients(
    imageGradients: [T], background: [T]
  ) throws(ShapeError) -> [T] {
    let rays = imageGradients.count / 3
    guard imageGradients.count == 3 * rays,
      background.count == 3 || background.count == imageGradients.count
    else {
      throw ShapeError(
        in: "CompositedRays.opacityGradients", "background", expected: [rays, 3],
        actual: [background.count], fix: "Pass one colour, or one per ray.")
    }
    let stride = background.count == imageGradients.count ? 3 : 0
    return (0..<rays).map { ray in
      var sum = T.zero
      for channel in 0..<3 {
        sum += imageGradients[3 * ray + channel] * background[stride * ray + channel]
      }
      return -sum
    }
  }
}

extension SampleBatch {
  static var raysPerCompositingItem: Int { 256 }

  /// Composites densities and colours along every ray, front to back.
  ///
  /// With optical depth `xₖ = σₖ δₖ`, `Tₖ = exp(−Σⱼ﹤ₖ xⱼ)` and `tₖ = Σⱼ≤ₖ gapⱼ`,
  ///
  ///     wₖ = Tₖ (1 − exp(−xₖ)),   I = Σ wₖ cₖ,   W = Σ wₖ,   D = Σ wₖ tₖ,   Σ wₖ + T_n = 1
  ///
  /// the quadrature of Max (1995). No ray ends early, and `tₖ` is the END of interval k, measured
  /// from the start of the march. ``ReferenceKernels`` sum in sample order, ``FastKernels`` in groups
  /// of samples; with either, optical depth never falls, and stays where σ is 0. A ray without samples gives zeros.
  ///
  /// - Parameters:
  ///   - densities: σ, shape `[rows]`, in 1 / scene unit, each ≥ 0; padding rows are not read.
  ///   - colors: c, shape `[rows, 3]`, row by row.
  ///   - pool: Threads; the result does not depend on their number.
  /// - Throws: ``ShapeError`` if an operand does not fit the rows of this batch.
  public func composite<T: RadianceScalar>(
    densities: Span<T>, colors: Span<T>, pool: WorkerPool
  ) throws(ShapeError) -> CompositedRays<T> {
    try checkRows("SampleBatch.composite", "densities", densities.count, channels: 1)
    try checkRows("SampleBatch.composite", "colors", colors.count, channels: 3)
    var image: [T] = []
    var perRay: [[T]] = []
    let perRow = densities.withUnsafeBufferPointer { densities in
      colors.withUnsafeBufferPointer { colors in
        makeColumns(2, count: count) { (rows: [UnsafeMutablePointer<T>]) in
          perRay = makeColumns(3, count: rayCount) { (rays: [UnsafeMutablePointer<T>]) in
            image =
              makeColumns(1, count: 3 * rayCount) { (pixels: [UnsafeMutablePointer<T>]) in
                pool.forEachRange(rayCount, size: Self.raysPerCompositingItem) { range, _ in
                  compositeRays(
                    range, densities.baseAddress,
                    colors.baseAddress.map { ColorRows(interleaved: $0) },
                    weights: rows[0], transmittances: rows[1], image: pixels[0], opacity: rays[0],
                    depth: rays[1], residual: rays[2])
                }
                (rows[0] + usedCount).initialize(repeating: 0, count: count - usedCount)
                (rows[1] + usedCount).initialize(repeating: 1, count: count - usedCount)
              }[0]
          }
        }
      }
    }
    return CompositedRays(
      image: image, opacity: perRay[0], depth: perRay[1], residual: perRay[2],
      weights: perRow[0], transmittances: perRow[1])
  }

  /// Calls `body` with the lengths of the intervals.
  func withIntervals(_ body: (_ deltas: UnsafePointer<Float>, _ gaps: UnsafePointer<Float>) -> Void)
  {
    deltas.withUnsafeBufferPointer { deltas in
      gaps.withUnsafeBufferPointer { gaps in
        guard let deltas = deltas.baseAddress, let gaps = gaps.baseAddress else { return }
        body(deltas, gaps)
      }
    }
  }

  /// The rows of one ray.
  func rows(of ray: Int) -> Range<Int> { spans[ray].offset..<spans[ray].offset + spans[ray].count }

  @specialized(where T == Float)
  @specialized(where T == Double)
  func compositeRays<T: RadianceScalar>(
    _ range: Range<Int>, _ densities: UnsafePointer<T>?, _ colors: ColorRows<T>?,
    weights: UnsafeMutablePointer<T>, transmittances: UnsafeMutablePointer<T>,
    image: UnsafeMutablePointer<T>, opacity: UnsafeMutablePointer<T>,
    depth: UnsafeMutablePointer<T>, residual: UnsafeMutablePointer<T>
  ) {
    func write(_ pixel: RayPixel<T>, _ ray: Int) {
      image[3 * ray] = pixel.color.red
      image[3 * ray + 1] = pixel.color.green
      image[3 * ray + 2] = pixel.color.blue
      opacity[ray] = pixel.opacity
      depth[ray] = pixel.depth
      residual[ray] = pixel.residual
    }
    var empty = RayPixel<T>()
    empty.residual = 1
    guard let densities, let colors else {
      for ray in range { write(empty, ray) }
      return
    }
    withIntervals { deltas, gaps in
      for ray in range {
        let rows = RayRows(deltas: deltas, gaps: gaps, rows: rows(of: ray))
        write(
          T.Kernels.compositeRay(
            rows, densities: densities, colors: colors, weights: weights,
            transmittances: transmittances), ray)
      }
    }
  }

  func checkRows(
    _ operation: String, _ operand: String, _ actual: Int, channels: Int
  ) throws(ShapeError) {
    guard actual == channels * count else {
      throw ShapeError(
        in: operation, operand, expected: channels == 1 ? [count] : [count, channels],
        actual: [actual], fix: "Pass values for every row of the batch, padding included.")
    }
  }

  func checkRays(
    _ operation: String, _ operand: String, _ actual: Int, channels: Int
  ) throws(ShapeError) {
    guard actual == channels * rayCount else {
      throw ShapeError(
        in: operation, operand, expected: channels == 1 ? [rayCount] : [rayCount, channels],
        actual: [actual], fix: "Pass values for every ray of the batch, empty ones included.")
    }
  }
}
