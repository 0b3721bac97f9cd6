/// The stages of a distillation in which levels of active learning act.
///
/// Elsewhere they neither replay, nor select, nor learn. The released program of PVD-AL has no other stage than the third. In stage 2
/// rays are composited for the levels alone; in stage 1 there is nothing to composite.
public struct ActiveStages: Equatable, Sendable, Codable {
  /// ``DistillationStage/volume`` or ``DistillationStage/image``.
  public var first = DistillationStage.image
  /// Not before ``first``.
  public var last = DistillationStage.image

  /// The third.
  public init() {}

  /// Whether levels act in `stage`.
  public func contains(_ stage: DistillationStage) -> Bool {
    stage != .features
      && (first.rawValue...max(first.rawValue, last.rawValue)).contains(stage.rawValue)
  }
}
