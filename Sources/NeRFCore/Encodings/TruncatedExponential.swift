import RealModule

/// The exponential that turns a log-density into a density, with a derivative that stops growing.
///
///     y = eˣ,    ∂L/∂x = ∂L/∂y · exp(clamp(x, −12, 12))
///
/// The value is never limited; only its derivative is, so that one saturated sample cannot blow up a
/// training step, nor a very transparent one stop learning. Müller et al. (2022) use ±15; ±12 is PVD's.
public enum TruncatedExponential {
  /// Where the derivative stops following the value.
  @inlinable
  public static func limit<T: RadianceScalar>(as type: T.Type = T.self) -> T { 12 }

  /// eˣ; infinite beyond the range of the scalar.
  @inlinable
  public static func value<T: RadianceScalar>(of x: T) -> T { T.exp(x) }

  /// exp(clamp(x, −12, 12)), for a caller that already has the value.
  ///
  /// - Parameters:
  ///   - x: The argument.
  ///   - value: eˣ; returned unchanged between the limits.
  @inlinable
  @inline(__always)
  public static func derivative<T: RadianceScalar>(at x: T, value: T) -> T {
    let limit: T = limit()
    return x > limit ? T.exp(limit) : x < -limit ? T.exp(-limit) : value
  }

  /// exp(clamp(x, −12, 12)).
  @inlinable
  public static func derivative<T: RadianceScalar>(at x: T) -> T {
    derivative(at: x, value: value(of: x))
  }
}
