public import Fields
public import NeRFCore

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
  /// What the levels of active learning choose, if it is not nil: set it to begin, which changes nothing else.
  public var selections: SelectionRecord?
  /// Loss and gradients of single steps.
  public let distillation: DistillationStep<Float>

  private let camera: Camera
  private let pool: WorkerPool
  private let sampler: RaySampler
  private let feed: SampleFeed
  private let schedule: LearningRateSchedule
  private let taps = FieldTaps<Float>()
  /// Poses and levels of active learning.
  var course: PoseCourse
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
    course = PoseCourse(
      source: poses,
      options: RandomPoseSet.Options(
        fixedRandomPoseScale: settings.compatibility.fixedRandomPoseScale,
        llffElementFlip: settings.compatibility.llffElementFlip),
      sampler: sampler, iterations: settings.iterations,
      levels: settings.activeLearning?.makeLevels(settings.compatibility) ?? [])
    distillation.selection = course.levels.compactMap(\.selection).first
    distillation.activeStages = settings.activeLearning?.stages ?? ActiveStages()
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

  /// The levels of active learning as they are.
  public var activeLevels: [any ActiveLevel] { course.levels }

  /// What the next step will be evaluated on; asking changes nothing.
  public func nextInput() throws -> StepInput<Float> { try drawNext().input }

  /// The same, with the levels of active learning as they will be for it.
  public func nextStep() throws -> (input: StepInput<Float>, levels: [any ActiveLevel]) {
    let next = try drawNext()
    return (next.input, next.course.levels)
  }

  /// Takes one step.
  public func advance() throws -> StepReport {
    var next = try drawNext()
    let input = next.input
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
    course = next.course
    // A second owner would make the levels copy their pools.
    next.course.levels = []
    if selections != nil || course.levels.contains(where: \.isObserving) {
      try times.measure("active") { try observe(next) }
    }
    step = input.step
    budget.record(marched: next.marched, kept: input.batch.usedCount)
    return StepReport(
      step: step, loss: losses.total,
      meanSquaredError: input.stage == .image ? losses.meanSquaredError : nil,
      rays: next.rays.count, marched: next.marched, samples: input.batch.usedCount, terms: losses,
      stage: input.stage)
  }

  /// A step before it is taken.
  private struct Draw {
    var input: StepInput<Float>
    var rays: RayBatch<Float>
    var marched: Int
    var views: [ActiveView]
    /// What the course becomes with this step.
    var course: PoseCourse
  }

  private func drawNext() throws -> Draw {
    let number = step + 1
    var course = course
    let (drawn, views) = try times.measure("rays") {
      course.isActive = distillation.activeStages.contains(nextStage)
      let views = try course.views(step: number, drawnRays: budget.rays)
      let cameras = views.map { view in
        var virtual = camera
        virtual.pose = view.pose
        return virtual
      }
      var drawn = try sampler.draw(
        step: number, rayCount: budget.rays, cameras: cameras, views: nil,
        randomBackground: settings.randomBackground)
      for added in course.replayedRays(step: number, drawnRays: budget.rays) {
        try append(added, to: &drawn, step: number)
      }
      return (drawn, views)
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
      batch: samples.batch, background: drawn.background, drawnRays: budget.rays)
    return Draw(
      input: input, rays: drawn.rays, marched: samples.marched, views: views, course: course)
  }

  /// Adds rays behind those of the images, each with a background of its own.
  private func append(
    _ added: RayBatch<Float>, to drawn: inout StepRays, step: Int
  ) throws {
    for ray in drawn.rays.count..<drawn.rays.count + added.count {
      drawn.background +=
        settings.randomBackground ? sampler.background(step: step, ray: ray) : [1, 1, 1]
    }
    drawn.rays = try RayBatch(
      origins: zip(drawn.rays.origins, added.origins).map { $0 + $1 },
      directions: zip(drawn.rays.directions, added.directions).map { $0 + $1 })
  }

  /// Shows the levels what a step of stage 3 rendered.
  private func observe(_ step: Draw) throws {
    guard
      distillation.activeStages.contains(step.input.stage),
      let student = distillation.studentRays,
      let teacher = distillation.teacherRays
    else { return }
    let background = step.input.background
    let rendered = course.rendered(
      step: step.input.step, drawnRays: budget.rays, rays: step.rays, views: step.views,
      student: try student.pixels(over: background), teacher: try teacher.pixels(over: background))
    course.observe(rendered)
    selections?.add(
      rendered, levels: course.levels, batch: step.input.batch, composited: teacher,
      comparedSamples: distillation.selectedRows?.count ?? step.input.batch.usedCount)
  }
}
