package import NeRFCore

/// Samples sorted by a small number each, in batch order where numbers are equal.
///
/// Look-ups and gradients of grids far larger than the caches take samples by the row they fall in, so that
/// a row is loaded once.
package struct SampleOrder {
  /// Sample numbers by key; as many as have a key.
  package let samples: UnsafeMutablePointer<Int32>
  /// Where the samples of each key start; one entry more than there are keys.
  package let starts: [Int]

  /// Samples with a key.
  package var count: Int { starts[starts.count - 1] }

  /// Sorts `count` samples.
  ///
  /// - Parameters:
  ///   - keys: One number below `keyCount` per sample; samples with a negative one are left out.
  ///   - samples: Receives the order.
  ///   - room: Eight bytes per sample, used meanwhile.
  package init(
    keys: UnsafePointer<Int32>, keyCount: Int, count: Int,
    into samples: UnsafeMutablePointer<Int32>, room: UnsafeMutableRawPointer, pool: WorkerPool
  ) {
    let sort = BucketSort(keys: keys, keyCount: keyCount, count: count, room: room)
    pool.forEach(BucketSort.parts) { part, _ in sort.tally(part) }
    sort.divide()
    pool.forEach(BucketSort.parts) { part, _ in sort.fill(part) }
    pool.forEach(sort.buckets) { bucket, _ in sort.sort(bucket, into: samples) }
    starts = sort.starts
    self.samples = samples
  }

  /// See ``shares(of:number:unit:)``.
  package func shares(_ number: Int, of unit: Int = 1) -> [Range<Int>] {
    Self.shares(of: starts, number: number, unit: unit)
  }

  /// Consecutive keys in at most `number` ranges of about as many samples each, cut at multiples of `unit`
  /// keys.
  ///
  /// - Parameter starts: Where the samples of each key start, and their number.
  static func shares(of starts: [Int], number: Int, unit: Int) -> [Range<Int>] {
    let (keyCount, count) = (starts.count - 1, starts[starts.count - 1])
    var shares: [Range<Int>] = []
    var first = 0
    for share in 1...max(number, 1) where first < keyCount {
      var end = first + unit
      while end < keyCount && starts[end] < count * share / number { end += unit }
      if share == number { end = keyCount }
      shares.append(first..<min(end, keyCount))
      first = end
    }
    return shares
  }

  /// Places in ``samples`` of the given keys.
  package func places(of keys: Range<Int>) -> Range<Int> {
    starts[keys.lowerBound]..<starts[keys.upperBound]
  }
}

/// The lower of the two texels that a coordinate in −1...1 lies between, for aligned corners; the border
/// texel outside, and 0 for NaN.
@specialized(where T == Float)
@specialized(where T == Double)
func lowerTexels<T: RadianceScalar>(
  _ coordinates: UnsafePointer<T>, size: Int, into result: UnsafeMutablePointer<Int32>, count: Int
) {
  for s in 0..<count {
    let position = (coordinates[s] + 1) / 2 * T(size - 1)
    result[s] = position > 0 ? min(position, T(size - 1)).truncated : 0
  }
}

/// The row of a plane that a sample falls in, times `parts`, plus which of so many parts of the row.
///
/// - Parameters:
///   - rows: Coordinates across the rows, of which there are `height`.
///   - columns: Coordinates along them.
@specialized(where T == Float)
@specialized(where T == Double)
package func texelKeys<T: RadianceScalar>(
  rows: UnsafePointer<T>, height: Int, columns: UnsafePointer<T>, width: Int, parts: Int,
  into result: UnsafeMutablePointer<Int32>, count: Int
) {
  lowerTexels(rows, size: height, into: result, count: count)
  let scale = T(parts) / T(width)
  for s in 0..<count {
    let position = (columns[s] + 1) / 2 * T(width - 1)
    let part = position > 0 ? min(position * scale, T(parts - 1)).truncated : 0
    result[s] = result[s] &* Int32(parts) &+ part
  }
}

/// `−1` for samples whose gradients, a tile matrix, are all zero: nothing is to be added for them.
///
/// - Parameter sums: Room for a row.
@specialized(where T == Float)
@specialized(where T == Double)
func dropIdle<T: RadianceScalar>(
  _ gradients: UnsafePointer<T>, rows: Int, sums: UnsafeMutablePointer<T>,
  from keys: UnsafeMutablePointer<Int32>, count: Int
) {
  for s in 0..<count { sums[s] = 0 }
  for row in 0..<rows {
    let gradients = gradients + row * Tile.stride
    var idle = 0
    for s in 0..<count {
      sums[s] += abs(gradients[s])
      // NaN is not zero and stays.
      idle += sums[s] == 0 ? 1 : 0
    }
    // Mostly so behind the first row.
    if idle == 0 { return }
  }
  for s in 0..<count where sums[s] == 0 { keys[s] = -1 }
}
