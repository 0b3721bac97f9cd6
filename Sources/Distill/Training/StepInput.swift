public import NeRFCore

/// What a distillation step is evaluated on, apart from the fields.
public struct StepInput<T: RadianceScalar>: Sendable {
  /// The step, from 1.
  public var step: Int
  /// Which terms there are.
  public var stage: DistillationStage
  /// ρ of the step.
  public var featureRate: Double
  /// The samples that teacher and student share.
  public var batch: SampleBatch
  /// rgb behind every ray, `[rays, 3]` or `[3]`.
  public var background: [T]
  /// Rays that were drawn from images; active learning may have added others behind them. nil: all.
  public var drawnRays: Int?

  /// All of it.
  public init(
    step: Int = 1, stage: DistillationStage, featureRate: Double, batch: SampleBatch,
    background: [T], drawnRays: Int? = nil
  ) {
    self.step = step
    self.stage = stage
    self.featureRate = featureRate
    self.batch = batch
    self.background = background
    self.drawnRays = drawnRays
  }

  /// The first rays, as many as have no more than `samples` samples (but at least one), without padding.
  ///
  /// - Throws: Nothing for an input whose background fits its batch.
  public func prefix(samples: Int) throws -> StepInput { try prefix(samples: samples, as: T.self) }

  /// The first rays in another precision.
  package func prefix<U: RadianceScalar>(samples: Int, as: U.Type) throws -> StepInput<U> {
    let keepsAll = batch.count <= samples
    var rays = 0
    var rows = 0
    for span in batch.spans {
      guard rays == 0 || rows + span.count <= samples else { break }
      rays += 1
      rows += span.count
    }
    if keepsAll { (rays, rows) = (batch.rayCount, batch.count) }
    let part = try SampleBatch(
      positions: batch.positions.map { Array($0[..<rows]) },
      directions: batch.directions.map { Array($0[..<rows]) },
      deltas: Array(batch.deltas[..<rows]), gaps: Array(batch.gaps[..<rows]),
      spans: Array(batch.spans[..<rays]))
    let perRay = background.count != 3 || batch.rayCount == 1
    return StepInput<U>(
      step: step, stage: stage, featureRate: featureRate, batch: part,
      background: (perRay ? Array(background.prefix(3 * rays)) : background).map { U(Double($0)) },
      drawnRays: drawnRays.map { min($0, rays) })
  }
}

extension RadianceScalar {
  /// As a number that reports can hold.
  package var double: Double { Double(self) }
}
