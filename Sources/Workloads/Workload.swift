public import NeRFCore

/// What one call of a workload costs, counted from its shapes.
public struct WorkloadCost: Sendable {
  /// Floating-point operations of dense layers, two per multiply-add.
  public let operations: Double
  /// Bytes that stream through memory.
  public let bytes: Double
  /// Reads or additions at random places of a table.
  public let randomAccesses: Double

  /// The time that `bounds` need for it one after another, in seconds.
  public func bound(_ bounds: MachineBounds) -> Double {
    operations / bounds.arithmetic + bytes / bounds.copying + randomAccesses / bounds.randomReads
  }
}

/// A fixed piece of work with inputs that any program can make for itself.
public protocol Workload {
  /// For example `W8`.
  static var name: String { get }
  /// `fwd`, `bwd` (forward and backward) or `step`.
  static var mode: String { get }
  /// What it does and how large it is, in one line.
  static var summary: String { get }
  /// What one call costs.
  static var cost: WorkloadCost { get }

  /// Makes the inputs.
  init(pool: WorkerPool) throws
  /// Does the work once.
  func run() throws
}

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
  /// What ``bound_ms`` counts.
  public let bound: String
  public let bound_ms: Double
  /// Median over bound; 1 would be a program that does nothing but what the bound counts.
  public let ratio_to_bound: Double
}

/// The workloads that can be run.
public enum WorkloadCatalog {
  /// All of them, in order.
  public static var all: [any Workload.Type] { [HashTrainingStep.self] }

  /// Runs one and compares it with what the machine can do.
  public static func measure(
    _ workload: any Workload.Type, pool: WorkerPool, seconds: Double, bounds: MachineBounds
  ) throws -> WorkloadRecord {
    let instance = try workload.init(pool: pool)
    let timing = try Timing(seconds: seconds) { try instance.run() }
    let cost = workload.cost
    let bound = cost.bound(bounds)
    return WorkloadRecord(
      workload: workload.name, mode: workload.mode, threads: pool.threads,
      isa: FastKernels.instructionSet, median_ms: 1e3 * timing.median,
      min_ms: 1e3 * timing.minimum, spread: timing.spread,
      gflops: 1e-9 * cost.operations / timing.median,
      gbytes_per_s: 1e-9 * cost.bytes / timing.median,
      bound: "arithmetic + copying + random accesses", bound_ms: 1e3 * bound,
      ratio_to_bound: timing.median / bound)
  }
}
