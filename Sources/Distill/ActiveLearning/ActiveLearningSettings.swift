/// Which levels of active learning a run has, and their constants.
public struct ActiveLearningSettings: Equatable, Sendable, Codable {
  /// Hard poses again; nil for not.
  public var image: HardPoseReplay.Settings?
  /// Hard rays again; nil for not.
  public var ray: HardRayReplay.Settings?
  /// Only the weightiest samples; nil for all.
  public var point: SampleSelection?

  /// No level.
  public init() {}

  /// The names of all levels, as ``init(levels:)`` takes them.
  public static let names = [HardPoseReplay.name, HardRayReplay.name, SampleSelection.name]

  /// Levels by name with the published constants; nil if one is unknown.
  public init?(levels: [String]) {
    for level in levels {
      switch level {
      case HardPoseReplay.name: image = HardPoseReplay.Settings()
      case HardRayReplay.name: ray = HardRayReplay.Settings()
      case SampleSelection.name: point = SampleSelection()
      default: return nil
      }
    }
  }

  /// Whether a run can take these constants: a file may claim anything.
  public var isUsable: Bool {
    let shares = [image?.share, ray?.share, point.map { Double($0.share) }].compactMap { $0 }
    let others = [image?.angle, ray?.start, point?.opacity].compactMap { $0 }
    return shares.allSatisfy { (0...1).contains($0) } && others.allSatisfy(\.isFinite)
      && (0...1 << 26).contains(ray?.capacity ?? 0)
  }

  /// The levels, at the start of a run.
  func makeLevels(_ compatibility: CompatibilityOptions) -> [any ActiveLevel] {
    var levels: [any ActiveLevel] = []
    if var image {
      if compatibility.misalignedPosePSNR { image.pairsInStorageOrder = true }
      levels.append(HardPoseReplay(image))
    }
    if let ray { levels.append(HardRayReplay(ray)) }
    if let point { levels.append(point) }
    return levels
  }
}
