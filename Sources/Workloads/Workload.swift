public import NeRFCore

/// What a run of a workload includes.
public enum WorkloadMode: String, Sendable, Codable {
  /// Forward only.
  case forward = "fwd"
  /// Forward and backward, with fresh gradients.
  case backward = "bwd"
  /// Forward, loss, backward and optimiser.
  case step
}

/// How much of a workload is made.
public enum WorkloadSize: Sendable {
  /// The published sizes, which are timed.
  case full
  /// Few points and small grids, for a comparison with the generic path in double precision.
  case check
}

/// A fixed piece of work with inputs that any program can make for itself, in one precision.
public protocol Workload<Scalar>: AnyObject, SendableMetatype {
  /// The precision.
  associatedtype Scalar: RadianceScalar

  /// For example `W8`.
  static var name: String { get }
  /// What it does and how large it is, in one line.
  static var summary: String { get }
  /// The modes it has.
  static var modes: [WorkloadMode] { get }
  /// What one call of the full size costs.
  static func cost(_ mode: WorkloadMode) -> WorkloadCost

  /// Makes the inputs.
  init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws
  /// Does the work once.
  func run() throws
  /// What the last run computed, piece by piece, for comparison.
  func results() throws -> [(name: String, values: [Scalar])]
}
