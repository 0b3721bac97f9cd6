public import NeRFCore

/// The terms of one step in single or double precision.
public typealias LossReport = LossTerms<Double>

/// The terms of one step, before their rates, and their weighted sum.
public struct LossTerms<Number: RadianceScalar>: Equatable, Sendable, Codable {
  /// Feature vectors; 0 where not compared.
  public var features: Number = 0
  /// Log-densities of samples.
  public var density: Number = 0
  /// Colours of samples.
  public var color: Number = 0
  /// Rendered pixels, in the loss kind of the run.
  public var rgb: Number = 0
  /// Rendered pixels as mean squared error, for display.
  public var meanSquaredError: Number = 0
  /// Depths of rays, always as a norm.
  public var depth: Number = 0
  /// L1 of the density factors.
  public var l1: Number = 0
  /// Weighted sum: what is minimised.
  public var total: Number = 0

  /// Nothing yet.
  public init() {}
}
