import Distill
import Fields
import NeRFCore

/// Training steps of any field on rays of a fixed number of samples: forward, compositing on white, mean
/// squared error, gradients, AdamW on all parameters.
final class FieldTrainingStep<T: RadianceScalar> {
  /// Taps of the last step, in front of its update.
  let taps = FieldTaps<T>()
  /// The mean squared error of the last step.
  private(set) var loss = Double.nan

  private let pool: WorkerPool
  private let batch: SampleBatch
  private let targets: [T]
  private let evaluator: FieldEvaluator<T>
  private let optimizer: FieldOptimizer<T>
  private let cotangents = FieldTaps<T>()

  init(_ field: any RadianceField<T>, rays: Int, samplesPerRay: Int, pool: WorkerPool) throws {
    self.pool = pool
    evaluator = FieldEvaluator(field, pool: pool)
    var configuration = AdamWConfiguration()
    configuration.weightDecay = 0.01
    optimizer = FieldOptimizer(field, configuration: configuration)
    batch = try Self.samples(rays, samplesPerRay)
    targets = WorkloadRandom(seed: 803).numbers(3 * rays, 0, 1)
  }

  /// Points along segments between random points of the unit cube, in the field's box of ±1.
  private static func samples(_ rays: Int, _ samplesPerRay: Int) throws -> SampleBatch {
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

  func run() throws {
    let pixels = try PixelLoss(batch, targets: targets, background: [1, 1, 1])
    evaluator.accumulateGradients(batch, taps: taps, cotangents: cotangents) { rays in
      pixels.accumulate(rays, taps: taps, cotangents: cotangents)
    }
    loss = pixels.value
    let field = evaluator.field
    optimizer.step(
      reached: field.parametersReached(by: .full), primary: 1e-2, secondary: 1e-2, pool: pool)
  }
}
