public import NeRFCore

/// The ray level of active learning: keeps the rays that were rendered worst, and renders some of them again.
///
/// Of every step with N rays from its images the h = ⌊share · N⌋ worst, see ``HardRays``, go into a pool. Until the
/// pool has ``Settings/capacity`` rays it is only filled. From then on h of its rays, drawn without replacement, are added
/// to every step, and exactly these are replaced by the worst of the step, which may be the same. Rays are kept
/// without their background. Released code of PVD-AL.
public struct HardRayReplay: ActiveLevel, Equatable {
  public static var name: String { "ray" }

  /// Constants; the published ones unless told otherwise.
  public struct Settings: Equatable, Sendable, Codable {
    /// Share of a step's rays.
    public var share = 0.1
    /// Rays at which the pool counts as full: 1503 steps with 4096 rays.
    public var capacity = 614_400
    /// Share of the epochs before which nothing is collected.
    public var start = 0.0

    public init() {}
  }

  public let settings: Settings
  /// Whether rays are replayed.
  public private(set) var isFull = false
  /// Origin and direction of every ray in the pool, six numbers each.
  public private(set) var pool: [Float] = []
  /// Places of the pool whose rays the current step renders.
  public private(set) var drawn: [Int] = []

  /// An empty pool.
  public init(_ settings: Settings = Settings()) { self.settings = settings }

  /// Rays in the pool.
  public var count: Int { pool.count / 6 }
  /// Most bytes the pool can take: a step may overfill it by its own share.
  public func memoryLimit(drawnRays: Int) -> Int {
    (settings.capacity + number(drawnRays)) * 6 * MemoryLayout<Float>.stride
  }

  private func number(_ drawnRays: Int) -> Int { max(0, Int(settings.share * Double(drawnRays))) }

  private func isActive(_ moment: ActiveMoment) -> Bool {
    moment.isActive && Double(moment.epoch) >= settings.start * Double(moment.epochs)
  }

  public mutating func replay(at moment: ActiveMoment) -> RayBatch<Float>? {
    drawn = []
    let number = min(number(moment.drawnRays), count)
    guard isFull, isActive(moment), number > 0 else { return nil }
    drawn = CounterRandom(seed: moment.seed, purpose: .hardRays, stream: moment.step)
      .distinct(number, below: count)
    func column(_ k: Int) -> [Float] { drawn.map { pool[6 * $0 + k] } }
    return try? RayBatch(origins: (0..<3).map(column), directions: (3..<6).map(column))
  }

  public mutating func observe(_ step: RenderedStep) {
    guard isActive(step.moment) else { return }
    let hardest = HardRays.hardest(
      share: settings.share, of: step.moment.drawnRays, student: step.student,
      teacher: step.teacher)
    for (place, ray) in hardest.enumerated() {
      let (origin, direction) = step.rays[ray]
      let numbers = [origin.x, origin.y, origin.z, direction.x, direction.y, direction.z]
      if !isFull {
        pool += numbers
      } else if place < drawn.count {
        for k in 0..<6 { pool[6 * drawn[place] + k] = numbers[k] }
      }
    }
    drawn = []
    if count >= settings.capacity { isFull = true }
  }

  public var state: ActiveState {
    var state = ActiveState()
    state.numbers["full"] = [isFull ? 1 : 0]
    state.arrays["rays"] = pool
    return state
  }

  public mutating func restore(_ state: ActiveState) throws(ValueError) {
    let rays = state.arrays["rays"] ?? []
    guard rays.count.isMultiple(of: 6), rays.allSatisfy(\.isFinite) else {
      throw ValueError(
        in: "HardRayReplay.restore", "rays", expected: "six finite numbers for each ray",
        actual: "\(rays.count) numbers", fix: "Use another checkpoint.")
    }
    pool = rays
    isFull = state.numbers["full"] == [1]
    drawn = []
  }
}
