import Fields
public import NeRFCore

/// W3: the factors of a vector-matrix field of 300³ at 2¹⁸ points.
public final class VectorMatrixWork<T: RadianceScalar>: Workload {
  public static var name: String { "W3" }
  public static var summary: String {
    "vector-matrix factors 300³, ranks 16 and 48, 262,144 points"
  }
  public static var modes: [WorkloadMode] { [.forward, .backward] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let points = 262_144.0
    // Every component of three planes: 2·4 for the plane, 2·2 for the line, 2 for their product; the basis.
    let operations = points * (3 * 64 * 14 + 2 * 144 * 15)
    // Four texels of a plane and two of a line are rows of 16 or 48 components: 64-byte lines.
    let lines = points * 3 * (4 + 2) * (1 + 3)
    guard mode == .backward else {
      return WorkloadCost(
        operations: operations, bytes: points * 4 * (3 + 16), randomAccesses: lines)
    }
    return WorkloadCost(
      operations: 3 * operations, bytes: points * 8 * (3 + 16) + 4 * 17_300_000,
      randomAccesses: 3 * lines)
  }

  private let mode: WorkloadMode
  private let evaluator: FieldEvaluator<T>
  private let batch: SampleBatch
  private let taps = FieldTaps<T>()
  private let cotangents: FieldTaps<T>

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.mode = mode
    let count = size == .full ? 262_144 : 700
    var options = VMFieldOptions()
    options.resolution = [Int](repeating: size == .full ? 300 : 20, count: 3)
    options.clampsColorFeatures = false
    // Raw sums: a clamp that nothing reaches.
    let field = VMField<T>(
      options: options, frame: FieldFrame(logDensityMinimum: -60, logDensityMaximum: 60), seed: 0)
    try loadFactors(field, seed: 310)
    evaluator = FieldEvaluator(field, pool: pool)
    batch = try .workload(WorkloadRandom(seed: 301).points(count))
    cotangents = FieldTaps(count: count, featureCount: 16)
    cotangents.fill(TapRow.logDensity, 1, WorkloadRandom(seed: 302).numbers(count))
    cotangents.fill(TapRow.features + 1, 15, WorkloadRandom(seed: 303).numbers(15 * count))
  }

  public func run() throws {
    evaluator.forward(batch, detail: .features, into: taps)
    guard mode == .backward else { return }
    evaluator.field.clearGradients(evaluator.pool)
    evaluator.backward(batch, detail: .features, taps: taps, cotangents: cotangents)
  }

  public func results() throws -> [(name: String, values: [T])] {
    [("sigma", taps.logDensities), ("color", taps.features.dropFirst().flatMap(\.self))]
      + (mode == .backward ? Array(evaluator.field.namedGradients().prefix(13)) : [])
  }
}

/// W4: a dense volume of 128³ and 28 channels at 2¹⁸ points.
public final class VolumeWork<T: RadianceScalar>: Workload {
  public static var name: String { "W4" }
  public static var summary: String { "dense volume 128³ of 28 channels, 262,144 points" }
  public static var modes: [WorkloadMode] { [.forward, .backward] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let points = 262_144.0
    // Eight corners of 28 channels: two 64-byte lines each.
    let (operations, lines) = (points * 2 * 8 * 28, points * 8 * 2)
    guard mode == .backward else {
      return WorkloadCost(operations: operations, bytes: points * 4 * 10, randomAccesses: lines)
    }
    // The gradient of the volume is cleared, 235 MB.
    return WorkloadCost(
      operations: 2 * operations, bytes: points * 8 * 10 + 4 * 28 * 2_097_152,
      randomAccesses: 2 * lines)
  }

  private let mode: WorkloadMode
  private let evaluator: FieldEvaluator<T>
  private let batch: SampleBatch
  private let taps = FieldTaps<T>()
  private let cotangents: FieldTaps<T>

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.mode = mode
    let count = size == .full ? 262_144 : 700
    var options = TensorsFieldOptions()
    options.resolution = [Int](repeating: size == .full ? 128 : 12, count: 3)
    let field = TensorsField<T>(options: options, seed: 0)
    try field.parameters[0].load(
      WorkloadRandom(seed: 403).numbers(field.parameters[0].count, -0.5, 0.5))
    evaluator = FieldEvaluator(field, pool: pool)
    batch = try .workload(
      WorkloadRandom(seed: 401).points(count),
      directions: WorkloadRandom(seed: 402).directions(count))
    cotangents = FieldTaps(count: count)
    cotangents.fill(TapRow.density, 1, WorkloadRandom(seed: 404).numbers(count))
    cotangents.fill(TapRow.color, 3, WorkloadRandom(seed: 405).numbers(3 * count))
  }

  public func run() throws {
    guard mode == .backward else { return evaluator.forward(batch, detail: .full, into: taps) }
    evaluator.field.clearGradients(evaluator.pool)
    // Cotangents are there already.
    evaluator.accumulateGradients(batch, taps: taps, cotangents: cotangents) { _ in }
  }

  public func results() throws -> [(name: String, values: [T])] {
    [("sigma", taps.densities), ("rgb", taps.colors.flatMap(\.self))]
      + (mode == .backward ? evaluator.field.namedGradients() : [])
  }
}
