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
                  let transmittances = transmittances.baseAddress
                else { return }
                pool.forEachRange(rayCount, size: Self.raysPerCompositingItem) { range, _ in
                  for ray in range where spans[ray].count > 0 {
                    differentiateRay(
                      ray, weights: weights, transmittances: transmittances,
                      ColorRows(interleaved: colors.baseAddress),
                      RayCotangent(
                        image: (
                          imageGradients[3 * ray], imageGradients[3 * ray + 1],
                          imageGradients[3 * ray + 2]
                        ), opacity: opacityGradients?[ray] ?? 0, depth: depthGradients?[ray] ?? 0),
                      densityGradients: ofDensities[0], colorGradients: ofColors[0], gradientStep: 1
                    )
                  }
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

  /// Writes the gradients of one ray's rows; `colorGradients` is laid out as `colors`, but with channels
  /// `gradientStep` apart.
  @specialized(where T == Float)
  @specialized(where T == Double)
  func differentiateRay<T: RadianceScalar>(
    _ ray: Int, weights: UnsafePointer<T>, transmittances: UnsafePointer<T>,
    _ colors: ColorRows<T>, _ cotangent: RayCotangent<T>,
    densityGradients: UnsafeMutablePointer<T>, colorGradients: UnsafeMutablePointer<T>,
    gradientStep: Int
  ) {
    guard let base = colors.base else { return }
    let rows = spans[ray].offset..<spans[ray].offset + spans[ray].count
    let (red, green, blue) = cotangent.image
    let step = colors.channelStep
    // The distances are summed as in the forward pass, and wait in the output for their turn.
    var distance = T.zero
    for row in rows {
      distance += T(gaps[row])
      densityGradients[row] = distance
    }
    var behind = T.zero
    for row in rows.reversed() {
      let color = base + row * colors.rowStep
      let weight = weights[row]
      var gradient = cotangent.opacity + cotangent.depth * densityGradients[row]
      gradient += red * color[0]
      gradient += green * color[step]
      gradient += blue * color[2 * step]
      densityGradients[row] = T(deltas[row]) * (transmittances[row] * gradient - behind)
      behind += weight * gradient
      let target = colorGradients + row * colors.rowStep
      target[0] = weight * red
      target[gradientStep] = weight * green
      target[2 * gradientStep] = weight * blue
    }
  }
}

/// The gradient of a loss with respect to one composited ray.
struct RayCotangent<T: RadianceScalar> {
  let image: (T, T, T)
  let opacity: T
  let depth: T
}
