import NeRFCore

/// What the levels of active learning chose over the steps of a run, and how often.
///
/// Kept by ``Distiller/selections`` if that is not nil; it changes nothing about the run and is not saved with it.
public struct SelectionRecord: Sendable, Equatable {
  /// What one step, or many, came to.
  public struct Counts: Sendable, Equatable, Codable {
    /// Images, and those of them at poses that were replayed.
    public var images = 0
    public var replayedImages = 0
    /// Rays drawn from the images, rays that were replayed behind them, and rays chosen as hardest.
    public var drawnRays = 0
    public var replayedRays = 0
    public var hardRays = 0
    /// Samples, and those of them that the terms compared.
    public var samples = 0
    public var comparedSamples = 0

    public init() {}

    static func + (a: Counts, b: Counts) -> Counts {
      var sum = a
      sum.images += b.images
      sum.replayedImages += b.replayedImages
      sum.drawnRays += b.drawnRays
      sum.replayedRays += b.replayedRays
      sum.hardRays += b.hardRays
      sum.samples += b.samples
      sum.comparedSamples += b.comparedSamples
      return sum
    }
  }

  /// One step that rendered pixels.
  public struct Moment: Sendable, Equatable, Codable {
    public var step: Int
    public var counts: Counts
    /// Poses and rays in the pools behind the step.
    public var pooledPoses: Int
    public var pooledRays: Int
  }

  /// Where rays end: the mean of their samples by weight.
  public struct Places: Sendable, Equatable {
    /// x, y, z of each, in scene units.
    public private(set) var points: [Float] = []
    /// Rays that meet too little to have a place.
    public private(set) var background = 0
    /// The oldest is overwritten first.
    private var next = 0

    public init() {}

    mutating func add(_ point: SIMD3<Float>?, limit: Int) {
      guard let point else {
        background += 1
        return
      }
      let numbers = [point.x, point.y, point.z]
      if points.count < 3 * limit {
        points += numbers
      } else {
        points.replaceSubrange(3 * next..<3 * next + 3, with: numbers)
        next = (next + 1) % limit
      }
    }
  }

  /// Steps that rendered pixels, some of them if there are many.
  public private(set) var moments: [Moment] = []
  /// How many there were.
  public private(set) var steps = 0
  /// Over all of them.
  public private(set) var total = Counts()
  /// Of the rays chosen as hardest.
  public private(set) var hard = Places()
  /// Of the rays that were replayed.
  public private(set) var replayed = Places()
  private var stride = 1

  /// Most moments.
  private static let momentLimit = 400
  /// Most places of each kind; 12 bytes each.
  private static let placeLimit = 100_000
  /// Rays with less opacity end nowhere.
  private static let opacity: Float = 0.1

  /// Nothing.
  public init() {}

  /// Notes a step.
  ///
  /// - Parameters:
  ///   - levels: As they are behind the step.
  ///   - composited: The field that is learned from, on `batch`.
  ///   - comparedSamples: Samples that the terms compare.
  mutating func add(
    _ step: RenderedStep, levels: [any ActiveLevel], batch: SampleBatch,
    composited: CompositedRays<Float>, comparedSamples: Int
  ) {
    var counts = Counts()
    counts.images = step.views.count
    counts.replayedImages = step.views.count { $0.isReplayed }
    counts.drawnRays = step.moment.drawnRays
    counts.replayedRays = step.rays.count - step.moment.drawnRays
    counts.samples = batch.usedCount
    counts.comparedSamples = comparedSamples
    var moment = Moment(step: step.moment.step, counts: counts, pooledPoses: 0, pooledRays: 0)
    for level in levels {
      if let poses = level as? HardPoseReplay {
        moment.pooledPoses = poses.pool.count
      }
      if let rays = level as? HardRayReplay {
        moment.pooledRays = rays.count
        let hardest = HardRays.hardest(
          share: rays.settings.share, of: step.moment.drawnRays, student: step.student,
          teacher: step.teacher)
        counts.hardRays = hardest.count
        for ray in hardest { hard.add(place(of: ray, batch, composited), limit: Self.placeLimit) }
      }
    }
    for ray in step.moment.drawnRays..<step.rays.count {
      replayed.add(place(of: ray, batch, composited), limit: Self.placeLimit)
    }
    moment.counts = counts
    total = total + counts
    if steps % stride == 0 { moments.append(moment) }
    steps += 1
    if moments.count > Self.momentLimit {
      moments = moments.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      stride *= 2
    }
  }

  private func place(
    of ray: Int, _ batch: SampleBatch, _ composited: CompositedRays<Float>
  ) -> SIMD3<Float>? {
    let opacity = composited.opacity[ray]
    guard opacity >= Self.opacity else { return nil }
    let span = batch.spans[ray]
    var sum = SIMD3<Float>()
    for row in span.offset..<span.offset + span.count {
      let position = SIMD3(
        batch.positions[0][row], batch.positions[1][row], batch.positions[2][row])
      sum += composited.weights[row] * position
    }
    return sum / opacity
  }
}
