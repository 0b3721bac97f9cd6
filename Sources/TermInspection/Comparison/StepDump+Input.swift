public import Distill
public import NeRFCore

extension StepDump {
  /// A step like `input`, on the samples, with the background, and in the step and stage of the dump, as far as
  /// it has them.
  ///
  /// - Throws: ``ShapeError`` or ``ValueError`` naming an array that is missing or does not fit.
  public func input<T: RadianceScalar>(
    replacing input: StepInput<T>, rates: LossRates = LossRates()
  ) throws -> StepInput<T> {
    var result = input
    if let step {
      result.step = step
      result.featureRate = rates.featureRate(at: step)
    }
    if let stage { result.stage = stage }
    let samples = hasSamples ? try DumpedSamples(self) : nil
    if let samples {
      result.batch = samples.batch
      result.drawnRays = nil
    }
    let rays = result.batch.rayCount
    if let background = tensors["in.bg_color"] {
      if background.shape == [3] {
        result.background = background.values.map { T($0) }
      } else if let columns = try columns("in.bg_color", 3, count: rays) {
        let order = samples?.rays ?? Array(0..<rays)
        result.background = order.flatMap { ray in columns.map { T($0[ray]) } }
      }
    } else if samples != nil, result.background.count != 3 {
      // Drawn for other rays.
      result.background = [1, 1, 1]
    }
    return result
  }
}

extension StepInput {
  /// The same step in another precision.
  func converted<U: RadianceScalar>() -> StepInput<U> {
    StepInput<U>(
      step: step, stage: stage, featureRate: featureRate, batch: batch,
      background: background.map { U($0.double) }, drawnRays: drawnRays)
  }
}
