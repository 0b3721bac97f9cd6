public import NeRFCore

/// When in a run something happens.
public struct ActiveMoment: Equatable, Sendable {
  /// Seed of the run: what is drawn is a function of it, of the step and of the epoch.
  public var seed: UInt64
  /// The step, from 1.
  public var step: Int
  /// The epoch, from 1: in each, every pose is rendered once.
  public var epoch: Int
  /// Epochs of the whole run.
  public var epochs: Int
  /// Rays that a step draws from its images.
  public var drawnRays: Int
  /// Whether levels may change what is rendered.
  public var isActive: Bool

  /// All of it.
  public init(
    seed: UInt64, step: Int, epoch: Int, epochs: Int, drawnRays: Int, isActive: Bool = true
  ) {
    self.seed = seed
    self.step = step
    self.epoch = epoch
    self.epochs = epochs
    self.drawnRays = drawnRays
    self.isActive = isActive
  }
}

/// One image of a step.
public struct ActiveView: Equatable, Sendable {
  /// The epoch it belongs to, from 1.
  public var epoch: Int
  /// Its place in the order of that epoch, from 0.
  public var order: Int
  /// The pose that was rendered.
  public var pose: CameraPose
  /// The pose at ``order`` of the set, which is another one because sets are shuffled.
  public var poseInStorage: CameraPose
  /// Its rays in the batch.
  public var rays: Range<Int>
  /// Whether a level put the pose there.
  public var isReplayed: Bool

  /// All of it.
  public init(
    epoch: Int, order: Int, pose: CameraPose, poseInStorage: CameraPose, rays: Range<Int>,
    isReplayed: Bool = false
  ) {
    self.epoch = epoch
    self.order = order
    self.pose = pose
    self.poseInStorage = poseInStorage
    self.rays = rays
    self.isReplayed = isReplayed
  }
}

/// What a step rendered: pixels of a field that learns, and what they should have been.
///
/// Nothing here knows of a loss, or whether the second field is one or a photograph.
public struct RenderedStep: Sendable {
  public var moment: ActiveMoment
  /// Rays from the images, then those that a level added.
  public var rays: RayBatch<Float>
  /// rgb over the background, `[rays, 3]`.
  public var student: [Float]
  /// What it should be.
  public var teacher: [Float]
  /// The images of the step.
  public var views: [ActiveView]

  /// All of it.
  public init(
    moment: ActiveMoment, rays: RayBatch<Float>, student: [Float], teacher: [Float],
    views: [ActiveView]
  ) {
    self.moment = moment
    self.rays = rays
    self.student = student
    self.teacher = teacher
    self.views = views
  }
}

/// Numbers of a level that a resumed run needs.
public struct ActiveState: Equatable, Sendable {
  /// Short lists.
  public var numbers: [String: [Double]] = [:]
  /// Long ones.
  public var arrays: [String: [Float]] = [:]

  public init() {}
}

/// One level of active learning: what it changes about a step before, and what it learns from it after.
///
/// Levels are values and independent of each other. A run calls ``prepare(_:at:)`` at the start of every epoch,
/// ``replay(at:)`` before a step, and ``observe(_:)`` behind it; each does nothing unless a level says otherwise.
/// PVD-AL has three: ``HardPoseReplay``, ``HardRayReplay`` and ``SampleSelection``.
public protocol ActiveLevel: Sendable {
  /// The word by which it is switched on.
  static var name: String { get }
  /// Changes the poses of an epoch that begins.
  mutating func prepare(_ poses: inout [CameraPose], at moment: ActiveMoment)
  /// Puts the poses of the epoch that ``prepare(_:at:)`` prepared last in their places again, after a resume.
  func reapply(to poses: inout [CameraPose])
  /// Whether ``prepare(_:at:)`` changed the pose in this place last.
  func isReplayed(place: Int) -> Bool
  /// Rays to render in addition; nil for none.
  mutating func replay(at moment: ActiveMoment) -> RayBatch<Float>?
  /// Whether it wants to see steps, which costs their pixels.
  var isObserving: Bool { get }
  /// Learns from a step.
  mutating func observe(_ step: RenderedStep)
  /// The samples that losses should compare; nil for all.
  var selection: SampleSelection? { get }
  /// What ``restore(_:)`` needs.
  var state: ActiveState { get }
  /// Becomes what a level with the same settings was.
  ///
  /// - Throws: ``NeRFCore/ValueError`` for numbers that no level can have.
  mutating func restore(_ state: ActiveState) throws(ValueError)
}

extension ActiveLevel {
  public mutating func prepare(_ poses: inout [CameraPose], at moment: ActiveMoment) {}
  public func reapply(to poses: inout [CameraPose]) {}
  public func isReplayed(place: Int) -> Bool { false }
  public mutating func replay(at moment: ActiveMoment) -> RayBatch<Float>? { nil }
  public var isObserving: Bool { true }
  public mutating func observe(_ step: RenderedStep) {}
  public var selection: SampleSelection? { nil }
  public var state: ActiveState { ActiveState() }
  public mutating func restore(_ state: ActiveState) throws(ValueError) {}
}

extension SampleSelection: ActiveLevel {
  public static var name: String { "point" }
  public var selection: SampleSelection? { self }
  public var isObserving: Bool { false }
}
