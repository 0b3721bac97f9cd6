import RealModule

extension TextbookBackend {
  /// eˣ by the system's function, or by one of its own: x = k ln 2 + r with ln 2 in two parts (Cody and
  /// Waite 1980), then the series of eʳ for |r| ≤ ½ ln 2, whose next term is below half a unit.
  func exponential(_ x: Float) -> Float {
    guard variant == .otherExponential, abs(x) < 80 else { return Float.exp(x) }
    let k = (x * 1.442695).rounded()
    let r = (x - k * 0.693359375) + k * 2.1219444e-4
    return Float(sign: .plus, exponent: Int(k), significand: Self.series(r, from: 0))
  }

  /// eˣ − 1: the series without its first term where that would cancel.
  func exponentialMinusOne(_ x: Float) -> Float {
    guard variant == .otherExponential else { return Float.expMinusOne(x) }
    return abs(x) < 0.34 ? x * Self.series(x, from: 1) : exponential(x) - 1
  }

  /// Σ rᵏ / (k + first)! · first!
  private static func series(_ r: Float, from first: Int) -> Float {
    var sum: Float = 1
    for k in stride(from: 8, through: 1, by: -1) { sum = 1 + r * sum / Float(k + first) }
    return sum
  }
}
