/// When the occupancy grid of a run is updated, and how thoroughly.
///
/// A full update queries every cell (2.1 million for one cascade), a partial one about half as many:
/// as much work as several training steps.
/// Intervals below 1 count as 1.
public struct OccupancySchedule: Equatable, Sendable, Codable {
  /// What an update queries.
  public enum Update: Equatable, Sendable {
    /// Every cell.
    case full
    /// Cells drawn at random and among the occupied ones.
    case partial
  }

  /// Steps between the first, full updates.
  public var fullInterval: Int
  /// Number of full updates.
  public var fullCount: Int
  /// Steps between the partial updates that follow.
  public var partialInterval: Int

  /// All three numbers.
  public init(fullInterval: Int, fullCount: Int, partialInterval: Int) {
    self.fullInterval = fullInterval
    self.fullCount = fullCount
    self.partialInterval = partialInterval
  }

  /// The published schedule: every 16 steps, the first sixteen in full.
  public static let published = OccupancySchedule(
    fullInterval: 16, fullCount: 16, partialInterval: 16)

  /// Fewer updates for runs of about a thousand steps, in which the published schedule would take a
  /// fifth of the time: five full ones, then one every 64 steps.
  public static let sparse = OccupancySchedule(fullInterval: 16, fullCount: 5, partialInterval: 64)

  /// The update before step `step` (from 1), if there is one.
  public func update(before step: Int) -> Update? {
    let done = step - 1
    let lastFull = max(1, fullInterval) * (fullCount - 1)
    if done <= lastFull { return done % max(1, fullInterval) == 0 ? .full : nil }
    return (done - lastFull) % max(1, partialInterval) == 0 ? .partial : nil
  }

  /// Steps from one update to the next, when so many steps have been taken.
  public func interval(after steps: Int) -> Int {
    max(1, steps < max(1, fullInterval) * (fullCount - 1) ? fullInterval : partialInterval)
  }
}
