public import Fields
public import NeRFCore

/// Where the virtual cameras of a distillation stand.
public enum PoseSource: Equatable, Sendable {
  /// Fresh random poses every epoch.
  case random(RandomPoseSet, scale: Double)
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

/// Progressive volume distillation: turns one field into another, without photographs.
///
/// A frozen teacher and a student are evaluated at the same samples of rays from virtual cameras.
/// What is compared grows from features over volumes to images; see ``DistillationStep``. The student
/// marches with the teacher's occupancy grid. Fang et al. (2023).
public final class Distiller {
  /// The frozen field; see ``CompatibilityOptions/clampVMColorFeatures`` for a `vm` field.
  public let teacher: any RadianceField<Float>
  /// The field that learns.
  public let student: any RadianceField<Float>
  /// What the run was told.
  public let settings: DistillerSettings
  /// The teacher's occupancy grid, inherited by the student.
  public internal(set) var grid: OccupancyGrid
  /// Steps done.
  public internal(set) var step = 0
  /// The optimiser with its moments.
  public let optimizer: FieldOptimizer<Float>
  /// Where the time went.
  public private(set) var times = PhaseTimes()
  /// Loss and gradients of single steps.
  public let distillation: DistillationStep<Float>

  private let camera: Camera
  private let poses: PoseSource
  private let pool: WorkerPool
  private let sampler: RaySampler
  private let feed: SampleFeed
  private let schedule: LearningRateSchedule
  private let taps = FieldTaps<Float>()
  private var poseCache: (epoch: Int, poses: [CameraPose]) = (-1, [])
  var budget: RayBudget

  /// - Parameters:
  ///   - camera: Size and intrinsics of the virtual cameras; its pose is not used.
  ///   - inherits: Whether the student starts with the tensors both fields have by name. Fields of one
  ///     type start apart unless the compatibility switch says otherwise.
  /// - Throws: ``ShapeError`` if a shared tensor has another shape, ``ValueError`` if there is no
  ///   pose.
  public init(
    teacher: any RadianceField<Float>, student: any RadianceField<Float>, grid: OccupancyGrid,
    camera: Camera, poses: PoseSource, settings: DistillerSettings, inherits: Bool = true,
    pool: WorkerPool
  ) throws {
    let teacher = try teacher.asTeacher(settings.compatibility)
    self.teacher = teacher
    self.student = student
    self.grid = grid
    self.camera = camera
    self.poses = poses
    self.settings = settings
    self.pool = pool
    if case .given(let given) = poses, given.isEmpty {
      throw ValueError(
        in: "Distiller.init", "poses", expected: "at least 1", actual: "0",
        fix: "Pass the poses of a scene, or use random ones.")
    }
    let sameType = teacher.architecture == student.architecture
    if inherits && (!sameType || settings.compatibility.inheritSameType) {
      try student.inherit(from: teacher)
    }
    distillation = DistillationStep(
      teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool),
      kind: settings.lossKind, rates: settings.rates, compatibility: settings.compatibility)
    optimizer = FieldOptimizer(
      student, configuration: settings.optimizer,
      frozen: settings.fixesNetworks ? Self.networks(of: student) : [])
    sampler = RaySampler(seed: settings.seed, viewsPerStep: settings.sampling.viewsPerStep)
    feed = SampleFeed(
      settings: settings.sampling, bound: student.frame.bound,
      minimumNear: Float(settings.minimumNear))
    schedule = .cosine(iterations: settings.iterations, minimum: settings.minimumRate)
    budget = RayBudget(settings.sampling)
  }

  private static func networks(of field: any RadianceField<Float>) -> Set<Int> {
    Set(
      field.parameters.indices.filter {
        let name = field.parameters[$0].name
        return name.hasPrefix("sigma_net.") || name.hasPrefix("color_net.")
      })
  }

  /// The stage of the next step.
  public var nextStage: DistillationStage {
    settings.stages.stage(
      of: step + 1, comparesFeatures: distillation.comparesFeatures)
  }

  /// What the next step will be evaluated on; asking changes nothing.
  public func nextInput() throws -> StepInput<Float> { try drawNext().input }

  /// Takes one step.
  public func advance() throws -> StepReport {
    let (input, rays, marched) = try drawNext()
    let losses = try times.measure("stage \(input.stage.rawValue)") {
      try distillation.accumulateGradients(
        input.batch, stage: input.stage, featureRate: input.featureRate,
        background: input.background)
    }
    times.measure("optimiser") {
      optimizer.step(
        reached: student.parametersReached(by: input.stage.detail),
        primary: schedule.rate(initial: settings.learningRate, after: step),
        secondary: schedule.rate(initial: settings.secondaryRate, after: step), pool: pool)
    }
    step = input.step
    budget.record(marched: marched, kept: input.batch.usedCount)
    return StepReport(
      step: step, loss: losses.total,
      meanSquaredError: input.stage == .image ? losses.meanSquaredError : nil,
      rays: rays, marched: marched, samples: input.batch.usedCount, terms: losses,
      stage: input.stage)
  }

  private func drawNext() throws -> (input: StepInput<Float>, rays: Int, marched: Int) {
    let number = step + 1
    let drawn = try times.measure("rays") {
      try sampler.draw(
        step: number, rayCount: budget.rays, cameras: cameras(step: number), views: nil,
        randomBackground: settings.randomBackground)
    }
    let compatibility = settings.compatibility
    let samples = try times.measure("march") {
      try feed.samples(
        for: drawn.rays, grid: grid,
        jitter: compatibility.fixedMarchJitter
          ? .fixedPCG32 : .random(seed: settings.seed, step: number),
        budget: compatibility.meanCountBudget
          ? .original(meanCount: grid.marchStatistics.meanCount) : .unlimited,
        density: distillation.teacher, taps: taps, pool: pool)
    }
    let input = StepInput(
      step: number, stage: nextStage, featureRate: settings.rates.featureRate(at: number),
      batch: samples.batch, background: drawn.background)
    return (input, drawn.rays.count, samples.marched)
  }

  private func cameras(step: Int) throws -> [Camera] {
    let count: Int
    switch poses {
    case .random(let set, _): count = set.count
    case .given(let given): count = given.count
    }
    return try sampler.views(step: step, of: { _ in count }).map { draw in
      var virtual = camera
      virtual.pose = try pose(draw.view, epoch: draw.epoch)
      return virtual
    }
  }

  private func pose(_ index: Int, epoch: Int) throws -> CameraPose {
    switch poses {
    case .given(let given): return given[index]
    case .random(let set, let scale):
      if poseCache.epoch != epoch {
        let options = RandomPoseSet.Options(
          fixedRandomPoseScale: settings.compatibility.fixedRandomPoseScale,
          llffElementFlip: settings.compatibility.llffElementFlip)
        poseCache = (
          epoch,
          try set.poses(seed: settings.seed, epoch: epoch, scale: scale, options: options)
        )
      }
      return poseCache.poses[index]
    }
  }
}
