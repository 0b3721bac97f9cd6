/// Which levels of active learning a run has, and their constants.
public struct ActiveLearningSettings: Equatable, Sendable, Codable {
  /// Hard poses again; nil for not.
  public var image: HardPoseReplay.Settings?
  /// Hard rays again; nil for not.
  public var ray: HardRayReplay.Settings?
  /// Only the weightiest samples; nil for all.
  public var point: SampleSelection?

  /// The stages in which they act.
  public var stages = ActiveStages()

  /// No level.
  public init() {}

  /// The names of all levels, as ``init(levels:)`` takes them.
  public static let names = [HardPoseReplay.name, HardRayReplay.name, SampleSelection.name]

  /// For how long a run the constants are made.
  public enum Scale: String, Sendable, Codable, CaseIterable {
    /// As published, for tens of thousands of steps.
    case published
    /// For some minutes on a few cores, see `Docs/ActiveLearning.md`.
    case cpu
  }

  /// Levels by name; nil if one is unknown.
  public init?(levels: [String], scale: Scale = .published) {
    for level in levels {
      switch level {
      case HardPoseReplay.name: image = HardPoseReplay.Settings()
      case HardRayReplay.name: ray = HardRayReplay.Settings()
      case SampleSelection.name: point = SampleSelection()
      default: return nil
      }
    }
    guard scale == .cpu else { return }
    image?.share = Self.cpuShare
    ray?.share = Self.cpuShare
    ray?.capacity = Self.cpuRayCapacity
    stages.first = .volume
    stages.last = .volume
  }

  /// Twice the published share: such a run has few epochs.
  private static let cpuShare = 0.2
  /// Hard rays of about ten steps of some hundred rays: a pool that a short run fills early and goes through often.
  private static let cpuRayCapacity = 512

  /// Files of earlier versions lack newer keys.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    image = try values.decodeIfPresent(HardPoseReplay.Settings.self, forKey: .image)
    ray = try values.decodeIfPresent(HardRayReplay.Settings.self, forKey: .ray)
    point = try values.decodeIfPresent(SampleSelection.self, forKey: .point)
    stages = try values.decodeIfPresent(ActiveStages.self, forKey: .stages) ?? ActiveStages()
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
      if compatibility.posePSNRWithReplayedRays { image.countsReplayedRays = true }
      levels.append(HardPoseReplay(image))
    }
    if let ray { levels.append(HardRayReplay(ray)) }
    if let point { levels.append(point) }
    return levels
  }
}
