/// The samples of every ray in the order of their weights, and which of them are kept.
///
/// See ``SampleBatch/weightiest(_:share:opacity:pool:)``.
public struct WeightiestSamples<T: RadianceScalar>: Sendable {
  /// In the rows of a ray, all its weights from the largest to the smallest; −1 in padding.
  public let weights: [T]
  /// In the rows of a ray, the rows of the samples in that order; −1 where a sample is not kept.
  public let rows: [Int32]

  /// The rows that are kept, ascending.
  public var kept: [Int] { rows.filter { $0 >= 0 }.map(Int.init).sorted() }
}

extension SampleBatch {
  /// Chooses the samples that make up most of every ray that is not transparent.
  ///
  /// Of a ray with K samples of weights w and W = Σ w, the positions i ≤ share · K in the order of descending
  /// weights are kept, which are ⌊share · K⌋ + 1 samples, if W ≥ `opacity`; else none. Equal weights stay in the
  /// order of the samples. share · K is a product in single precision. Behind an opaque sample weights may vanish
  /// in one precision and not in the other: their order depends on it, nothing else does.
  ///
  /// The sample-point level of PVD-AL (released code, 0.3 and 0.5).
  ///
  /// - Parameters:
  ///   - composited: What ``composite(densities:colors:pool:)`` made of this batch.
  ///   - share: 0 keeps the weightiest sample of each ray; 1 or more keeps all.
  ///   - opacity: Rays with less are left out.
  /// - Throws: ``ShapeError`` if `composited` belongs to another batch.
  public func weightiest<T: RadianceScalar>(
    _ composited: CompositedRays<T>, share: Float = 0.3, opacity: T = 0.5, pool: WorkerPool
  ) throws(ShapeError) -> WeightiestSamples<T> {
    try checkRows("SampleBatch.weightiest", "composited", composited.weights.count, channels: 1)
    try checkRays("SampleBatch.weightiest", "composited", composited.opacity.count, channels: 1)
    let sorted = AlignedBuffer<T>(count: count, repeating: -1)
    let rows = AlignedBuffer<Int32>(count: count, repeating: -1)
    composited.weights.withUnsafeBufferPointer { weights in
      composited.opacity.withUnsafeBufferPointer { opacities in
        pool.forEachRange(rayCount, size: Self.raysPerCompositingItem) { range, _ in
          for ray in range {
            sortWeights(
              weights, self.rows(of: ray), share: share, isKept: opacities[ray] >= opacity,
              into: sorted.base, rows.base)
          }
        }
      }
    }
    return WeightiestSamples(weights: sorted.array, rows: rows.array)
  }
}

/// Sorts the weights of one ray.
@specialized(where T == Float)
@specialized(where T == Double)
private func sortWeights<T: RadianceScalar>(
  _ weights: UnsafeBufferPointer<T>, _ span: Range<Int>, share: Float, isKept: Bool,
  into sorted: UnsafeMutablePointer<T>, _ rows: UnsafeMutablePointer<Int32>
) {
  let order = span.sorted { a, b in
    if weights[a] > weights[b] { return true }
    if weights[b] > weights[a] { return false }
    return a < b
  }
  let limit = share * Float(span.count)
  for (position, row) in order.enumerated() {
    sorted[span.lowerBound + position] = weights[row]
    if isKept && Float(position) <= limit { rows[span.lowerBound + position] = Int32(row) }
  }
}
