import Foundation

/// Time against size, and two laws fitted to it.
///
/// A power law `t = c nᵖ`, whose exponent p is the slope of log t over log n, and a line `t = a + b n`: work
/// that grows in proportion but has a fixed part has p below 1 and a above 0.
public struct CostCurve: Codable, Sendable {
  /// One size.
  public struct Point: Codable, Sendable {
    /// Units of work.
    public let size: Double
    /// Seconds of one call.
    public let seconds: Double

    /// A measurement.
    public init(size: Double, seconds: Double) {
      self.size = size
      self.seconds = seconds
    }
  }

  /// The measurements.
  public let points: [Point]
  /// p.
  public let exponent: Double
  /// a, in seconds.
  public let fixed: Double
  /// b, in seconds per unit.
  public let perUnit: Double

  /// Fits both laws by least squares: the exponent on logarithms, the line on residuals relative to the
  /// measured times, so that small sizes count as much as large ones.
  ///
  /// - Parameter points: At least two different sizes and times above 0; numbers are NaN otherwise.
  public init(_ points: [Point]) {
    self.points = points
    let isUsable =
      Set(points.map(\.size)).count > 1 && points.allSatisfy { $0.size > 0 && $0.seconds > 0 }
    guard isUsable else {
      (exponent, fixed, perUnit) = (.nan, .nan, .nan)
      return
    }
    exponent =
      Self.line(
        x: points.map { log($0.size) }, y: points.map { log($0.seconds) },
        weights: points.map { _ in 1 }
      ).slope
    let straight = Self.line(
      x: points.map(\.size), y: points.map(\.seconds),
      weights: points.map { 1 / ($0.seconds * $0.seconds) })
    (fixed, perUnit) = (straight.offset, straight.slope)
  }

  /// Weighted least squares of `y = offset + slope · x`.
  private static func line(
    x: [Double], y: [Double], weights: [Double]
  ) -> (offset: Double, slope: Double) {
    func mean(_ values: [Double]) -> Double {
      zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    }
    let (x0, y0) = (mean(x), mean(y))
    let slope =
      mean(zip(x, y).map { ($0 - x0) * ($1 - y0) }) / mean(x.map { ($0 - x0) * ($0 - x0) })
    return (y0 - slope * x0, slope)
  }
}
