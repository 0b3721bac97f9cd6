import RealModule

extension SampleBatch {
  /// How many samples of each ray can be seen: up to and including the one that hides the rest.
  ///
  /// Transmittance behind sample k is `exp(−Σⱼ≤ₖ σⱼ δⱼ)`; the count ends with the first k for which
  /// it is below the threshold, or with the ray. Used with ``pruned(keeping:pool:)``; what is
  /// dropped changes a pixel by less than the threshold.
  ///
  /// - Parameters:
  ///   - densities: σ, shape `[rows]`, in 1 / scene unit.
  ///   - threshold: Smallest transmittance of interest; 0 keeps every sample, 1 or more the first.
  ///   - pool: Threads; the result does not depend on their number.
  /// - Throws: ``ShapeError`` unless there is one density per row.
  public func visibleSampleCounts<T: RadianceScalar>(
    densities: Span<T>, untilTransmittanceBelow threshold: T, pool: WorkerPool
  ) throws(ShapeError) -> [Int] {
    try checkRows("SampleBatch.visibleSampleCounts", "densities", densities.count, channels: 1)
    // exp(−x) < threshold is x > −log(threshold): one logarithm instead of an exp per sample.
    let hiding = threshold > 0 ? -T.log(threshold) : T.infinity
    return densities.withUnsafeBufferPointer { densities in
      makeColumns(1, count: rayCount) { (counts: [UnsafeMutablePointer<Int>]) in
        pool.forEachRange(rayCount, size: 2 * Self.raysPerCompositingItem) { range, _ in
          countVisible(range, densities, hiding, counts[0])
        }
      }[0]
    }
  }

  @specialized(where T == Float)
  @specialized(where T == Double)
  private func countVisible<T: RadianceScalar>(
    _ range: Range<Int>, _ densities: UnsafeBufferPointer<T>, _ hiding: T,
    _ counts: UnsafeMutablePointer<Int>
  ) {
    for ray in range {
      let span = spans[ray]
      var opticalDepth = T.zero
      var count = 0
      while count < span.count {
        let row = span.offset + count
        opticalDepth += densities[row] * T(deltas[row])
        count += 1
        if opticalDepth > hiding { break }
      }
      counts[ray] = count
    }
  }
}
