public import NeRFCore
public import Fields

/// Where the virtual cameras of a distillation stand.
public enum PoseSource: Equatable, Sendable {
  /// Fresh random poses every epoch, and behind them others that are the same in all.
  case random(RandomPoseSet, scale: Double, adding: [CameraPose] = [])
  /// The poses of a data set; the targets are still the teacher's renderings.
  case given([CameraPose])
}

/// Settings of a distillation.
public struct DistillerSettings: Equatable, Sendable, Codable {
  /// Steps of the run; the schedule ends with it.
  public var iterations: Int
  /// Rate of the main groups.
  public var learningRate: Double
  /// Rate of the small networks of a `vm` student.
  public var secondaryRate = 1e-3
  /// Floor of the cosine schedule, absolute, for every group.
  public var minimumRate = 7e-5
  /// Constants of AdamW.
  public var optimizer = AdamWConfiguration()
  /// When the stages change.
  public var stages: StageSchedule
  /// How blocks are compared.
  public var lossKind = LossKind.normL2
  /// Weights of the terms.
  public var rates = LossRates()
  /// Rays and samples per step.
  public var sampling: SamplingSettings
  /// Whether `sigma_net` and `color_net` keep their inherited weights.
  public var fixesNetworks = false
  /// Whether rays see random backgrounds (else white).
  public var randomBackground = true
  /// Seed of the run.
  public var seed: UInt64
  /// Nearest distance at which a march starts.
  public var minimumNear = 0.2
  /// Behaviour switches.
  public var compatibility = CompatibilityOptions.reference
  /// Levels of active learning; nil for none. They see the steps of stage 3.
  public var activeLearning: ActiveLearningSettings?

  /// Defaults that suit a run of some minutes on a few cores.
  ///
  /// The published settings take 4096 rays of one pose per step, and evaluate the samples behind
  /// opaque surfaces too. Here a step has sixteen poses, leaves out what the teacher hides, and takes
  /// as many rays as come to a fixed number of samples. Stage 3 comes late, see
  /// ``StageSchedule/short(iterations:)``. Rates are above the published ones, which suit runs of
  /// hours: twice for `hash` and `vm`, four times for `mlp`, ten times for `tensors`.
  public init(student: Architecture, iterations: Int, seed: UInt64 = 0) {
    self.iterations = iterations
    self.seed = seed
    switch student {
    case .hash, .vm: learningRate = 2e-2
    case .mlp: learningRate = 4e-3
    // A volume's log-density moves by about one rate a step: a short run needs a high one.
    case .tensors: learningRate = 1e-1
    }
    stages = .short(iterations: iterations)
    sampling = SamplingSettings(
      rays: 1024, targetSamples: student == .mlp ? 1 << 13 : 1 << 16, maximumRays: 1 << 14,
      hiddenTransmittance: 1e-4, viewsPerStep: 16)
  }

  /// The published settings.
  public static func published(
    student: Architecture, iterations: Int = 30_000, seed: UInt64 = 0
  ) -> DistillerSettings {
    var settings = DistillerSettings(student: student, iterations: iterations, seed: seed)
    settings.stages = .published
    settings.learningRate = student == .mlp ? 1e-3 : 1e-2
    settings.sampling = SamplingSettings(
      rays: 4096, targetSamples: 0, maximumRays: 4096, hiddenTransmittance: 0, viewsPerStep: 1)
    return settings
  }
}
