/// What a training march produced.
public struct TrainingMarch: Sendable {
  /// The samples, packed in ray order.
  public let samples: SampleBatch
  /// Rows every ray asked for, dropped ones included: exclusive prefix sums and counts.
  public let requested: [RaySpan]
  /// Distance at which the march of each ray started: near plus jitter.
  public let starts: [Float]
  /// Samples asked for by all rays.
  public var requestedCount: Int { requested.last.map { $0.offset + $0.count } ?? 0 }
  /// Rays whose samples did not fit the budget.
  public var droppedRayCount: Int {
    zip(samples.spans, requested).reduce(0) { $0 + ($1.0.count < $1.1.count ? 1 : 0) }
  }
}

extension OccupancyGrid {
  /// Samples rays at a fixed step wherever the grid is occupied.
  ///
  /// With `δ(t) = clamp(t · growth, δ_min, δ_max)`, `δ_min = 2√3 / maximumSteps` and
  /// `δ_max = 2√3 · 2^(cascades − 1) / G`, a ray starts at `t = near + u δ_min` and repeats, while
  /// `t < far` and it has fewer than `maximumSteps` samples:
  ///
  /// - the bit of the cell at `p = clamp(o + t d, −B, B)` is set: emit a sample at p, the start of
  ///   its interval, then `t += δ(t)`;
  /// - else: `t += δ(t)` at least once, until `t` has reached the next cell face.
  ///
  /// All in single precision (rounding decides which samples exist). Each sample carries δ and its
  /// gap: from the end of the previous interval (first: the start) to the end of its own.
  ///
  /// - Parameters:
  ///   - rays: Unit directions; shape `[rays]`. A NaN makes a ray empty or clamps its positions.
  ///   - intervals: Where each ray is inside the scene.
  ///   - jitter: Displacement of the first sample.
  ///   - budget: Size of the result; exact unless a comparison needs the released rule.
  ///   - pool: Threads; the result does not depend on their number.
  /// - Throws: ``ShapeError`` if intervals or given jitter do not have one entry per ray.
  public func march(
    _ rays: RayBatch<Float>, intervals: RayIntervals<Float>,
    settings: MarchSettings = MarchSettings(), jitter: MarchJitter = .none,
    budget: PointBudget = .unlimited, pool: WorkerPool
  ) throws(ShapeError) -> TrainingMarch {
    guard intervals.count == rays.count else {
      throw ShapeError(
        in: "OccupancyGrid.march", "intervals", expected: [rays.count],
        actual: [intervals.count], fix: "Intersect the same rays with the scene's box.")
    }
    if case .given(let values) = jitter, values.count != rays.count {
      throw ShapeError(
        in: "OccupancyGrid.march", "jitter", expected: [rays.count], actual: [values.count],
        fix: "Pass one fraction per ray.")
    }
    return try packedMarch(
      rays, intervals: intervals, settings: settings, limit: settings.maximumSteps,
      jitter: jitter, pool: pool
    ) { requested, total in budget.fit(requested, total: total, settings: settings) }
  }

  /// Marches with a sample limit apart from the step length, into rows chosen by `fit`.
  func packedMarch(
    _ rays: RayBatch<Float>, intervals: RayIntervals<Float>, settings: MarchSettings,
    limit: Int, jitter: MarchJitter, pool: WorkerPool,
    fit: (_ requested: [RaySpan], _ total: Int) -> (rows: Int, spans: [RaySpan])
  ) throws(ShapeError) -> TrainingMarch {
    // Recording distances first and writing rows afterwards costs one march; counting first and
    // marching again would cost two.
    let (found, requested, spans, columns) = RayMarcher.with(self, settings) { marcher in
      let found = marcher.record(rays, intervals, settings, limit, jitter, pool)
      var requested: [RaySpan] = []
      requested.reserveCapacity(rays.count)
      var total = 0
      for part in found {
        for count in part.counts {
          requested.append(RaySpan(offset: total, count: count))
          total += count
        }
      }
      let (rows, spans) = fit(requested, total)
      let columns = makeColumns(8, count: rows) { (columns: [UnsafeMutablePointer<Float>]) in
        pool.forEach(found.count) { item, _ in
          marcher.write(found[item], rays, spans, item: item, into: columns)
        }
        let used = spans.reduce(0) { $0 + $1.count }
        for column in columns { (column + used).initialize(repeating: 0, count: rows - used) }
      }
      return (found, requested, spans, columns)
    }
    let samples = try SampleBatch(
      positions: Array(columns[0..<3]), directions: Array(columns[3..<6]), deltas: columns[6],
      gaps: columns[7], spans: spans)
    return TrainingMarch(
      samples: samples, requested: requested, starts: found.flatMap(\.starts))
  }
}

/// The samples of a fixed range of rays, as distances.
private struct RecordedRays {
  /// Rays of one work item; fixed, so that results do not depend on threads.
  static let raysPerItem = 128
  var counts: [Int] = []
  var starts: [Float] = []
  var times: [Float] = []
}

extension RayMarcher {
  fileprivate func record(
    _ rays: RayBatch<Float>, _ intervals: RayIntervals<Float>, _ settings: MarchSettings,
    _ limit: Int, _ jitter: MarchJitter, _ pool: WorkerPool
  ) -> [RecordedRays] {
    let raysPerItem = RecordedRays.raysPerItem
    let limit = max(0, limit)
    let items = (rays.count + raysPerItem - 1) / raysPerItem
    var found = [RecordedRays](repeating: RecordedRays(), count: items)
    let smallest = settings.smallestStep
    found.withUnsafeMutableBufferPointer { found in
      pool.forEachRange(rays.count, size: raysPerItem) { range, _ in
        let fractions = jitter.fractions(range)
        var part = RecordedRays()
        part.counts.reserveCapacity(range.count)
        part.starts.reserveCapacity(range.count)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, limit)) { scratch in
          guard let times = scratch.baseAddress else { return }
          for ray in range {
            let (origin, direction) = rays[ray]
            var start = intervals.near[ray]
            if let fractions { start += smallest * fractions[ray - range.lowerBound] }
            let count = march(
              origin: origin, direction: direction, from: start, to: intervals.far[ray],
              limit: limit, into: times)
            part.counts.append(count)
            part.starts.append(start)
            part.times.append(contentsOf: UnsafeBufferPointer(start: times, count: count))
          }
        }
        found[range.lowerBound / raysPerItem] = part
      }
    }
    return found
  }

  /// Writes the rows of the rays of one item that have a span.
  fileprivate func write(
    _ part: RecordedRays, _ rays: RayBatch<Float>, _ spans: [RaySpan], item: Int,
    into columns: [UnsafeMutablePointer<Float>]
  ) {
    let firstRay = item * RecordedRays.raysPerItem
    part.times.withUnsafeBufferPointer { times in
      var read = 0
      for (index, count) in part.counts.enumerated() {
        let span = spans[firstRay + index]
        if span.count > 0 {
          let (o, d) = rays[firstRay + index]
          var last = part.starts[index]
          for sample in 0..<span.count {
            let row = span.offset + sample
            let t = times[read + sample]
            columns[0][row] = position(o.x, d.x, t)
            columns[1][row] = position(o.y, d.y, t)
            columns[2][row] = position(o.z, d.z, t)
            let step = self.step(at: t)
            let next = t + step
            columns[6][row] = step
            columns[7][row] = next - last
            last = next
          }
          for axis in 0..<3 {
            (columns[3 + axis] + span.offset).initialize(repeating: d[axis], count: span.count)
          }
        }
        read += count
      }
    }
  }
}

extension PointBudget {
  /// The number of rows, and the span of every ray after dropping what does not fit.
  fileprivate func fit(
    _ requested: [RaySpan], total: Int, settings: MarchSettings
  ) -> (rows: Int, spans: [RaySpan]) {
    guard case .original(let meanCount, let forceAllRays, let alignment) = self else {
      return (total, requested)
    }
    func padded(_ count: Int) -> Int {
      alignment > 0 ? count + alignment - count % alignment : count
    }
    let trims = forceAllRays || meanCount <= 0
    let capacity = trims ? requested.count * Swift.max(0, settings.maximumSteps) : padded(meanCount)
    let spans = requested.map { span in
      span.offset + span.count < capacity ? span : RaySpan(offset: span.offset, count: 0)
    }
    return (trims ? min(padded(total), capacity) : capacity, spans)
  }
}
