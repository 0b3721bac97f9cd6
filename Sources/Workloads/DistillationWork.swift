import Distill
import Fields
public import NeRFCore

/// W9: a step of distillation from a hash field at 65,536 points: features, colours and log-densities.
final class DistillationWork<T: RadianceScalar> {
  private let pool: WorkerPool
  private let step: DistillationStep<T>
  private let optimizer: FieldOptimizer<T>
  private let batch: SampleBatch
  private(set) var loss: T.Sum = 0

  var student: any RadianceField<T> { step.student.field }

  init(student: any RadianceField<T>, size: WorkloadSize, pool: WorkerPool) throws {
    self.pool = pool
    let count = size == .full ? 65_536 : 300
    let teacher = HashField<T>(options: .workload(size), seed: 0)
    try teacher.parameters[0].load(
      WorkloadRandom(seed: 903).numbers(teacher.parameters[0].count, -0.1, 0.1))
    try loadHeads(teacher.parameters[1...], seed: 910)
    var rates = LossRates()
    (rates.features, rates.color, rates.density) = (0.002, 0.002, 0.002)
    step = DistillationStep(
      teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool),
      kind: .normL2, rates: rates)
    optimizer = FieldOptimizer(student)
    batch = try .workload(
      WorkloadRandom(seed: 901).points(count),
      directions: WorkloadRandom(seed: 902).directions(count))
  }

  func run() throws {
    let report = try step.accumulateGradients(
      batch, stage: .volume, featureRate: 0.002, background: [1, 1, 1])
    loss = report.total
    optimizer.step(
      reached: student.parametersReached(by: .full), primary: 1e-2, secondary: 1e-2, pool: pool)
  }

  /// The loss and the taps in front of the step. Parameters behind it are no comparison: Adam makes a step
  /// of full length out of a gradient that is rounding.
  func results() -> [(name: String, values: [T])] {
    [
      ("loss", [T(loss)]), ("teacher", step.teacherTaps.features.flatMap(\.self)),
      ("student", step.studentTaps.features.flatMap(\.self)),
      ("rgb", step.studentTaps.colors.flatMap(\.self)),
    ]
  }

  /// The teacher: its networks, and eight corners of fourteen levels.
  static var teacherCost: WorkloadCost {
    var cost =
      CountedCosts.hashReads(65_536) + CountedCosts.heads(65_536, backward: false)
    cost.operations += 65_536 * 14 * (8 * 4 + 12)
    cost.add(.reading, bytes: 65_536 * 4 * 6, footprint: 65_536 * 4 * 6)
    return cost
  }
}

/// W9 with a vector-matrix student.
public final class VectorMatrixDistillation<T: RadianceScalar>: Workload {
  public static var name: String { "W9vm" }
  public static var summary: String { "distillation step hash → vm, 65,536 points" }
  public static var modes: [WorkloadMode] { [.step] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let network: Double = 31 * 64 + 64 * 64 + 64 * 3
    // The optimiser clears the gradients; they are not cleared a second time.
    var factors = VectorMatrixWork<T>.factorCost(65_536, backward: true)
    factors.streams.removeLast()
    let parameters: Double = VectorMatrixWork<T>.factorCount + network + 144 * 15
    var cost: WorkloadCost = DistillationWork<T>.teacherCost + factors
    cost = cost + CountedCosts.adamW(parameters, clearing: true)
    var perPoint: Double = 6 * network - CountedCosts.directionGradient
    perPoint += CountedCosts.harmonics + 3 * CountedCosts.sigmoid
    cost.operations += 65_536 * perPoint
    return cost
  }

  private let work: DistillationWork<T>

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    var options = VMFieldOptions()
    if size == .check { options.resolution = [20, 20, 20] }
    let field = VMField<T>(options: options, seed: 0)
    try loadFactors(field, seed: 930)
    try loadHeads(field.parameters[13...], seed: 952)
    work = try DistillationWork(student: field, size: size, pool: pool)
  }

  public func run() throws { try work.run() }
  public func results() throws -> [(name: String, values: [T])] { work.results() }
}

/// W9 with a NeRF as student.
public final class MLPDistillation<T: RadianceScalar>: Workload {
  public static var name: String { "W9mlp" }
  public static var summary: String { "distillation step hash → mlp, 65,536 points" }
  public static var modes: [WorkloadMode] { [.step] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    DistillationWork<T>.teacherCost + TrunkWork<T>.cost(.backward)
      + CountedCosts.heads(65_536, backward: true)
      + CountedCosts.adamW(TrunkWork<T>.weights + HeadsWork<T>.weights, clearing: true)
  }

  private let work: DistillationWork<T>

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    let field = MLPField<T>(seed: 0)
    try loadTrunk(field, seed: 970)
    try loadHeads(field.parameters[16...], seed: 990)
    work = try DistillationWork(student: field, size: size, pool: pool)
  }

  public func run() throws { try work.run() }
  public func results() throws -> [(name: String, values: [T])] { work.results() }
}
