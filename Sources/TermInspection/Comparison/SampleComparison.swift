public import NeRFCore

/// What the march of a step went through.
public struct MarchReplay: Sendable {
  public var grid: OccupancyGrid
  public var minimumNear: Float
  public var settings: MarchSettings

  public init(grid: OccupancyGrid, minimumNear: Float, settings: MarchSettings) {
    self.grid = grid
    self.minimumNear = minimumNear
    self.settings = settings
  }
}

/// Marches the rays of a dump again and compares the samples.
struct SampleComparison {
  let dump: StepDump
  let samples: DumpedSamples
  let bounds: ComparisonBounds
  let pool: WorkerPool

  /// The march, if the dump has its rays.
  ///
  /// The offset of a ray's first sample is free: it is read from the dump, and the rest must follow from it.
  func march(_ replay: MarchReplay, bound: Double, fixedJitter: Bool) throws
    -> StepComparison.Quantity?
  {
    let count = samples.rays.count
    guard let origins = try dump.columns("in.rays_o", 3, count: count),
      let directions = try dump.columns("in.rays_d", 3, count: count)
    else { return nil }
    func floats(_ columns: [[Double]]) -> [[Float]] { columns.map { $0.map { Float($0) } } }
    let rays = try RayBatch<Float>(origins: floats(origins), directions: floats(directions))
    let intervals = rays.intervals(
      in: AxisAlignedBox(halfSize: bound), minimumNear: replay.minimumNear)
    func marched(_ jitter: MarchJitter) throws -> StepComparison.Quantity {
      let march = try replay.grid.march(
        rays, intervals: intervals, settings: replay.settings, jitter: jitter, pool: pool)
      return quantity(march.samples, origins: rays.origins)
    }
    let fixed = try marched(.fixedPCG32)
    if fixed.verdict == .agrees {
      return fixedJitter ? fixed : fixed.explained(by: [.fixedMarchJitter])
    }
    let plain = try marched(.none)
    if plain.verdict == .agrees { return plain.explained(by: [.noJitter]) }
    var own = try marched(
      .given(offsets(rays, near: intervals.near, step: replay.settings.smallestStep)))
    if own.verdict != .agrees { own.note = "Offsets were read from the first sample of each ray" }
    return own
  }

  /// What was added before the first sample, as a fraction of a step.
  private func offsets(_ rays: RayBatch<Float>, near: [Float], step: Float) -> [Float] {
    let batch = samples.batch
    var result = [Float](repeating: 0, count: rays.count)
    for (number, span) in zip(samples.rays, batch.spans) where span.count > 0 {
      let (origin, direction) = rays[number]
      let first = SIMD3(
        batch.positions[0][span.offset], batch.positions[1][span.offset],
        batch.positions[2][span.offset])
      let distance = ((first - origin) * direction).sum() / (direction * direction).sum()
      let steps = (distance - near[number]) / step
      let fraction = steps - steps.rounded(.down)
      // A march without offset rounds to just below a whole step.
      result[number] = fraction < 0.9999 ? max(fraction, 0) : 0
    }
    return result
  }

  private func quantity(_ marched: SampleBatch, origins: [[Float]]) -> StepComparison.Quantity {
    let batch = samples.batch
    var expected: [Double] = []
    var actual: [Double] = []
    var limits: [Double] = []
    var places: [ElementPlace] = []
    for (number, other) in zip(samples.rays, batch.spans) where !samples.dropped.contains(number) {
      let own = marched.spans[number]
      guard own.count == other.count else {
        // A ray with another number of samples counts as one element: its count.
        expected.append(Double(own.count))
        actual.append(Double(other.count))
        limits.append(0)
        places.append((number, nil, number))
        continue
      }
      for k in 0..<own.count {
        let (from, to) = (own.offset + k, other.offset + k)
        func add(_ a: Float, _ b: Float, _ index: Int, reach: Double) {
          expected.append(Double(a))
          actual.append(Double(b))
          limits.append(bounds.position(reach: reach))
          places.append((index, to, number))
        }
        for axis in 0..<3 {
          let position = marched.positions[axis][from]
          // The distance along the ray rounds, and the ray starts far from the origin.
          let reach = 1 + Double(abs(origins[axis][number]))
          add(position, batch.positions[axis][to], 3 * to + axis, reach: reach)
        }
        add(marched.deltas[from], batch.deltas[to], to, reach: 4)
      }
    }
    return StepComparison.Quantity(
      "in.xyzs", .samples, expected: expected, actual: actual, bounds: limits
    ) { places[$0] }
  }

  /// Where the teacher was evaluated, if the dump says so.
  func teacherPositions() throws -> (quantity: StepComparison.Quantity, batch: SampleBatch)? {
    let batch = samples.batch
    guard let positions = try dump.columns("in.teacher.xyzs", 3, count: batch.count) else {
      return nil
    }
    let rows = batch.count
    let rays = batch.rayOfRow
    let elements = 0..<3 * rows
    let expected = elements.map { Double(batch.positions[$0 % 3][$0 / 3]) }
    let actual = elements.map { positions[$0 % 3][$0 / 3] }
    let quantity = StepComparison.Quantity(
      "in.teacher.xyzs", .samples, expected: expected, actual: actual,
      bounds: expected.map { bounds.position(reach: 1 + abs($0)) }
    ) { ($0, $0 / 3, rays[$0 / 3].map { samples.rays[$0] }) }
    let other = try SampleBatch(
      positions: positions.map { $0.map { Float($0) } }, directions: batch.directions,
      deltas: batch.deltas, gaps: batch.gaps, spans: batch.spans)
    return (quantity.verdict == .agrees ? quantity : quantity.explained(by: [.otherSamples]), other)
  }
}

extension SampleBatch {
  /// The ray of every row; nil for padding.
  var rayOfRow: [Int?] {
    var result = [Int?](repeating: nil, count: count)
    for (ray, span) in spans.enumerated() {
      for row in span.offset..<span.offset + span.count { result[row] = ray }
    }
    return result
  }
}
