import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Gradients ray by ray")
struct RayPassTests {
  /// Rays of very different lengths: empty ones, one longer than four tiles, some across tiles.
  private static let counts =
    [0, 3, 0, 300, 1100, 1, 40, 0, 500] + [Int](repeating: 61, count: 40) + [0, 0, 7, 0]

  private func batch(_ counts: [Int], padding: Int = 0) throws -> SampleBatch {
    let points = try randomBatch(counts.reduce(0, +), seed: 11)
    var next = 0
    let spans = counts.map { count in
      defer { next += count }
      return RaySpan(offset: next, count: count)
    }
    let extra = [Float](repeating: 0, count: padding)
    let steps = SplitMix64.steps(points.count, seed: 12)
    return try SampleBatch(
      positions: points.positions.map { $0 + extra },
      directions: points.directions.map { $0 + extra }, deltas: steps + extra,
      gaps: steps + extra, spans: spans)
  }

  private func targets<T: RadianceScalar>(_ rays: Int, seed: UInt64) -> [T] {
    var random = SplitMix64(seed: seed)
    return random.floats(3 * rays, in: 0...1).map { T($0) }
  }

  /// The loss and all gradients, taken ray by ray.
  private func rayByRay<T: RadianceScalar>(
    _ field: any RadianceField<T>, _ batch: SampleBatch, threads: Int,
    evaluator: FieldEvaluator<T>? = nil
  ) throws -> (loss: Double, gradients: [[T]]) {
    let loss = try PixelLoss<T>(
      batch, targets: targets(batch.rayCount, seed: 13),
      background: targets(batch.rayCount, seed: 14))
    // Rows of different strides, as after a larger batch.
    let (taps, cotangents) = (FieldTaps<T>(count: batch.count + 500), FieldTaps<T>())
    for parameter in field.parameters { parameter.gradient.fill(0) }
    let evaluator = evaluator ?? FieldEvaluator(field, pool: WorkerPool(threads: threads))
    evaluator.accumulateGradients(batch, taps: taps, cotangents: cotangents) {
      loss.accumulate($0, taps: taps, cotangents: cotangents)
    }
    #expect(taps.count == batch.count && taps.featureCount == 0)
    return (loss.value, field.parameters.map { $0.exportedGradient() })
  }

  /// The same by passes over the whole batch.
  private func wholeBatch(
    _ field: any RadianceField<Double>, _ batch: SampleBatch
  ) throws -> (loss: Double, gradients: [[Double]]) {
    let pool = WorkerPool(threads: 1)
    let evaluator = FieldEvaluator(field, pool: pool)
    let (taps, cotangents) = (
      FieldTaps<Double>(),
      FieldTaps<Double>(count: batch.count, featureCount: field.featureCount)
    )
    for parameter in field.parameters { parameter.gradient.fill(0) }
    evaluator.forward(batch, detail: .full, into: taps)
    let colors = taps.interleavedColors(pool: pool)
    let rays = try batch.composite(
      densities: taps.densities.span, colors: colors.span, pool: pool)
    let background: [Double] = targets(batch.rayCount, seed: 14)
    let pixels = try rays.pixels(over: background)
    let errors = zip(pixels, targets(batch.rayCount, seed: 13) as [Double]).map { $0 - $1 }
    let slopes = errors.map { 2 * $0 / Double(errors.count) }
    let gradients = try batch.compositeGradients(
      rays, colors: colors.span, imageGradients: slopes,
      opacityGradients: CompositedRays.opacityGradients(
        imageGradients: slopes, background: background), pool: pool)
    cotangents.clear()
    cotangents.addCompositing(gradients, pool: pool)
    evaluator.backward(batch, detail: .full, taps: taps, cotangents: cotangents)
    return (
      errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count),
      field.parameters.map { $0.exportedGradient() }
    )
  }

  @Test("give what passes over the whole batch give", arguments: SmallFields.configurations)
  func equalsPasses(configuration: FieldConfiguration) throws {
    let batch = try batch(Self.counts, padding: 70)
    let field = try SmallFields.field(configuration, as: Double.self)
    let expected = try wholeBatch(field, batch)
    let actual = try rayByRay(field, batch, threads: 2)
    #expect(abs(actual.loss - expected.loss) <= 1e-14 * expected.loss)
    for (index, parameter) in field.parameters.enumerated() {
      let comparison = Comparison(
        parameter.name, actual: actual.gradients[index], expected: expected.gradients[index],
        .reference, scale: expected.gradients[index].map(abs).max() ?? 0)
      #expect(comparison.passed, "\(comparison)")
      #expect(expected.gradients[index].contains { $0 != 0 })
    }
  }

  @Test(
    "rows behind the last ray add nothing that an earlier pass left there",
    arguments: SmallFields.configurations)
  func leftovers(configuration: FieldConfiguration) throws {
    let (long, short) = (try batch([600, 300]), try batch([300, 200], padding: 400))
    let field = try SmallFields.field(configuration, as: Float.self)
    let alone = try rayByRay(field, short, threads: 1)
    let evaluator = FieldEvaluator(field, pool: WorkerPool(threads: 1))
    _ = try rayByRay(field, long, threads: 1, evaluator: evaluator)
    let after = try rayByRay(field, short, threads: 1, evaluator: evaluator)
    #expect(after.gradients == alone.gradients)
  }

  @Test("have the same bits with one, two and three threads", arguments: SmallFields.configurations)
  func threads(configuration: FieldConfiguration) throws {
    let batch = try batch(Self.counts + Self.counts + Self.counts)
    let field = try SmallFields.field(configuration, as: Float.self)
    let results = try (1...3).map { try rayByRay(field, batch, threads: $0) }
    for result in results.dropFirst() {
      #expect(result.loss == results[0].loss && result.gradients == results[0].gradients)
    }
  }

  @Test("count the background of rays without samples, and accept a batch of nothing else")
  func empty() throws {
    let field = try SmallFields.field(SmallFields.configurations[0], as: Double.self)
    let batch = try batch([0, 0, 0])
    let result = try rayByRay(field, batch, threads: 2)
    let pairs = zip(targets(3, seed: 14) as [Double], targets(3, seed: 13) as [Double])
    let expected = pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 9
    #expect(abs(result.loss - expected) < 1e-15)
    #expect(result.gradients.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  @Test("targets and backgrounds of other sizes are refused")
  func shapes() throws {
    let batch = try batch([2, 3])
    #expect(throws: ShapeError.self) {
      try PixelLoss<Float>(batch, targets: [1, 2, 3], background: [0, 0, 0])
    }
    #expect(throws: ShapeError.self) {
      try PixelLoss<Float>(batch, targets: [Float](repeating: 0, count: 6), background: [0, 0])
    }
  }
}

extension SplitMix64 {
  fileprivate static func steps(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix64(seed: seed)
    return random.floats(count, in: 0.005...0.05)
  }
}
