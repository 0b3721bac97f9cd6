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

  /// Positions; the sums, sample by sample; room to sort for each plane.
  public func encodedWidth(for detail: TapDetail) -> Int {
    3 + factorOutputs(detail) + PlaneOrder<T>.width
  }

  public var sharesEncoding: Bool { false }

  public func encode(
    _ points: PointPointers<Float>, count: Int, detail: TapDetail, into rows: BatchRows<T>,
    pool: WorkerPool
  ) -> (any Sendable)? {
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
    let orders = PlaneOrder.orders(
      rows, scratch: 3 + outputs, resolution: options.resolution, count: count, pool: pool)
    for order in orders {
      let factors = self.factors(order.plane, detail: detail, ones: ones)
      pool.forEachRange(count, size: Self.itemSize) { range, _ in
        T.Kernels.accumulatePlaneLineOutputs(
          shape(order.plane), factors: factors, points: order.points(at: range), sums: sums,
          sumStride: outputs)
      }
    }
    // The factors point into it.
    withExtendedLifetime(ones) {}
    return orders
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

  /// The scaled position, the gradients of raw s and c sample by sample, room to sort for each plane, and which
  /// samples have gradients.
  public var deferredWidth: Int { 3 + featureCount + PlaneOrder<T>.width + 1 }

  /// The encoding is the orders of the planes. Samples without a gradient, of which a step on photographs has
  /// many, are left out.
  ///
  /// One work item per share of a plane's rows. Two neighbouring shares meet in one row, so even shares of
  /// all planes run first and odd ones after them; lines and basis, where all samples meet, are summed in
  /// lanes, one for each share of a plane that runs at the same time. So every sum has one order.
  public func accumulateDeferred(
    _ deferred: BatchRows<T>, count: Int, encoding: (any Sendable)?, lanes: GradientLanes<T>,
    pool: WorkerPool
  ) {
    let ones = AlignedBuffer<T>(count: options.densityRanks.max() ?? 0, repeating: 1)
    let scratch = 3 + featureCount
    let orders =
      encoding as? [PlaneOrder<T>]
      ?? PlaneOrder.orders(
        deferred, scratch: scratch, resolution: options.resolution, count: count, pool: pool)
    let active = ActiveSamples(
      gradients: deferred.row(3), width: featureCount, count: count,
      into: deferred.row(scratch + PlaneOrder<T>.width), pool: pool)
    let passes = orders.map { order in
      GradientPass(
        order: order, active: active, room: deferred.row(scratch + 4 * order.plane),
        factors: factors(order.plane, detail: .features, ones: ones),
        densityGradient: parameters[Self.densityPlane + order.plane].gradient.base,
        colorGradient: parameters[Self.colorPlane + order.plane].gradient.base)
    }
    lanes.open((PlaneOrder<T>.shareCount + 1) / 2)
    for parity in 0..<2 {
      let items = passes.flatMap { pass in
        stride(from: parity, to: pass.order.shares.count, by: 2).map { (pass: pass, share: $0) }
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
    let plane = pass.order.plane
    T.Kernels.accumulatePlaneLineGradients(
      shape(plane), factors: pass.factors,
      points: pass.order.points(of: share, among: pass.active, into: pass.room),
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
  let order: PlaneOrder<T>
  let active: ActiveSamples
  /// Rows for the points that have gradients.
  let room: UnsafeMutablePointer<T>
  let factors: [PlaneLineFactor<T>]
  let densityGradient: UnsafeMutablePointer<T>
  let colorGradient: UnsafeMutablePointer<T>
}

/// Sets every bit to zero: one call, where element by element is slow for a type that is not known.
private func clear<T: RadianceScalar>(_ values: UnsafeMutablePointer<T>, count: Int) {
  UnsafeMutableRawPointer(values).initializeMemory(
    as: UInt8.self, repeating: 0, count: count * MemoryLayout<T>.stride)
}
