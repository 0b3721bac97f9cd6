import Fields
public import NeRFCore

/// W5: the two small networks of `hash` and `mlp` at 2¹⁸ given features.
public final class HeadsWork<T: RadianceScalar>: Workload {
  public static var name: String { "W5" }
  public static var summary: String { "networks 28→64→16 and 31→64→64→3, 262,144 points" }
  public static var modes: [WorkloadMode] { [.forward, .backward] }

  static var weights: Double { 28 * 64 + 64 * 16 + 31 * 64 + 64 * 64 + 64 * 3 }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let points = 262_144.0
    let isBackward = mode == .backward
    var cost = CountedCosts.heads(points, backward: isBackward)
    // Features and directions in, density and colour out; backward their cotangents in, d x out.
    let (inputs, outputs) = isBackward ? (35.0, 32.0) : (31, 4)
    let footprint = points * 4 * (inputs + outputs)
    cost.add(.reading, bytes: points * 4 * inputs, footprint: footprint)
    cost.add(.filling, bytes: points * 4 * outputs, footprint: footprint)
    return cost
  }

  private let mode: WorkloadMode
  private let field: GivenFeaturesField<T>
  private let evaluator: FieldEvaluator<T>
  private let batch: SampleBatch
  private let taps = FieldTaps<T>()
  private let cotangents: FieldTaps<T>

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.mode = mode
    let count = size == .full ? 262_144 : 700
    field = GivenFeaturesField(features: WorkloadRandom(seed: 501).numbers(28 * count), width: 28)
    try loadHeads(field.parameters[...], seed: 510)
    evaluator = FieldEvaluator(field, pool: pool)
    let zeros = [[Float]](repeating: [Float](repeating: 0, count: count), count: 3)
    batch = try .workload(zeros, directions: WorkloadRandom(seed: 502).directions(count))
    cotangents = FieldTaps(count: count)
    cotangents.fill(TapRow.density, 1, WorkloadRandom(seed: 503).numbers(count))
    cotangents.fill(TapRow.color, 3, WorkloadRandom(seed: 504).numbers(3 * count))
  }

  public func run() throws {
    guard mode == .backward else {
      return evaluator.forward(batch, detail: .full, into: taps, writingFeatures: false)
    }
    field.clearGradients(evaluator.pool)
    // Cotangents are there already.
    evaluator.accumulateGradients(batch, taps: taps, cotangents: cotangents) { _ in }
  }

  public func results() throws -> [(name: String, values: [T])] {
    let outputs = [("sigma", taps.densities), ("rgb", taps.colors.flatMap(\.self))]
    guard mode == .backward else { return outputs }
    return outputs + field.namedGradients() + [("d x", field.featureGradients)]
  }
}
