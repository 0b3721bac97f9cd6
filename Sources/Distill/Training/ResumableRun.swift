public import Fields
public import NeRFCore

/// What a resumed run needs beside the parameters: random numbers need no state, because they are
/// functions of seed and step.
public struct RunPosition: Equatable, Sendable, Codable {
  /// Steps done.
  public var step: Int
  /// Rays of the next step.
  public var rays: Int

  /// A position.
  public init(step: Int, rays: Int) {
    self.step = step
    self.rays = rays
  }
}

/// A run that can be stopped after any step and continued to the same bits.
public protocol ResumableRun: AnyObject {
  /// The field whose parameters change.
  var field: any RadianceField<Float> { get }
  /// The occupancy grid.
  var grid: OccupancyGrid { get }
  /// The optimiser.
  var optimizer: FieldOptimizer<Float> { get }
  /// Steps done and the size of the next.
  var position: RunPosition { get }
  /// Steps of the whole run.
  var iterations: Int { get }
  /// Takes one step.
  func advance() throws -> StepReport
  /// Continues from a saved position; parameters and optimiser state are restored separately.
  func restore(_ position: RunPosition, grid: OccupancyGrid)
}

extension FieldTrainer: ResumableRun {
  public var position: RunPosition { RunPosition(step: step, rays: budget.rays) }
  public var iterations: Int { settings.iterations }
  public func restore(_ position: RunPosition, grid: OccupancyGrid) {
    step = position.step
    budget = RayBudget(settings.sampling, rays: position.rays)
    self.grid = grid
  }
}

extension Distiller: ResumableRun {
  public var field: any RadianceField<Float> { student }
  public var position: RunPosition { RunPosition(step: step, rays: budget.rays) }
  public var iterations: Int { settings.iterations }
  public func restore(_ position: RunPosition, grid: OccupancyGrid) {
    step = position.step
    budget = RayBudget(settings.sampling, rays: position.rays)
    self.grid = grid
  }
}
