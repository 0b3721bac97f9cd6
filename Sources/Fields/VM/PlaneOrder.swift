import NeRFCore

/// The samples of a batch in the order in which one plane is walked: by the row and the part of the row that they
/// fall in, with their positions.
struct PlaneOrder<T: RadianceScalar>: @unchecked Sendable {
  let plane: Int
  /// Whole rows, at most ``shareCount``: two for each lane that is used, neighbours take turns.
  let shares: [Range<Int>]
  private let points: UnsafeMutablePointer<PlanePoint<T>>
  private let starts: [Int]

  /// Parts of a row. Two rows of a part of a published plane take 20 KB, all channels and their gradients.
  static var partsOfRow: Int { 16 }
  /// Most shares of a plane. With the shares of three planes at the same time nobody waits long at the end.
  static var shareCount: Int { 32 }

  /// Rows that the orders of all planes fill: points, and behind them keys. The points of a plane, three
  /// numbers and one of four bytes, take no more than four rows in any precision.
  static var width: Int { 3 * 4 + 3 }

  /// The samples in the given places of the order.
  func points(at places: Range<Int>) -> UnsafeBufferPointer<PlanePoint<T>> {
    UnsafeBufferPointer(start: points + places.lowerBound, count: places.count)
  }

  /// The samples of a share that are active, copied to their places in rows of their own, which may be those of
  /// the order.
  @specialized(where T == Float)
  @specialized(where T == Double)
  func points(
    of share: Int, among active: ActiveSamples, into room: UnsafeMutablePointer<T>
  ) -> UnsafeBufferPointer<PlanePoint<T>> {
    let keys = shares[share]
    let places = starts[keys.lowerBound]..<starts[keys.upperBound]
    let target = UnsafeMutableRawPointer(room).assumingMemoryBound(to: PlanePoint<T>.self)
    var next = places.lowerBound
    for place in places {
      // Reading runs ahead of writing.
      target[next] = points[place]
      next &+= active.contains(Int(points[place].sample)) ? 1 : 0
    }
    return UnsafeBufferPointer(start: target + places.lowerBound, count: next - places.lowerBound)
  }

  /// The orders of the three planes. One pass over the batch finds the keys of all, another places all points.
  ///
  /// - Parameters:
  ///   - rows: Scaled positions in the first three rows, and ``width`` rows of room from `scratch` on.
  static func orders(
    _ rows: BatchRows<T>, scratch: Int, resolution: [Int], count: Int, pool: WorkerPool
  ) -> [PlaneOrder] {
    let axes = VMField<T>.planeAxes
    let keys = (0..<3).map { plane in
      UnsafeMutableRawPointer(rows.row(scratch + 3 * 4 + plane)).assumingMemoryBound(
        to: Int32.self)
    }
    let sorts = (0..<3).map { plane in
      CountingSort(
        keys: keys[plane], keyCount: resolution[axes[plane].height] * partsOfRow, count: count)
    }
    pool.forEach(CountingSort.parts) { part, _ in
      let samples = CountingSort.samples(part, of: count)
      let first = samples.lowerBound
      for plane in 0..<3 {
        let (width, height) = axes[plane]
        texelKeys(
          rows: rows.row(height) + first, height: resolution[height],
          columns: rows.row(width) + first, width: resolution[width], parts: partsOfRow,
          into: keys[plane] + first, count: samples.count)
      }
      for sort in sorts { sort.tally(part) }
    }
    let orders = (0..<3).map { plane in
      let starts = sorts[plane].finish()
      return PlaneOrder(
        plane: plane,
        shares: SampleOrder.shares(of: starts, number: shareCount, unit: partsOfRow),
        points: UnsafeMutableRawPointer(rows.row(scratch + 4 * plane)).assumingMemoryBound(
          to: PlanePoint<T>.self),
        starts: starts)
    }
    pool.forEach(3 * CountingSort.parts) { item, _ in
      let plane = item % 3
      place(
        sorts[plane], part: item / 3, u: rows.row(axes[plane].width),
        v: rows.row(axes[plane].height), t: rows.row(VMField<T>.lineAxes[plane]),
        into: orders[plane].points)
    }
    return orders
  }
}

/// Which of the first samples of a batch have a gradient that is not zero: nothing is to be added for others.
struct ActiveSamples: @unchecked Sendable {
  private let flags: UnsafeMutablePointer<Bool>
  private let count: Int

  /// - Parameters:
  ///   - gradients: `[count, width]`.
  ///   - room: A row, for a flag per sample.
  init<T: RadianceScalar>(
    gradients: UnsafePointer<T>, width: Int, count: Int, into room: UnsafeMutablePointer<T>,
    pool: WorkerPool
  ) {
    let flags = UnsafeMutableRawPointer(room).bindMemory(to: Bool.self, capacity: count)
    self.flags = flags
    self.count = count
    pool.forEachRange(count, size: 1 << 14) { range, _ in
      markActive(
        gradients + range.lowerBound * width, width: width, into: flags + range.lowerBound,
        count: range.count)
    }
  }

  /// Whether a sample is among the first and has a gradient.
  func contains(_ sample: Int) -> Bool { sample < count && flags[sample] }
}

@specialized(where T == Float)
@specialized(where T == Double)
private func markActive<T: RadianceScalar>(
  _ gradients: UnsafePointer<T>, width: Int, into flags: UnsafeMutablePointer<Bool>, count: Int
) {
  for s in 0..<count {
    let row = gradients + s &* width
    var isActive = false
    // NaN is not zero and counts.
    for k in 0..<width where !(row[k] == 0) {
      isActive = true
      break
    }
    flags[s] = isActive
  }
}

@specialized(where T == Float)
@specialized(where T == Double)
private func place<T: RadianceScalar>(
  _ sort: CountingSort, part: Int, u: UnsafePointer<T>, v: UnsafePointer<T>, t: UnsafePointer<T>,
  into points: UnsafeMutablePointer<PlanePoint<T>>
) {
  sort.forEachPlace(part) { s, place in
    points[place] = PlanePoint(u: u[s], v: v[s], t: t[s], sample: Int32(truncatingIfNeeded: s))
  }
}
