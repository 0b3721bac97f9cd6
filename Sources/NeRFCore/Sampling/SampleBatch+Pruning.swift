extension SampleBatch {
  /// The batch with only the first samples of each ray, packed again, without padding.
  ///
  /// The samples of a ray that are dropped lie behind those that stay, so gaps stay valid.
  ///
  /// - Parameters:
  ///   - counts: Samples to keep per ray; more than a ray has keeps all, negative keeps none.
  ///   - pool: Threads; the result does not depend on their number.
  /// - Throws: ``ShapeError`` unless there is one count per ray.
  public func pruned(keeping counts: [Int], pool: WorkerPool) throws(ShapeError) -> SampleBatch {
    guard counts.count == rayCount else {
      throw ShapeError(
        in: "SampleBatch.pruned", "counts", expected: [rayCount], actual: [counts.count],
        fix: "Pass the number of samples to keep of every ray.")
    }
    var total = 0
    let kept = zip(spans, counts).map { span, count in
      let kept = RaySpan(offset: total, count: max(0, min(span.count, count)))
      total += kept.count
      return kept
    }
    let sources = positions + directions + [deltas, gaps]
    let columns = makeColumns(8, count: total) { (columns: [UnsafeMutablePointer<Float>]) in
      pool.forEachRange(kept.count, size: 512) { range, _ in
        for (source, column) in zip(sources, columns) {
          source.withUnsafeBufferPointer { source in
            for ray in range where kept[ray].count > 0 {
              guard let base = source.baseAddress else { return }
              (column + kept[ray].offset).initialize(
                from: base + spans[ray].offset, count: kept[ray].count)
            }
          }
        }
      }
    }
    return try SampleBatch(
      positions: Array(columns[0..<3]), directions: Array(columns[3..<6]), deltas: columns[6],
      gaps: columns[7], spans: kept)
  }

  /// The batch as the released compositor reads it: a ray with `offset + count ≥ count of rows`
  /// counts as empty, even one that ends exactly at the end of the buffer.
  public func droppingOverflowingRays() throws(ShapeError) -> SampleBatch {
    try SampleBatch(
      positions: positions, directions: directions, deltas: deltas, gaps: gaps,
      spans: spans.map {
        $0.offset + $0.count < count ? $0 : RaySpan(offset: $0.offset, count: 0)
      })
  }
}
