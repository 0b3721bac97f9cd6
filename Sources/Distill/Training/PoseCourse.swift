import NeRFCore

/// The poses of a run, step by step, and what levels of active learning make of them.
///
/// A value: drawing a step from a copy changes nothing, so that a step can be looked at before it is taken.
struct PoseCourse {
  let source: PoseSource
  let options: RandomPoseSet.Options
  let sampler: RaySampler
  /// Steps of the run.
  let iterations: Int
  /// Levels in the order in which they act.
  var levels: [any ActiveLevel]
  /// Whether they act in the current step.
  var isActive = true
  /// The epoch that was begun last, from 1; 0 before the first.
  private(set) var epoch = 0
  /// Its poses; empty after a resume.
  private var poses: [CameraPose] = []

  init(
    source: PoseSource, options: RandomPoseSet.Options, sampler: RaySampler, iterations: Int,
    levels: [any ActiveLevel]
  ) {
    self.source = source
    self.options = options
    self.sampler = sampler
    self.iterations = iterations
    self.levels = levels
  }

  /// Poses of an epoch.
  var poseCount: Int {
    switch source {
    case .random(let set, _, let added): set.count + added.count
    case .given(let given): given.count
    }
  }

  private func moment(step: Int, epoch: Int, drawnRays: Int) -> ActiveMoment {
    let draws = iterations * sampler.viewsPerStep
    return ActiveMoment(
      seed: sampler.seed, step: step, epoch: epoch,
      epochs: max(1, (draws + poseCount - 1) / poseCount), drawnRays: drawnRays,
      isActive: isActive)
  }

  /// The images of a step, whose rays are divided evenly among them.
  mutating func views(step: Int, drawnRays: Int) throws -> [ActiveView] {
    let count = poseCount
    let draws = sampler.views(step: step) { _ in count }
    var result: [ActiveView] = []
    for (slot, draw) in draws.enumerated() {
      try begin(draw.epoch + 1, step: step, drawnRays: drawnRays)
      let order = ((step - 1) * sampler.viewsPerStep + slot) % count
      result.append(
        ActiveView(
          epoch: draw.epoch + 1, order: order, pose: poses[draw.view], poseInStorage: poses[order],
          rays: sampler.rays(ofSlot: slot, of: draws.count, count: drawnRays),
          isReplayed: levels.contains { $0.isReplayed(place: draw.view) }))
    }
    return result
  }

  /// Rays that levels add to a step, at the epoch of its last image.
  mutating func replayedRays(step: Int, drawnRays: Int) -> [RayBatch<Float>] {
    let moment = moment(step: step, epoch: epoch, drawnRays: drawnRays)
    return levels.indices.compactMap { levels[$0].replay(at: moment) }
  }

  /// A step as levels see it.
  func rendered(
    step: Int, drawnRays: Int, rays: RayBatch<Float>, views: [ActiveView], student: [Float],
    teacher: [Float]
  ) -> RenderedStep {
    RenderedStep(
      moment: moment(step: step, epoch: epoch, drawnRays: drawnRays), rays: rays,
      student: student, teacher: teacher, views: views)
  }

  /// Shows a step to the levels.
  mutating func observe(_ step: RenderedStep) {
    for index in levels.indices { levels[index].observe(step) }
  }

  private mutating func begin(_ number: Int, step: Int, drawnRays: Int) throws {
    if number == epoch {
      guard poses.isEmpty else { return }
      poses = try fresh(number)
      for level in levels { level.reapply(to: &poses) }
      return
    }
    poses = try fresh(number)
    let moment = moment(step: step, epoch: number, drawnRays: drawnRays)
    for index in levels.indices { levels[index].prepare(&poses, at: moment) }
    epoch = number
  }

  private func fresh(_ number: Int) throws -> [CameraPose] {
    switch source {
    case .given(let given): given
    case .random(let set, let scale, let added):
      try set.poses(seed: sampler.seed, epoch: number - 1, scale: scale, options: options) + added
    }
  }

  // MARK: Resuming

  /// What ``restore(epoch:states:)`` needs, level by level.
  var states: [String: ActiveState] {
    Dictionary(levels.map { (type(of: $0).name, $0.state) }) { first, _ in first }
  }

  /// Goes on where an epoch was begun.
  mutating func restore(epoch: Int, states: [String: ActiveState]) throws(ValueError) {
    self.epoch = max(0, epoch)
    poses = []
    for index in levels.indices {
      guard let state = states[type(of: levels[index]).name] else { continue }
      try levels[index].restore(state)
    }
  }
}
