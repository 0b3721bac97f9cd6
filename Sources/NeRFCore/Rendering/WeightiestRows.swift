extension SampleBatch {
  /// The rows that ``weightiest(_:share:opacity:pool:)`` keeps for one field or another, ascending and each once.
  ///
  /// Finds the least kept weight of every ray instead of sorting, which takes time linear in its samples; a weight that is
  /// no number counts as the least. Scalars that note which comparisons were close are sorted: a search compares
  /// more than the order needs.
  ///
  /// - Parameter composited: Compositions of this batch, one a field.
  /// - Throws: ``ShapeError`` if one belongs to another batch.
  public func weightiestRows<T: RadianceScalar>(
    _ composited: [CompositedRays<T>], share: Float = 0.3, opacity: T = 0.5, pool: WorkerPool
  ) throws(ShapeError) -> [Int] {
    guard T.self == Float.self || T.self == Double.self else {
      return try sortedRows(composited, share: share, opacity: opacity, pool: pool)
    }
    let marks = AlignedBuffer<UInt8>(count: count, repeating: 0)
    for rays in composited {
      try checkRows("SampleBatch.weightiestRows", "composited", rays.weights.count, channels: 1)
      try checkRays("SampleBatch.weightiestRows", "composited", rays.opacity.count, channels: 1)
      rays.weights.withUnsafeBufferPointer { weights in
        rays.opacity.withUnsafeBufferPointer { opacities in
          pool.forEachRange(rayCount, size: Self.raysPerCompositingItem) { range, _ in
            for ray in range where opacities[ray] >= opacity {
              markWeightiest(
                UnsafeBufferPointer(rebasing: weights[self.rows(of: ray)]), share: share,
                marks.base + self.rows(of: ray).lowerBound)
            }
          }
        }
      }
    }
    return withExtendedLifetime(marks) { (0..<count).filter { marks.base[$0] != 0 } }
  }

  /// The same rows by sorting.
  private func sortedRows<T: RadianceScalar>(
    _ composited: [CompositedRays<T>], share: Float, opacity: T, pool: WorkerPool
  ) throws(ShapeError) -> [Int] {
    var rows: Set<Int> = []
    for rays in composited {
      rows.formUnion(try weightiest(rays, share: share, opacity: opacity, pool: pool).kept)
    }
    return rows.sorted()
  }
}

/// Marks the ⌊share · K⌋ + 1 largest of the K weights of a ray; of equal ones the first.
@specialized(where T == Float)
@specialized(where T == Double)
private func markWeightiest<T: RadianceScalar>(
  _ weights: UnsafeBufferPointer<T>, share: Float, _ marks: UnsafeMutablePointer<UInt8>
) {
  guard !weights.isEmpty else { return }
  let limit = share * Float(weights.count)
  // Positions 0, 1, ... up to the limit; a limit below 0 or that is no number keeps none.
  guard limit >= 0 else { return }
  let number = limit < Float(weights.count) ? Int(limit) + 1 : weights.count
  guard number < weights.count else {
    for i in weights.indices { marks[i] = 1 }
    return
  }
  withUnsafeTemporaryAllocation(of: T.self, capacity: weights.count) { scratch in
    for i in weights.indices { scratch[i] = weights[i] >= 0 ? weights[i] : -1 }
    var (least, equals) = leastOfLargest(number, scratch)
    for i in weights.indices {
      let weight = weights[i] >= 0 ? weights[i] : -1
      if weight > least {
        marks[i] = 1
      } else if weight == least && equals > 0 {
        marks[i] = 1
        equals -= 1
      }
    }
  }
}

/// The `number`-th largest value, and how many values equal to it are among the `number` largest.
///
/// Parts the values around one of them until the place sought lies among its equals; each round leaves out at
/// least that one. No value may be NaN, and 1 ≤ `number` ≤ count.
@specialized(where T == Float)
@specialized(where T == Double)
private func leastOfLargest<T: RadianceScalar>(
  _ number: Int, _ values: UnsafeMutableBufferPointer<T>
) -> (value: T, equals: Int) {
  var (start, end, wanted) = (0, values.count, number)
  while true {
    let pivot = values[start + (end - start) / 2]
    // start..<greater is greater, greater..<next is equal, less..<end is less.
    var (greater, next, less) = (start, start, end)
    while next < less {
      let value = values[next]
      if value > pivot {
        values.swapAt(greater, next)
        greater += 1
        next += 1
      } else if value == pivot {
        next += 1
      } else {
        less -= 1
        values.swapAt(next, less)
      }
    }
    if wanted <= greater - start {
      end = greater
    } else if wanted <= less - start {
      return (pivot, wanted - (greater - start))
    } else {
      wanted -= less - start
      start = less
    }
  }
}
