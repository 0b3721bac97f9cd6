import Fields
public import NeRFCore

/// W8: one training step of a hash field on 4096 rays of 64 samples.
///
/// Hash grid of 14 levels and 2¹⁹ rows, networks 28→64→16 and 31→64→64→3, compositing on white, mean
/// squared error, gradients of table and networks, AdamW on all 10.6 M parameters.
public final class HashTrainingStep<T: RadianceScalar>: Workload {
  public static var name: String { "W8" }
  public static var summary: String { "hash field training step, 4096 rays of 64 samples" }
  public static var modes: [WorkloadMode] { [.step] }

  private static var samplesPerRay: Int { 64 }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let samples = Double(4096 * samplesPerRay)
    // 0.6617 is the mean distance of two points of the unit cube.
    let reads = CountedCosts.hashReads(samples, spacing: 0.6617 / Double(samplesPerRay))
    // Rows of the table are read once and their gradients added to once.
    var cost =
      reads + reads + CountedCosts.heads(samples, backward: true)
      + CountedCosts.adamW(10_607_408 + HeadsWork<T>.weights, clearing: true)
    cost.operations +=
      samples
      * (2 * 14 * (8 * 4 + 12) + CountedCosts.compositing + CountedCosts.compositingGradient)
    // Positions, directions and steps.
    cost.add(.reading, bytes: samples * 4 * 8, footprint: samples * 4 * 8)
    return cost
  }

  private let step: FieldTrainingStep<T>
  /// The mean squared error of the last step.
  public var loss: Double { step.loss }

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    let field = HashField<T>(options: .workload(size), seed: 0)
    try field.parameters[0].load(
      WorkloadRandom(seed: 804).numbers(field.parameters[0].count, -0.1, 0.1))
    try loadHeads(field.parameters[1...], seed: 810)
    step = try FieldTrainingStep(
      field, rays: size == .full ? 4096 : 16, samplesPerRay: Self.samplesPerRay, pool: pool)
  }

  public func run() throws { try step.run() }

  /// The loss and the pixels' densities and colours in front of the step; see ``DistillationWork/results()``.
  public func results() throws -> [(name: String, values: [T])] {
    [
      ("loss", [T(loss)]), ("sigma", step.taps.densities),
      ("rgb", step.taps.colors.flatMap(\.self)),
    ]
  }
}
