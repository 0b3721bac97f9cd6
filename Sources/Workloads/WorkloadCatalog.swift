public import NeRFCore

/// One measurement, as a machine reads it.
public struct WorkloadRecord: Codable, Sendable {
  public let workload: String
  public let mode: String
  public let threads: Int
  public let isa: String
  public let median_ms: Double
  public let min_ms: Double
  public let spread: Double
  public let gflops: Double
  public let gbytes_per_s: Double
  /// What ``bound_ms`` is made of, for example "arithmetic 82 %, copying 18 %".
  public let bound: String
  public let bound_ms: Double
  /// The longest part of the bound, which no overlap of arithmetic and memory can hide.
  public let largest_part_ms: Double
  /// How much slower arithmetic was around the repetitions than at its fastest, median; 1 for a quiet machine.
  /// Records of before this was measured have none.
  public var slowdown: Double?
  /// The middle one of the repetitions' durations over the bound, each with the speed of arithmetic around it;
  /// 1 would be a program that does nothing but what the bound counts.
  public let ratio_to_bound: Double
}

/// How far the fast path is from the generic path on the same data.
public struct WorkloadCheck: Sendable {
  /// The piece that differs most.
  public let worst: String
  /// Its largest difference, as a share of its largest entry.
  public let difference: Double

  /// The largest difference of single from double precision that is accepted: a few hundred roundings of
  /// the longest sums here, far below any wrong index or sign.
  public static let accepted = 2e-4

  /// Whether the paths agree.
  public var passes: Bool { difference <= Self.accepted }
}

/// One workload in one mode.
public struct WorkloadEntry: Sendable {
  /// For example `W8`.
  public let name: String
  /// What a run includes.
  public let mode: WorkloadMode
  /// What it does.
  public let summary: String
  /// What one call costs.
  public let cost: WorkloadCost
  let makeFast: @Sendable (WorkloadSize, WorkerPool) throws -> any Workload<Float>
  private let makeGeneric: @Sendable (WorkloadSize, WorkerPool) throws -> any Workload<Double>

  init<Fast: Workload, Generic: Workload>(
    _ fast: Fast.Type, _ generic: Generic.Type, _ mode: WorkloadMode
  ) where Fast.Scalar == Float, Generic.Scalar == Double {
    name = Fast.name
    self.mode = mode
    summary = Fast.summary
    cost = Fast.cost(mode)
    makeFast = { try Fast(mode, size: $0, pool: $1) }
    makeGeneric = { try Generic(mode, size: $0, pool: $1) }
  }

  /// Runs it and compares it with what the machine can do.
  ///
  /// - Throws: What the workload throws.
  public func measure(
    pool: WorkerPool, seconds: Double, bounds: MachineBounds
  ) throws -> WorkloadRecord {
    // First: its memory is then free for the workload.
    let bound = WorkloadBound(cost, on: bounds)
    let instance = try makeFast(.full, pool)
    let timing = try Timing(seconds: seconds, slowdown: bounds.slowdown) { try instance.run() }
    return WorkloadRecord(
      workload: name, mode: mode.rawValue, threads: pool.threads,
      isa: FastKernels.instructionSet, median_ms: 1e3 * timing.median,
      min_ms: 1e3 * timing.minimum, spread: timing.spread,
      gflops: 1e-9 * cost.operations / timing.median,
      gbytes_per_s: 1e-9 * cost.bytes / timing.median,
      bound: bound.description, bound_ms: 1e3 * bound.seconds,
      largest_part_ms: 1e3 * bound.largestPart, slowdown: Timing.median(timing.slowdowns),
      ratio_to_bound: timing.medianRatio { bound.seconds(slowdown: $0) })
  }

  /// Runs a small instance with the kernels of this machine and in plain Swift in double precision, on the
  /// same data.
  ///
  /// - Throws: What the workload throws.
  public func check(pool: WorkerPool) throws -> WorkloadCheck {
    let (fast, generic) = (try makeFast(.check, pool), try makeGeneric(.check, pool))
    try fast.run()
    try generic.run()
    var worst = (name: "", difference: 0.0)
    for (a, b) in zip(try fast.results(), try generic.results()) {
      let largest = b.values.reduce(0) { max($0, abs($1)) }
      let isAlike = a.values.count == b.values.count && largest > 0
      let difference =
        isAlike
        ? zip(a.values, b.values).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / largest
        : .infinity
      // NaN compares as false and must not pass.
      if !(difference <= worst.difference) { worst = (a.name, difference) }
    }
    return WorkloadCheck(worst: worst.name, difference: worst.difference)
  }
}

/// The workloads that can be run.
public enum WorkloadCatalog {
  /// All of them, in order.
  public static let all: [WorkloadEntry] =
    entries(HashEncodingWork<Float>.self, HashEncodingWork<Double>.self)
    + entries(TrunkWork<Float>.self, TrunkWork<Double>.self)
    + entries(VectorMatrixWork<Float>.self, VectorMatrixWork<Double>.self)
    + entries(VolumeWork<Float>.self, VolumeWork<Double>.self)
    + entries(HeadsWork<Float>.self, HeadsWork<Double>.self)
    + entries(CompositingWork<Float>.self, CompositingWork<Double>.self)
    + entries(AdamWWork<Float>.self, AdamWWork<Double>.self)
    + entries(HashTrainingStep<Float>.self, HashTrainingStep<Double>.self)
    + entries(VectorMatrixDistillation<Float>.self, VectorMatrixDistillation<Double>.self)
    + entries(MLPDistillation<Float>.self, MLPDistillation<Double>.self)
    + entries(HarmonicsWork<Float>.self, HarmonicsWork<Double>.self)
    + entries(MatrixProductWork<Float>.self, MatrixProductWork<Double>.self)

  /// A workload in all its modes, in the precision that is timed and in the one that it is compared with.
  public static func entries<Fast: Workload, Generic: Workload>(
    _ fast: Fast.Type, _ generic: Generic.Type
  ) -> [WorkloadEntry] where Fast.Scalar == Float, Generic.Scalar == Double {
    Fast.modes.map { WorkloadEntry(fast, generic, $0) }
  }
}
