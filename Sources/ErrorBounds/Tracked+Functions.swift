public import RealModule

extension Tracked {
  /// `f` where its slope grows with the magnitude of what lies between: the larger end counts.
  private static func monotone(
    _ x: Tracked, _ f: (Double) -> Double, slope: (Double) -> Double
  ) -> Tracked {
    let e = x.bound
    return function(
      f(x.value), slope: max(abs(slope(x.value - e)), abs(slope(x.value + e))), of: x)
  }

  /// A function with slope of at most 1 in magnitude.
  private static func tame(_ x: Tracked, _ f: (Double) -> Double) -> Tracked {
    function(f(x.value), slope: 1, of: x)
  }
}

extension Tracked: Real {
  public static func exp(_ x: Tracked) -> Tracked {
    x.value == 0 && x.bound == 0 ? 1 : monotone(x, { .exp($0) }, slope: { .exp($0) })
  }
  public static func expMinusOne(_ x: Tracked) -> Tracked {
    x.value == 0 && x.bound == 0 ? 0 : monotone(x, { .expMinusOne($0) }, slope: { .exp($0) })
  }
  public static func exp2(_ x: Tracked) -> Tracked {
    monotone(x, { .exp2($0) }, slope: { .exp2($0) })
  }
  public static func exp10(_ x: Tracked) -> Tracked {
    monotone(x, { .exp10($0) }, slope: { 2.4 * .exp10($0) })
  }
  public static func cosh(_ x: Tracked) -> Tracked {
    monotone(x, { .cosh($0) }, slope: { .sinh($0) })
  }
  public static func sinh(_ x: Tracked) -> Tracked {
    monotone(x, { .sinh($0) }, slope: { .cosh($0) })
  }
  public static func tanh(_ x: Tracked) -> Tracked { tame(x) { .tanh($0) } }
  public static func cos(_ x: Tracked) -> Tracked { tame(x) { .cos($0) } }
  public static func sin(_ x: Tracked) -> Tracked { tame(x) { .sin($0) } }
  public static func tan(_ x: Tracked) -> Tracked {
    monotone(x, { .tan($0) }, slope: { 1 / (.cos($0) * .cos($0)) })
  }
  public static func log(_ x: Tracked) -> Tracked {
    monotone(x, { .log($0) }, slope: { 1 / $0 })
  }
  public static func log(onePlus x: Tracked) -> Tracked {
    monotone(x, { .log(onePlus: $0) }, slope: { 1 / (1 + $0) })
  }
  public static func log2(_ x: Tracked) -> Tracked {
    monotone(x, { .log2($0) }, slope: { 1.5 / $0 })
  }
  public static func log10(_ x: Tracked) -> Tracked {
    monotone(x, { .log10($0) }, slope: { 0.5 / $0 })
  }
  public static func acosh(_ x: Tracked) -> Tracked {
    monotone(x, { .acosh($0) }, slope: { 1 / ($0 * $0 - 1).squareRoot() })
  }
  public static func asinh(_ x: Tracked) -> Tracked { tame(x) { .asinh($0) } }
  public static func atanh(_ x: Tracked) -> Tracked {
    monotone(x, { .atanh($0) }, slope: { 1 / (1 - $0 * $0) })
  }
  public static func acos(_ x: Tracked) -> Tracked {
    monotone(x, { .acos($0) }, slope: { 1 / max(1 - $0 * $0, 0).squareRoot() })
  }
  public static func asin(_ x: Tracked) -> Tracked {
    monotone(x, { .asin($0) }, slope: { 1 / max(1 - $0 * $0, 0).squareRoot() })
  }
  public static func atan(_ x: Tracked) -> Tracked { tame(x) { .atan($0) } }
  public static func erf(_ x: Tracked) -> Tracked {
    function(.erf(x.value), slope: 1.13, of: x)
  }
  public static func erfc(_ x: Tracked) -> Tracked {
    function(.erfc(x.value), slope: 1.13, of: x)
  }
  public static func gamma(_ x: Tracked) -> Tracked {
    monotone(x, { .gamma($0) }, slope: { .gamma($0 + 1) })
  }
  public static func logGamma(_ x: Tracked) -> Tracked {
    monotone(x, { .logGamma($0) }, slope: { abs($0) + 1 / abs($0) })
  }
  public static func signGamma(_ x: Tracked) -> FloatingPointSign { Double.signGamma(x.value) }

  /// `∂x^y = y x^(y−1) ∂x + x^y ln x ∂y`.
  public static func pow(_ x: Tracked, _ y: Tracked) -> Tracked {
    let value = Double.pow(x.value, y.value)
    let slope = max(
      abs(y.value * .pow(x.value - x.bound, y.value - 1)),
      abs(y.value * .pow(x.value + x.bound, y.value - 1)))
    let error =
      (x.bound == 0 ? 0 : slope * x.bound)
      + (y.bound == 0 ? 0 : abs(value * .log(x.value)) * y.bound)
    return result(value, error: error, roundings: elementaryRoundings)
  }
  public static func pow(_ x: Tracked, _ n: Int) -> Tracked { pow(x, Tracked(n)) }
  public static func sqrt(_ x: Tracked) -> Tracked {
    let value = x.value.squareRoot()
    let e = x.bound
    if value == 0 && e == 0 { return Tracked(exactly: 0) }
    // √x − √(x − e) = e / (√(x − e) + √x); roots never differ by more than the root of the difference.
    let error = e == 0 ? 0 : e / (max(x.value - e, 0).squareRoot() + value)
    return result(value, error: min(error, e.squareRoot()))
  }
  public static func root(_ x: Tracked, _ n: Int) -> Tracked {
    monotone(x, { .root($0, n) }, slope: { .root($0, n) / (Double(n) * $0) })
  }
  public static func hypot(_ x: Tracked, _ y: Tracked) -> Tracked {
    result(
      .hypot(x.value, y.value), error: x.bound + y.bound, roundings: elementaryRoundings)
  }
  public static func atan2(y: Tracked, x: Tracked) -> Tracked {
    let square = x.value * x.value + y.value * y.value
    return result(
      .atan2(y: y.value, x: x.value),
      error: (abs(x.value) * y.bound + abs(y.value) * x.bound) / square,
      roundings: elementaryRoundings)
  }
  public static func _relaxedAdd(_ a: Tracked, _ b: Tracked) -> Tracked { a + b }
  public static func _relaxedMul(_ a: Tracked, _ b: Tracked) -> Tracked { a * b }
}
