/// The gradient of a loss with respect to the inputs of a compositing.
public struct CompositingGradients<T: RadianceScalar>: Sendable {
  /// ∂L/∂σ, shape `[rows]`; 0 in padding.
  public var densities: [T]
  /// ∂L/∂c, shape `[rows, 3]`, row by row; 0 in padding.
  public var colors: [T]
}

extension SampleBatch {
  /// The gradient of ``composite(densities:colors:pool:)``.
  ///
  /// With `gₖ = ∂L/∂wₖ = ∂L/∂I · cₖ + ∂L/∂W + ∂L/∂D tₖ`,
  ///
  ///     ∂L/∂cₖ = wₖ ∂L/∂I,    ∂L/∂σₖ = δₖ (Tₖ₊₁ gₖ − Σⱼ﹥ₖ wⱼ gⱼ)
  ///
  /// The suffix sum runs back to front.
  ///
  /// - Parameters:
  ///   - composited: What the forward pass returned for the same operands.
  ///   - colors: c, shape `[rows, 3]`.
  ///   - imageGradients: ∂L/∂I, shape `[rays, 3]`.
  ///   - opacityGradients: ∂L/∂W, shape `[rays]`; nil for zero. A background contributes
  ///     ``CompositedRays/opacityGradients(imageGradients:background:)``.
  ///   - depthGradients: ∂L/∂D, shape `[rays]`; nil for zero.
  ///   - pool: Threads; the result does not depend on their number.
  /// - Throws: ``ShapeError`` if an operand fits neither the rows nor the rays of this batch.
  public func compositeGradients<T: RadianceScalar>(
    _ composited: CompositedRays<T>, colors: Span<T>, imageGradients: [T],
    opacityGradients: [T]? = nil, depthGradients: [T]? = nil, pool: WorkerPool
  ) throws(ShapeError) -> CompositingGradients<T> {
    let operation = "SampleBatch.compositeGradients"
    try checkRows(operation, "composited", composited.weights.count, channels: 1)
    try checkRows(operation, "colors", colors.count, channels: 3)
    try checkRays(operation, "imageGradients", imageGradients.count, channels: 3)
    try checkRays(
      operation, "opacityGradients", opacityGradients?.count ?? rayCount, channels: 1)
    try checkRays(operation, "depthGradients", depthGradients?.count ?? rayCount, channels: 1)
    var densityColumn: [T] = []
    let colorColumn = colors.withUnsafeBufferPointer { colors in
      makeColumns(1, count: 3 * count) { (ofColors: [UnsafeMutablePointer<T>]) in
        densityColumn =
          makeColumns(1, count: count) { (ofDensities: [UnsafeMutablePointer<T>]) in
            composited.weights.withUnsafeBufferPointer { weights in
              composited.transmittances.withUnsafeBufferPointer { transmittances in
                guard let weights = weights.baseAddress,
                  let transmittances = transmittances.baseAddress,
                  let colors = colors.baseAddress
                else { return }
                let cotangents = RayCotangents(
                  image: imageGradients, opacity: opacityGradients, depth: depthGradients)
                pool.forEachRange(rayCount, size: Self.raysPerCompositingItem) { range, _ in
                  differentiateRays(
                    range, weights, transmittances, ColorRows(interleaved: colors), cotangents,
                    densityGradients: ofDensities[0], colorGradients: ofColors[0])
                }
              }
            }
            let padding = count - usedCount
            (ofDensities[0] + usedCount).initialize(repeating: 0, count: padding)
            (ofColors[0] + 3 * usedCount).initialize(repeating: 0, count: 3 * padding)
          }[0]
      }[0]
    }
    return CompositingGradients(densities: densityColumn, colors: colorColumn)
  }

  @specialized(where T == Float)
  @specialized(where T == Double)
  private func differentiateRays<T: RadianceScalar>(
    _ range: Range<Int>, _ weights: UnsafePointer<T>, _ transmittances: UnsafePointer<T>,
    _ colors: ColorRows<T>, _ cotangents: RayCotangents<T>,
    densityGradients: UnsafeMutablePointer<T>, colorGradients: UnsafeMutablePointer<T>
  ) {
    withIntervals { deltas, gaps in
      for ray in range where spans[ray].count > 0 {
        T.Kernels.differentiateRay(
          RayRows(deltas: deltas, gaps: gaps, rows: rows(of: ray)), weights: weights,
          transmittances: transmittances, colors: colors,
          cotangent: cotangents[ray],
          densityGradients: densityGradients, colorGradients: colorGradients, channelStep: 1)
      }
    }
  }
}

/// Gradients of a loss with respect to the composited rays, as arrays; what is nil is zero.
private struct RayCotangents<T: RadianceScalar> {
  let image: [T]
  let opacity: [T]?
  let depth: [T]?

  subscript(ray: Int) -> RayPixel<T> {
    var pixel = RayPixel<T>()
    pixel.color = (image[3 * ray], image[3 * ray + 1], image[3 * ray + 2])
    if let opacity { pixel.opacity = opacity[ray] }
    if let depth { pixel.depth = depth[ray] }
    return pixel
  }
}
