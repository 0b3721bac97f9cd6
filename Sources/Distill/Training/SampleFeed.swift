import Fields
import NeRFCore

/// How many rays a step takes, and which of their samples are worth computing.
public struct SamplingSettings: Equatable, Sendable, Codable {
  /// Rays of the first step, and of every step if ``targetSamples`` is 0.
  public var rays: Int
  /// Samples a step should come to; the number of rays follows, see ``RayBudget``. 0 for a fixed
  /// number of rays.
  public var targetSamples: Int
  /// Most rays of a step.
  public var maximumRays: Int
  /// Samples behind this transmittance are left out: they change a pixel by less. 0 keeps all.
  public var hiddenTransmittance: Double
  /// Cameras per step.
  public var viewsPerStep: Int
  /// Most steps along a ray; the smallest step is 2√3 divided by this.
  public var marchSteps: Int

  /// All settings.
  public init(
    rays: Int, targetSamples: Int, maximumRays: Int, hiddenTransmittance: Double,
    viewsPerStep: Int, marchSteps: Int = 1024
  ) {
    self.rays = rays
    self.targetSamples = targetSamples
    self.maximumRays = maximumRays
    self.hiddenTransmittance = hiddenTransmittance
    self.viewsPerStep = viewsPerStep
    self.marchSteps = marchSteps
  }
}

/// The number of rays of the next step, from what the last one cost.
///
/// Empty space costs little and a fresh field hides nothing, so a fixed number of rays gives steps of
/// very different sizes. The budget moves half way towards the number that would have met the target,
/// in whole multiples of 64. It depends on counts only: the same run gives the same numbers.
struct RayBudget: Equatable, Sendable {
  private(set) var rays: Int
  let settings: SamplingSettings

  init(_ settings: SamplingSettings, rays: Int? = nil) {
    self.settings = settings
    self.rays = rays ?? settings.rays
  }

  /// - Parameters:
  ///   - marched: Samples whose density was looked up.
  ///   - kept: Samples that were computed in full.
  mutating func record(marched: Int, kept: Int) {
    guard settings.targetSamples > 0 else { return }
    // A density look-up costs about a third of a full evaluation, and a sixth of one with gradients.
    let cost = settings.hiddenTransmittance > 0 ? kept + marched / 6 : kept
    let ratio = min(4, max(0.25, Double(settings.targetSamples) / Double(max(cost, 1))))
    let next = Double(rays) * (0.5 + 0.5 * ratio)
    rays = min(settings.maximumRays, max(64, Int(next / 64) * 64))
  }
}

/// Marches the rays of a step and drops the samples that cannot be seen.
struct SampleFeed {
  let settings: SamplingSettings
  let bound: Double
  let minimumNear: Float

  /// Result of ``samples(for:grid:jitter:budget:density:taps:)``.
  struct Result {
    var batch: SampleBatch
    /// Samples before any was dropped.
    var marched: Int
    var march: TrainingMarch
    var intervals: RayIntervals<Float>
  }

  /// - Parameters:
  ///   - density: Judges which samples can be seen; nil keeps them all.
  ///   - taps: Scratch for that.
  func samples(
    for rays: RayBatch<Float>, grid: OccupancyGrid, jitter: MarchJitter,
    budget: PointBudget = .unlimited, density: FieldEvaluator<Float>?, taps: FieldTaps<Float>,
    pool: WorkerPool
  ) throws -> Result {
    let intervals = rays.intervals(in: AxisAlignedBox(halfSize: bound), minimumNear: minimumNear)
    let march = try grid.march(
      rays, intervals: intervals, settings: MarchSettings(maximumSteps: settings.marchSteps),
      jitter: jitter, budget: budget, pool: pool)
    var batch = march.samples
    if let density, settings.hiddenTransmittance > 0 {
      batch = try density.droppingHidden(
        batch, behindTransmittance: Float(settings.hiddenTransmittance), taps: taps)
    }
    return Result(
      batch: batch, marched: march.samples.count, march: march, intervals: intervals)
  }
}
