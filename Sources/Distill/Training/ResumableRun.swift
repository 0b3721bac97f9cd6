public import Fields
public import NeRFCore

/// What a resumed run needs beside the parameters: random numbers need no state, because they are
/// functions of seed and step.
public struct RunPosition: Equatable, Sendable, Codable {
  /// Steps done.
  public var step: Int
  /// Rays of the next step.
  public var rays: Int
  /// The epoch that was begun last; nil for a run that needs no such thing.
  public var epoch: Int?
  /// Short lists of levels of active learning, by level and name.
  public var active: [String: [String: [Double]]]?

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
  /// Long arrays that belong to the position, by name: pools of active learning.
  var arrays: [String: [Float]] { get }
  /// Continues from a saved position; parameters and optimiser state are restored separately.
  ///
  /// - Throws: ``NeRFCore/ValueError`` for numbers that no run can have.
  func restore(
    _ position: RunPosition, grid: OccupancyGrid, arrays: [String: [Float]]
  ) throws(ValueError)
}

extension ResumableRun {
  public var arrays: [String: [Float]] { [:] }
}

extension FieldTrainer: ResumableRun {
  public var position: RunPosition { RunPosition(step: step, rays: budget.rays) }
  public var iterations: Int { settings.iterations }
  public func restore(
    _ position: RunPosition, grid: OccupancyGrid, arrays: [String: [Float]] = [:]
  ) {
    step = position.step
    budget = RayBudget(settings.sampling, rays: position.rays)
    self.grid = grid
  }
}

extension Distiller: ResumableRun {
  public var field: any RadianceField<Float> { student }
  public var position: RunPosition {
    var position = RunPosition(step: step, rays: budget.rays)
    guard !course.levels.isEmpty else { return position }
    position.epoch = course.epoch
    position.active = course.states.mapValues(\.numbers)
    return position
  }
  public var iterations: Int { settings.iterations }

  /// Named LEVEL.NAME.
  public var arrays: [String: [Float]] {
    var result: [String: [Float]] = [:]
    for (level, state) in course.states {
      for (name, values) in state.arrays { result["\(level).\(name)"] = values }
    }
    return result
  }

  public func restore(
    _ position: RunPosition, grid: OccupancyGrid, arrays: [String: [Float]] = [:]
  ) throws(ValueError) {
    var states: [String: ActiveState] = [:]
    for (level, numbers) in position.active ?? [:] {
      states[level, default: .init()].numbers = numbers
    }
    for (name, values) in arrays {
      let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
      if parts.count == 2 { states[parts[0], default: .init()].arrays[parts[1]] = values }
    }
    try course.restore(epoch: position.epoch ?? 0, states: states)
    step = position.step
    budget = RayBudget(settings.sampling, rays: position.rays)
    self.grid = grid
  }
}
