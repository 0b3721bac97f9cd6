import NeRFCore

/// The passes over planes and lines: before the tiles, s and c before their clamps; after the tiles, the
/// gradients. Both take samples plane by plane in the order of the rows they fall in, and within a row of
/// parts of it: each texel is read from memory once, and then from the nearest cache.
extension VMField {
  /// Samples of one work item of the look-ups.
  private static var itemSize: Int { 4096 }

  private func shape(_ plane: Int) -> PlaneLineShape {
    let (width, height) = Self.planeAxes[plane]
    return PlaneLineShape(
      width: options.resolution[width], height: options.resolution[height],
      length: options.resolution[Self.lineAxes[plane]])
  }

  /// Number of outputs of the factors: s alone, or s and c.
  func factorOutputs(_ detail: TapDetail) -> Int { detail == .density ? 1 : featureCount }

  /// Positions; the sums, sample by sample; sorted positions, sample numbers and keys.
  public func encodedWidth(for detail: TapDetail) -> Int { 3 + factorOutputs(detail) + 5 }

  public var sharesEncoding: Bool { false }

  public func encode(
    _ points: PointPointers<Float>, count: Int, detail: TapDetail, into rows: BatchRows<T>,
    pool: WorkerPool
  ) {
    let outputs = factorOutputs(detail)
    let sums = rows.row(3)
    pool.forEachRange(rows.stride, size: 1 << 14) { range, _ in
      for axis in 0..<3 {
        let row = rows.row(axis)
        clear(row + range.lowerBound, count: range.count)
        guard range.lowerBound < count else { continue }
        normaliseBox(
          points[axis] + range.lowerBound, low: T(frame.box[axis]), high: T(frame.box[axis + 3]),
          into: row + range.lowerBound, count: min(range.upperBound, count) - range.lowerBound)
      }
      clear(sums + range.lowerBound * outputs, count: range.count * outputs)
    }
    let ones = AlignedBuffer<T>(count: options.densityRanks.max() ?? 0, repeating: 1)
    for plane in 0..<3 {
      let sorted = SortedSamples(
        rows, scratch: 3 + outputs, plane: Self.planeAxes[plane], resolution: options.resolution,
        count: count, pool: pool)
      let factors = self.factors(plane, detail: detail, ones: ones)
      pool.forEachRange(count, size: Self.itemSize) { range, _ in
        T.Kernels.accumulatePlaneLineOutputs(
          shape(plane), factors: factors, points: self.points(plane, sorted, range), sums: sums,
          sumStride: outputs)
      }
    }
    // The factors point into it.
    withExtendedLifetime(ones) {}
  }

  private func factors(
    _ plane: Int, detail: TapDetail, ones: AlignedBuffer<T>
  ) -> [PlaneLineFactor<T>] {
    let density = PlaneLineFactor<T>(
      plane: parameters[Self.densityPlane + plane].values.base,
      line: parameters[Self.densityLine + plane].values.base,
      channels: options.densityRanks[plane], mixing: ones.base, mixingStride: 0, outputs: 0..<1)
    guard detail >= .features else { return [density] }
    let color = PlaneLineFactor<T>(
      plane: parameters[Self.colorPlane + plane].values.base,
      line: parameters[Self.colorLine + plane].values.base,
      channels: options.colorRanks[plane],
      mixing: parameters[Self.basis].values.base + firstColumn(plane),
      mixingStride: productCount, outputs: 1..<featureCount)
    return [density, color]
  }

  /// The first column of the basis that belongs to a plane.
  private func firstColumn(_ plane: Int) -> Int { options.colorRanks[..<plane].reduce(0, +) }

  private func points(
    _ plane: Int, _ sorted: SortedSamples<T>, _ places: Range<Int>
  ) -> PlanePoints<T> {
    PlanePoints(
      u: sorted.row(Self.planeAxes[plane].width) + places.lowerBound,
      v: sorted.row(Self.planeAxes[plane].height) + places.lowerBound,
      t: sorted.row(Self.lineAxes[plane]) + places.lowerBound,
      samples: sorted.order.samples + places.lowerBound, count: places.count)
  }

  /// Rows that sorting for one plane fills: positions, sample numbers and keys.
  private static var sortingWidth: Int { 5 }

  /// The scaled position, the gradients of raw s and c sample by sample, and room to sort for each plane.
  public var deferredWidth: Int { 3 + featureCount + 3 * Self.sortingWidth }

  /// One work item per share of a plane's rows. Two neighbouring shares meet in one row, so even shares of
  /// all planes run first and odd ones after them; lines and basis, where all samples meet, are summed in
  /// lanes, one for each share of a plane that runs at the same time. So every sum has one order.
  public func accumulateDeferred(
    _ deferred: BatchRows<T>, count: Int, lanes: GradientLanes<T>, pool: WorkerPool
  ) {
    let ones = AlignedBuffer<T>(count: options.densityRanks.max() ?? 0, repeating: 1)
    let passes = (0..<3).map { plane in
      let sorted = SortedSamples(
        deferred, scratch: 3 + featureCount + plane * Self.sortingWidth,
        plane: Self.planeAxes[plane], resolution: options.resolution, count: count,
        idleWidth: featureCount, pool: pool)
      return GradientPass(
        plane: plane, sorted: sorted, factors: factors(plane, detail: .features, ones: ones),
        densityGradient: parameters[Self.densityPlane + plane].gradient.base,
        colorGradient: parameters[Self.colorPlane + plane].gradient.base)
    }
    lanes.open((SortedSamples<T>.shareCount + 1) / 2)
    for parity in 0..<2 {
      let items = passes.flatMap { pass in
        stride(from: parity, to: pass.sorted.shares.count, by: 2).map { (pass: pass, share: $0) }
      }
      pool.forEach(items.count) { item, _ in
        accumulate(
          items[item].pass, share: items[item].share, gradients: deferred.row(3),
          lane: lanes.lane(items[item].share / 2))
      }
    }
    withExtendedLifetime(ones) {}
  }

  private func accumulate(
    _ pass: GradientPass<T>, share: Int, gradients: UnsafePointer<T>, lane: GradientLane<T>
  ) {
    let (plane, sorted) = (pass.plane, pass.sorted)
    let places = sorted.order.places(of: pass.sorted.shares[share])
    T.Kernels.accumulatePlaneLineGradients(
      shape(plane), factors: pass.factors, points: points(plane, sorted, places),
      gradients: gradients, gradientStride: featureCount,
      into: [
        PlaneLineGradients(
          plane: pass.densityGradient,
          line: lane.sum(of: Self.densityLine + plane), mixing: nil),
        PlaneLineGradients(
          plane: pass.colorGradient,
          line: lane.sum(of: Self.colorLine + plane),
          mixing: lane.sum(of: Self.basis) + firstColumn(plane)),
      ])
  }
}

/// What the gradients of one plane and its line need: the samples in their order, and where the sums of the
/// plane go.
private struct GradientPass<T: RadianceScalar>: @unchecked Sendable {
  let plane: Int
  let sorted: SortedSamples<T>
  let factors: [PlaneLineFactor<T>]
  let densityGradient: UnsafeMutablePointer<T>
  let colorGradient: UnsafeMutablePointer<T>
}

/// The samples of a batch by the row of a plane and the part of the row that they fall in, with their
/// positions in that order.
private struct SortedSamples<T: RadianceScalar>: @unchecked Sendable {
  let order: SampleOrder
  /// Whole rows, at most ``shareCount``: two for each lane that is used, neighbours take turns.
  let shares: [Range<Int>]
  private let rows: BatchRows<T>
  private let scratch: Int

  /// Scaled coordinates of one axis, by place in the order.
  func row(_ axis: Int) -> UnsafePointer<T> { UnsafePointer(rows.row(scratch + axis)) }

  /// Parts of a row. Two rows of a part of a published plane take 20 KB, all channels and their gradients.
  static var partsOfRow: Int { 16 }
  /// Most shares of a plane. With the shares of three planes at the same time nobody waits long at the end.
  static var shareCount: Int { 32 }

  /// - Parameters:
  ///   - rows: Scaled positions in the first three rows, and five rows of room from `scratch` on.
  ///   - idleWidth: Where given, the row behind the positions begins that many gradients per sample, and
  ///     samples for which all are zero are left out.
  init(
    _ rows: BatchRows<T>, scratch: Int, plane: (width: Int, height: Int), resolution: [Int],
    count: Int, idleWidth: Int? = nil, pool: WorkerPool
  ) {
    self.rows = rows
    self.scratch = scratch
    // Rows have room for numbers of four bytes in any precision.
    let samples = UnsafeMutableRawPointer(rows.row(scratch + 3)).assumingMemoryBound(
      to: Int32.self)
    let keys = UnsafeMutableRawPointer(rows.row(scratch + 4)).assumingMemoryBound(to: Int32.self)
    pool.forEachRange(count, size: 1 << 14) { range, _ in
      let first = range.lowerBound
      texelKeys(
        rows: rows.row(plane.height) + first, height: resolution[plane.height],
        columns: rows.row(plane.width) + first, width: resolution[plane.width],
        parts: Self.partsOfRow, into: keys + first, count: range.count)
      if let idleWidth {
        dropIdle(
          rows.row(3) + first * idleWidth, width: idleWidth, from: keys + first,
          count: range.count)
      }
    }
    let order = SampleOrder(
      keys: keys, keyCount: resolution[plane.height] * Self.partsOfRow, count: count,
      into: samples, pool: pool)
    self.order = order
    shares = order.shares(Self.shareCount, of: Self.partsOfRow)
    pool.forEachRange(order.count, size: 1 << 14) { range, _ in
      for axis in 0..<3 {
        gather(
          rows.row(axis), order.samples + range.lowerBound,
          into: rows.row(scratch + axis) + range.lowerBound, count: range.count)
      }
    }
  }
}

/// Sets every bit to zero: one call, where element by element is slow for a type that is not known.
private func clear<T: RadianceScalar>(_ values: UnsafeMutablePointer<T>, count: Int) {
  UnsafeMutableRawPointer(values).initializeMemory(
    as: UInt8.self, repeating: 0, count: count * MemoryLayout<T>.stride)
}

@specialized(where T == Float)
@specialized(where T == Double)
private func gather<T: RadianceScalar>(
  _ source: UnsafePointer<T>, _ samples: UnsafePointer<Int32>,
  into result: UnsafeMutablePointer<T>, count: Int
) {
  for k in 0..<count { result[k] = source[Int(samples[k])] }
}
