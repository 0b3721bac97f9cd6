/// What one training step did.
public struct StepReport: Sendable {
  /// The step, from 1.
  public var step: Int
  /// The loss that was minimised.
  public var loss: Double
  /// Mean squared error of the rendered pixels; nil where nothing was rendered.
  public var meanSquaredError: Double?
  /// Rays of the step.
  public var rays: Int
  /// Samples before hidden ones were dropped.
  public var marched: Int
  /// Samples that were computed in full.
  public var samples: Int
  /// The terms of a distillation step.
  public var terms: LossReport?
  /// Its stage.
  public var stage: DistillationStage?
}
