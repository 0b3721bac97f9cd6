import Distill
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

  private let pool: WorkerPool
  private let batch: SampleBatch
  private let targets: [T]
  private let evaluator: FieldEvaluator<T>
  private let optimizer: FieldOptimizer<T>
  private let taps = FieldTaps<T>()
  private let cotangents = FieldTaps<T>()
  /// The mean squared error of the last step.
  public private(set) var loss = Double.nan

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.pool = pool
    let rays = size == .full ? 4096 : 16
    let field = HashField<T>(options: .workload(size), seed: 0)
    try field.parameters[0].load(
      WorkloadRandom(seed: 804).numbers(field.parameters[0].count, -0.1, 0.1))
    try loadHeads(field.parameters[1...], seed: 810)
    evaluator = FieldEvaluator(field, pool: pool)
    var configuration = AdamWConfiguration()
    configuration.weightDecay = 0.01
    optimizer = FieldOptimizer(field, configuration: configuration)
    batch = try Self.samples(rays)
    targets = WorkloadRandom(seed: 803).numbers(3 * rays, 0, 1)
  }

  /// Points along segments between random points of the unit cube, in the field's box of ±1.
  private static func samples(_ rays: Int) throws -> SampleBatch {
    let starts = WorkloadRandom(seed: 801).uniform(3 * rays, 0, 1).map(Double.init)
    let ends = WorkloadRandom(seed: 802).uniform(3 * rays, 0, 1).map(Double.init)
    var positions = [[Float]](repeating: [], count: 3)
    var directions = [[Float]](repeating: [], count: 3)
    var deltas: [Float] = []
    for ray in 0..<rays {
      let step = (0..<3).map { ends[3 * ray + $0] - starts[3 * ray + $0] }
      let length = step.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for sample in 0..<samplesPerRay {
        let share = (Double(sample) + 0.5) / Double(samplesPerRay)
        for axis in 0..<3 {
          positions[axis].append(Float(2 * (starts[3 * ray + axis] + step[axis] * share) - 1))
          directions[axis].append(Float(step[axis] / length))
        }
        deltas.append(Float(2 * length / Double(samplesPerRay)))
      }
    }
    return try SampleBatch(
      positions: positions, directions: directions, deltas: deltas, gaps: deltas,
      spans: (0..<rays).map { RaySpan(offset: $0 * samplesPerRay, count: samplesPerRay) })
  }

  public func run() throws {
    let pixels = try PixelLoss(batch, targets: targets, background: [1, 1, 1])
    evaluator.accumulateGradients(batch, taps: taps, cotangents: cotangents) { rays in
      pixels.accumulate(rays, taps: taps, cotangents: cotangents)
    }
    loss = pixels.value
    let field = evaluator.field
    optimizer.step(
      reached: field.parametersReached(by: .full), primary: 1e-2, secondary: 1e-2, pool: pool)
  }

  /// The loss and the pixels' densities and colours in front of the step; see ``DistillationWork/results()``.
  public func results() throws -> [(name: String, values: [T])] {
    [("loss", [T(loss)]), ("sigma", taps.densities), ("rgb", taps.colors.flatMap(\.self))]
  }
}
