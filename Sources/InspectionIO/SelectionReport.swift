public import Distill
import NeRFCore
import RealModule
import SceneIO
import TermInspection

/// What active learning chose, as a report holds it.
public struct SelectionReport: Sendable, Codable {
  /// A pose that is rendered again in the current epoch, or waits in the pool.
  public struct Pose: Sendable, Codable {
    /// Its number in the set of the epoch; nil in the pool.
    public var number: Int?
    /// In scene units, y up.
    public var center: [Double]
    /// Degrees around the y axis, from z towards x, and above the horizon.
    public var azimuth: Double
    public var elevation: Double

    init(number: Int? = nil, _ pose: CameraPose) {
      let center = pose.center
      let distance = (center * center).sum().squareRoot()
      self.number = number
      self.center = [center.x, center.y, center.z]
      azimuth = Double.atan2(y: center.x, x: center.z) * 180 / .pi
      elevation = distance > 0 ? Double.asin(center.y / distance) * 180 / .pi : 0
    }
  }

  /// The pool of the level of poses.
  public struct PosePool: Sendable, Codable {
    public var isFull: Bool
    public var capacity: Int
    public var pool: [Pose]
    /// Poses of the current epoch that were replaced by turned ones from the pool.
    public var replayed: [Pose]
  }

  /// The pool of the level of rays.
  public struct RayPool: Sendable, Codable {
    public var isFull: Bool
    public var capacity: Int
    public var count: Int
  }

  public var levels: ActiveLearningSettings
  /// Steps that rendered pixels, and some of them.
  public var steps: Int
  public var moments: [SelectionRecord.Moment]
  /// Over all steps.
  public var total: SelectionRecord.Counts
  /// Hard and replayed rays that meet too little to have a place in a picture.
  public var hardInBackground: Int
  public var replayedInBackground: Int
  /// nil without the level.
  public var poses: PosePool?
  public var rays: RayPool?

  /// - Parameter levels: As they are for the inspected step.
  public init(
    _ record: SelectionRecord, settings: ActiveLearningSettings, levels: [any ActiveLevel]
  ) {
    self.levels = settings
    steps = record.steps
    moments = record.moments
    total = record.total
    hardInBackground = record.hard.background
    replayedInBackground = record.replayed.background
    for level in levels {
      if let level = level as? HardPoseReplay {
        poses = PosePool(
          isFull: level.isFull, capacity: level.settings.capacity,
          pool: level.pool.map { Pose($0) },
          replayed: level.replayed.keys.sorted().compactMap { number in
            level.replayed[number].map { Pose(number: number, $0) }
          })
      }
      if let level = level as? HardRayReplay {
        rays = RayPool(
          isFull: level.isFull, capacity: level.settings.capacity, count: level.count)
      }
    }
  }
}
