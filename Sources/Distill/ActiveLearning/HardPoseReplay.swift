public import NeRFCore

/// The camera-pose level of active learning: keeps the poses that were rendered worst, and renders them again,
/// turned a little.
///
/// At the start of epoch e, for e at least ``Settings/firstEpoch`` and a multiple of ``Settings/interval``, the
/// k = ⌊share · n⌋ poses of the epoch before with the lowest PSNR, of n, are looked at. While the pool is not full they
/// are appended; it is full with more than ``Settings/capacity`` poses, and nothing is replayed in that epoch. From then on k
/// poses of the pool, drawn without replacement and turned, take the places of k poses of the epoch, and those k
/// in the pool are replaced by the worst of the epoch before.
///
/// The released code pairs the PSNR of the i-th image of an epoch with the i-th pose of the set, although sets are
/// shuffled, which makes hard poses random ones: ``Settings/pairsInStorageOrder``. Released code of PVD-AL.
public struct HardPoseReplay: ActiveLevel, Equatable {
  public static var name: String { "image" }

  /// Constants; the published ones unless told otherwise.
  public struct Settings: Equatable, Sendable, Codable {
    /// Share of an epoch's poses.
    public var share = 0.1
    /// The pool is full with more poses than this.
    public var capacity = 100
    /// Epochs between actions.
    public var interval = 1
    /// The first epoch with an action, from 1.
    public var firstEpoch = 4
    /// Most radians by which each angle of a replayed pose changes.
    public var angle = Double.pi / 20
    /// Pairs PSNR and poses as the released code does.
    public var pairsInStorageOrder = false
    /// Counts rays that another level added to a step for each of its images, as the released code does.
    public var countsReplayedRays = false

    public init() {}

    // The last two belong to the switches of a run.
    private enum CodingKeys: CodingKey {
      case share, capacity, interval, firstEpoch, angle
    }
  }

  private struct Observation: Equatable {
    var quality: Double
    var pose: CameraPose
  }

  public let settings: Settings
  /// The hard poses.
  public private(set) var pool: [CameraPose] = []
  /// Whether poses are replayed.
  public private(set) var isFull = false
  /// Poses of the current epoch that were replaced, by their number.
  public private(set) var replayed: [Int: CameraPose] = [:]
  /// What an epoch showed so far.
  private var observed: [Int: [Observation]] = [:]

  /// An empty pool.
  public init(_ settings: Settings = Settings()) { self.settings = settings }

  public mutating func prepare(_ poses: inout [CameraPose], at moment: ActiveMoment) {
    let epoch = moment.epoch
    replayed = [:]
    let before = observed[epoch - 1] ?? []
    observed = observed.filter { $0.key >= epoch }
    guard moment.isActive, epoch >= settings.firstEpoch, settings.interval > 0,
      epoch.isMultiple(of: settings.interval)
    else { return }
    let number = max(0, Int(settings.share * Double(poses.count)))
    // Equal qualities in the order in which they were seen.
    let worst = before.enumerated().sorted {
      ($0.element.quality, $0.offset) < ($1.element.quality, $1.offset)
    }.prefix(number).map(\.element.pose)
    guard isFull else {
      pool += worst
      if pool.count > settings.capacity { isFull = true }
      return
    }
    let random = CounterRandom(seed: moment.seed, purpose: .hardPoses, stream: epoch)
    let count = min(worst.count, pool.count)
    let taken = random.distinct(count, below: pool.count)
    let places = random.distinct(count, below: poses.count, from: 1 << 20)
    for (index, (from, to)) in zip(taken, places).enumerated() {
      let angles = (0..<3).map { axis in
        settings.angle * (2 * random.uniformDouble(at: 1 << 21 + 3 * index + axis) - 1)
      }
      poses[to] = pool[from].turned(roll: angles[0], pitch: angles[1], yaw: angles[2])
      replayed[to] = poses[to]
      pool[from] = worst[index]
    }
  }

  public func reapply(to poses: inout [CameraPose]) {
    for (place, pose) in replayed where poses.indices.contains(place) { poses[place] = pose }
  }

  public func isReplayed(place: Int) -> Bool { replayed[place] != nil }

  public mutating func observe(_ step: RenderedStep) {
    for view in step.views {
      var sum = 0.0
      guard !view.rays.isEmpty else { continue }
      let added = step.moment.drawnRays..<max(step.moment.drawnRays, step.rays.count)
      let rays = Array(view.rays) + (settings.countsReplayedRays ? Array(added) : [])
      for i in rays.flatMap({ 3 * $0..<3 * $0 + 3 }) {
        let e = Double(step.student[i]) - Double(step.teacher[i])
        sum += e * e
      }
      // PSNR falls as the mean squared error grows; only the order matters.
      let mean = sum / Double(3 * rays.count)
      // A field that has diverged is as bad as can be.
      let quality = mean.isFinite ? -mean : -Double.greatestFiniteMagnitude
      observed[view.epoch, default: []].append(
        Observation(
          quality: quality,
          pose: settings.pairsInStorageOrder ? view.poseInStorage : view.pose))
    }
  }

  public var state: ActiveState {
    var state = ActiveState()
    state.numbers["full"] = [isFull ? 1 : 0]
    state.numbers["pool"] = pool.flatMap(\.matrix)
    state.numbers["replayed"] = replayed.keys.sorted().flatMap {
      [Double($0)] + (replayed[$0]?.matrix ?? [])
    }
    state.numbers["observed"] = observed.keys.sorted().flatMap { epoch in
      (observed[epoch] ?? []).flatMap { [Double(epoch), $0.quality] + $0.pose.matrix }
    }
    return state
  }

  public mutating func restore(_ state: ActiveState) throws(ValueError) {
    func rows(_ name: String, _ width: Int) throws(ValueError) -> [[Double]] {
      let values = state.numbers[name] ?? []
      guard values.count.isMultiple(of: width), values.allSatisfy(\.isFinite) else {
        throw ValueError(
          in: "HardPoseReplay.restore", name, expected: "\(width) finite numbers a row",
          actual: "\(values.count) numbers", fix: "Use another checkpoint.")
      }
      return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }
    func pose(_ row: ArraySlice<Double>) throws(ValueError) -> CameraPose {
      do throws(ShapeError) { return try CameraPose(matrix: Array(row)) } catch {
        throw ValueError(
          in: "HardPoseReplay.restore", "pose", expected: "12 numbers",
          actual: "\(row.count)", fix: "Use another checkpoint.")
      }
    }
    func whole(_ value: Double) throws(ValueError) -> Int {
      guard let number = Int(exactly: value), number >= 0 else {
        throw ValueError(
          in: "HardPoseReplay.restore", "number", expected: "a whole number from 0",
          actual: "\(value)", fix: "Use another checkpoint.")
      }
      return number
    }
    var fresh = HardPoseReplay(settings)
    for row in try rows("pool", 12) { fresh.pool.append(try pose(row[...])) }
    for row in try rows("replayed", 13) {
      fresh.replayed[try whole(row[0])] = try pose(row.dropFirst())
    }
    for row in try rows("observed", 14) {
      fresh.observed[try whole(row[0]), default: []].append(
        Observation(quality: row[1], pose: try pose(row.dropFirst(2))))
    }
    fresh.isFull = state.numbers["full"] == [1]
    self = fresh
  }
}
