/// A mapping of numbers in 0...1 to colours.
public enum ColorRamp: String, CaseIterable, Sendable {
  /// Black to white.
  case grey
  /// Dark blue over green to light yellow; brightness rises all the way, so it reads in print.
  case terrain

  /// The colour of a value; outside 0...1 that of the nearer end, magenta for NaN.
  ///
  /// Linear between equally spaced colours.
  public func color(at value: Float) -> SIMD3<Float> {
    guard !value.isNaN else { return SIMD3(1, 0, 1) }
    let t = min(max(value, 0), 1)
    switch self {
    case .grey: return SIMD3(repeating: t)
    case .terrain:
      let position = t * Float(Self.stops.count - 1)
      let lower = min(Int(position), Self.stops.count - 2)
      let fraction = position - Float(lower)
      return Self.stops[lower] * (1 - fraction) + Self.stops[lower + 1] * fraction
    }
  }

  /// Luminance 0.09, 0.28, 0.45, 0.63, 0.94 (weights 0.21, 0.72, 0.07).
  private static let stops: [SIMD3<Float>] = [
    SIMD3(0.12, 0.06, 0.32), SIMD3(0.14, 0.30, 0.56), SIMD3(0.10, 0.57, 0.50),
    SIMD3(0.45, 0.74, 0.26), SIMD3(0.99, 0.95, 0.60),
  ]
}
