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
    factorCost(262_144, backward: mode == .backward)
  }

  /// Numbers in the planes and lines of ranks 16 and 48.
  static var factorCount: Double { 3 * 64 * (300 * 300 + 300) }

  /// Points in factors of 300 texels a side, texel by texel with the ranks innermost.
  static func factorCost(_ points: Double, backward: Bool) -> WorkloadCost {
    var cost = reads(points)
    // Every component of three planes: 2·4 for the plane, 2·2 for the line, 2 for their product; the basis.
    cost.operations = points * (3 * 64 * 14 + 2 * 144 * 15)
    let footprint = points * 4 * (3 + 16)
    cost.add(.reading, bytes: points * 4 * 3, footprint: footprint)
    cost.add(.filling, bytes: points * 4 * 16, footprint: footprint)
    guard backward else { return cost }
    // The gradients have the shapes of the factors, and are cleared first; cotangents in.
    cost = cost + reads(points)
    cost.operations *= 3
    cost.add(.reading, bytes: points * 4 * (3 + 16), footprint: 2 * footprint)
    cost.add(.filling, bytes: 4 * factorCount, footprint: 4 * factorCount)
    return cost
  }

  /// A point meets two rows of a plane, each with two neighbouring texels, and two neighbouring texels of
  /// a line: runs of 2 · 16 or 2 · 48 numbers.
  private static func reads(_ points: Double) -> WorkloadCost {
    var cost = WorkloadCost()
    for rank in [16, 48] {
      let run = Double(2 * 4 * rank)
      cost.add(runs: 3 * 2 * points, ofBytes: run, inTableOf: 4 * 300 * 300 * rank)
      cost.add(runs: 3 * points, ofBytes: run, inTableOf: 4 * 300 * rank)
    }
    return cost
  }

  private let mode: WorkloadMode
  private let evaluator: FieldEvaluator<T>
  private let batch: SampleBatch
  private let taps = FieldTaps<T>()
  private let cotangents: FieldTaps<T>
  /// Otherwise the backward pass would look everything up once more.
  private let store = ActivationStore<T>()

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
    guard mode == .backward else {
      return evaluator.forward(batch, detail: .features, into: taps)
    }
    evaluator.forward(batch, detail: .features, into: taps, keeping: store)
    evaluator.field.clearGradients(evaluator.pool)
    evaluator.backward(
      batch, detail: .features, taps: taps, cotangents: cotangents, store: store)
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
    let volume = 4 * 28 * 2_097_152
    // Four runs of two voxels of 28 channels.
    func meetVolume(_ cost: inout WorkloadCost) {
      cost.add(runs: 4 * points, ofBytes: 2 * 4 * 28, inTableOf: volume)
    }
    var cost = WorkloadCost()
    meetVolume(&cost)
    // Interpolation, nine harmonics and their sums with three times nine channels, and what follows.
    cost.operations =
      points
      * (2 * 8 * 28 + 20 + 2 * 27 + CountedCosts.exponential + 3 * CountedCosts.sigmoid)
    cost.add(.reading, bytes: points * 4 * 6, footprint: points * 4 * 14)
    cost.add(.filling, bytes: points * 4 * 4, footprint: points * 4 * 14)
    guard mode == .backward else { return cost }
    meetVolume(&cost)
    cost.operations += points * (2 * 8 * 28 + 2 * 27)
    cost.add(.reading, bytes: points * 4 * 4, footprint: points * 4 * 14)
    // The gradient of the volume is cleared, 235 MB.
    cost.add(.filling, bytes: Double(volume), footprint: Double(volume))
    return cost
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
    guard mode == .backward else {
      return evaluator.forward(batch, detail: .full, into: taps, writingFeatures: false)
    }
    evaluator.field.clearGradients(evaluator.pool)
    // Cotangents are there already.
    evaluator.accumulateGradients(batch, taps: taps, cotangents: cotangents) { _ in }
  }

  public func results() throws -> [(name: String, values: [T])] {
    [("sigma", taps.densities), ("rgb", taps.colors.flatMap(\.self))]
      + (mode == .backward ? evaluator.field.namedGradients() : [])
  }
}
