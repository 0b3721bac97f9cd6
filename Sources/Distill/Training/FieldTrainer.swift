public import Fields
public import NeRFCore
import RealModule

/// Settings of training a field on photographs.
public struct TrainerSettings: Equatable, Sendable, Codable {
  /// Steps of the run; the schedules end with it.
  public var iterations: Int
  /// Rate of the main groups.
  public var learningRate: Double
  /// Rate of the small networks beside large grids.
  public var secondaryRate: Double
  /// Rates fall to this share by the end of the run, exponentially.
  public var finalRateFactor = 0.1
  /// Share of the run for which the rates stay as they are before they fall.
  public var rateHold: Double
  /// Constants of AdamW.
  public var optimizer = AdamWConfiguration()
  /// Rays and samples per step.
  public var sampling: SamplingSettings
  /// When the occupancy grid is updated.
  public var occupancy: OccupancySchedule
  /// The grid's constants.
  public var densityThreshold = 10.0
  /// Weight of the L1 term of `vm`.
  public var l1 = 1e-4
  /// Whether transparent pixels lie on random colours (else on white).
  public var randomBackground = true
  /// Seed of the run.
  public var seed: UInt64
  /// Nearest distance at which a march starts.
  public var minimumNear = 0.2
  /// Behaviour switches.
  public var compatibility = CompatibilityOptions.reference

  /// Defaults that suit a run of some minutes on a few cores.
  ///
  /// The published settings take 8192 rays from one photograph per step, whatever they cost. Here a
  /// step takes rays from sixteen photographs, as many as come to about 2¹⁷ samples (2¹³ for `mlp`,
  /// which costs more per sample and gains more from steps), and leaves out samples that are hidden
  /// behind others. The learning rate stays up for 60 % of the run before it falls; it is 0.02 for
  /// `hash` and 0.004 for `mlp`.
  public init(architecture: Architecture, iterations: Int, seed: UInt64 = 0) {
    self.iterations = iterations
    self.seed = seed
    // 0.02 is what the authors logged for their hash teachers.
    learningRate = architecture == .mlp ? 4e-3 : architecture == .hash ? 2e-2 : 1e-2
    secondaryRate = learningRate * 0.1
    occupancy = .sparse
    rateHold = 0.6
    sampling = SamplingSettings(
      rays: 512, targetSamples: architecture == .mlp ? 1 << 13 : 1 << 17, maximumRays: 1 << 14,
      hiddenTransmittance: 1e-4, viewsPerStep: 16)
  }

  /// The published settings.
  public static func published(
    architecture: Architecture, iterations: Int = 40_000, seed: UInt64 = 0
  ) -> TrainerSettings {
    var settings = TrainerSettings(
      architecture: architecture, iterations: iterations, seed: seed)
    settings.sampling = SamplingSettings(
      rays: 8192, targetSamples: 0, maximumRays: 8192, hiddenTransmittance: 0, viewsPerStep: 1)
    settings.occupancy = .published
    settings.learningRate = architecture == .mlp ? 1e-3 : 1e-2
    settings.secondaryRate = settings.learningRate * 0.1
    settings.rateHold = 0
    return settings
  }
}

/// Trains a field on photographs: the teacher of a distillation, or a student from scratch.
///
/// Each step marches rays of some photographs through the occupancy grid, composites the field over
/// the same random background as the photograph, and takes an AdamW step on the mean squared error
/// (plus the L1 term of `vm`). Before some steps, see ``OccupancySchedule``, the
/// grid is updated. PVD's `just_train_tea`.
public final class FieldTrainer {
  /// The field being trained.
  public let field: any RadianceField<Float>
  /// What the run was told.
  public let settings: TrainerSettings
  /// Where the field may be dense.
  public internal(set) var grid: OccupancyGrid
  /// Steps done.
  public internal(set) var step = 0
  /// The optimiser with its moments.
  public let optimizer: FieldOptimizer<Float>
  /// Where the time went.
  public private(set) var times = PhaseTimes()
  /// Evaluates the field on this run's threads.
  public let evaluator: FieldEvaluator<Float>

  private let views: [TrainingView]
  private let pool: WorkerPool
  private let sampler: RaySampler
  private let feed: SampleFeed
  private let schedule: LearningRateSchedule
  private let updatesOccupancy: Bool
  private let taps = FieldTaps<Float>()
  private let cotangents = FieldTaps<Float>()
  var budget: RayBudget

  /// - Parameters:
  ///   - views: At least one photograph.
  ///   - grid: A grid to start from, or nil for a fresh one in which cells that no camera sees are
  ///     marked.
  ///   - updatesOccupancy: false to keep `grid` as it is.
  /// - Throws: ``ValueError`` without photographs.
  public init(
    field: any RadianceField<Float>, views: [TrainingView], settings: TrainerSettings,
    grid: OccupancyGrid? = nil, updatesOccupancy: Bool = true, pool: WorkerPool
  ) throws {
    guard !views.isEmpty else {
      throw ValueError(
        in: "FieldTrainer.init", "views", expected: "at least 1", actual: "0",
        fix: "Pass the photographs of a scene.")
    }
    self.field = field
    self.views = views
    self.settings = settings
    self.pool = pool
    self.updatesOccupancy = updatesOccupancy
    evaluator = FieldEvaluator(field, pool: pool)
    optimizer = FieldOptimizer(field, configuration: settings.optimizer)
    sampler = RaySampler(
      seed: settings.seed, viewsPerStep: min(settings.sampling.viewsPerStep, views.count))
    feed = SampleFeed(
      settings: settings.sampling, bound: field.frame.bound,
      minimumNear: Float(settings.minimumNear))
    schedule = .heldExponential(
      iterations: settings.iterations, factor: settings.finalRateFactor, hold: settings.rateHold)
    budget = RayBudget(settings.sampling)
    if let grid {
      self.grid = grid
    } else {
      var fresh = try OccupancyGrid(bound: Float(field.frame.bound))
      fresh.markUntrained(cameras: views.map(\.camera), pool: pool)
      self.grid = fresh
    }
  }

  /// Takes one step.
  public func advance() throws -> StepReport {
    if updatesOccupancy, let kind = settings.occupancy.update(before: step + 1) {
      try times.measure("occupancy") { try updateOccupancy(full: kind == .full) }
    }
    let number = step + 1
    let drawn = try times.measure("rays") { () throws -> StepRays in
      let chosen = sampler.views(step: number, of: { _ in views.count }).map { views[$0.view] }
      return try sampler.draw(
        step: number, rayCount: budget.rays, cameras: chosen.map(\.camera), views: chosen,
        randomBackground: settings.randomBackground)
    }
    let jitter: MarchJitter =
      settings.compatibility.fixedMarchJitter
      ? .fixedPCG32 : .random(seed: settings.seed, step: number)
    let samples = try times.measure("march") {
      try feed.samples(
        for: drawn.rays, grid: grid, jitter: jitter, density: evaluator, taps: taps, pool: pool)
    }
    let batch = samples.batch
    let rate = schedule.rate(initial: 1, after: step)
    let (loss, error) = try accumulateGradients(batch, drawn)
    times.measure("optimiser") {
      optimizer.step(
        reached: field.parametersReached(by: .full), primary: settings.learningRate * rate,
        secondary: settings.secondaryRate * rate, pool: pool)
    }
    step = number
    let report = StepReport(
      step: number, loss: loss, meanSquaredError: error, rays: drawn.rays.count,
      marched: samples.marched, samples: batch.usedCount)
    budget.record(marched: samples.marched, kept: batch.usedCount)
    grid.marchStatistics.record(samples: samples.marched, rays: drawn.rays.count)
    return report
  }

  private func updateOccupancy(full: Bool) throws {
    var update = OccupancyGrid.UpdateSettings()
    update.full = full
    update.densityThreshold = Float(settings.densityThreshold)
    try grid.update(randomness: .seed(settings.seed), settings: update) { positions in
      evaluator.occupancyDensities(x: positions[0], y: positions[1], z: positions[2])
    }
  }

  private func accumulateGradients(
    _ batch: SampleBatch, _ drawn: StepRays
  ) throws -> (loss: Double, meanSquaredError: Double) {
    let error = try times.measure("gradients") { () throws -> Double in
      let loss = try PixelLoss(batch, targets: drawn.targets, background: drawn.background)
      evaluator.accumulateGradients(batch, taps: taps, cotangents: cotangents) { rays in
        loss.accumulate(rays, taps: taps, cotangents: cotangents)
      }
      return loss.value
    }
    guard let factors = field as? VMField<Float>, settings.l1 != 0 else { return (error, error) }
    factors.accumulateDensityL1Gradient(weight: Float(settings.l1), pool: pool)
    return (error + settings.l1 * factors.densityL1(pool: pool), error)
  }
}
