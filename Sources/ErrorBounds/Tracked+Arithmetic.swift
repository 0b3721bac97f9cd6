extension Tracked: AdditiveArithmetic, Numeric, SignedNumeric {
  public static var zero: Tracked { Tracked(exactly: 0) }

  public init(integerLiteral value: Int64) { self.init(exactly: Double(value)) }
  public init<Source: BinaryInteger>(_ source: Source) { self.init(exactly: Double(source)) }
  public init?<Source: BinaryInteger>(exactly source: Source) {
    guard let value = Double(exactly: source) else { return nil }
    self.init(exactly: value)
  }

  public var magnitude: Tracked {
    var result = self
    result.value = abs(value)
    return result
  }

  public static prefix func - (x: Tracked) -> Tracked {
    var result = x
    result.value = -x.value
    return result
  }
  public mutating func negate() { value = -value }

  private static func sum(_ a: Tracked, _ b: Tracked, value: Double) -> Tracked {
    var result = Tracked.zero
    result.value = value
    result.propagated = a.propagated + b.propagated
    result.mass = a.mass + b.mass
    result.terms = a.terms + b.terms
    return result
  }
  public static func + (a: Tracked, b: Tracked) -> Tracked { sum(a, b, value: a.value + b.value) }
  public static func - (a: Tracked, b: Tracked) -> Tracked { sum(a, b, value: a.value - b.value) }
  public static func += (a: inout Tracked, b: Tracked) { a = a + b }
  public static func -= (a: inout Tracked, b: Tracked) { a = a - b }

  /// Charged with the errors of both factors, their product, and one rounding; none if a factor is a
  /// power of two, and nothing at all if it is ±1.
  public static func * (a: Tracked, b: Tracked) -> Tracked {
    if a.isUnit { return a.value < 0 ? -b : b }
    if b.isUnit { return b.value < 0 ? -a : a }
    let (ea, eb) = (a.bound, b.bound)
    let value = a.value * b.value
    let error = abs(a.value) * eb + abs(b.value) * ea + ea * eb
    if value == 0 && error == 0 { return Tracked(exactly: value) }
    return result(value, error: error, roundings: a.isPowerOfTwo || b.isPowerOfTwo ? 0 : 1)
  }
  public static func *= (a: inout Tracked, b: Tracked) { a = a * b }

  public static func / (a: Tracked, b: Tracked) -> Tracked {
    if b.isUnit { return b.value < 0 ? -a : a }
    let (ea, eb) = (a.bound, b.bound)
    let value = a.value / b.value
    if value == 0 && ea == 0 { return Tracked(exactly: value) }
    let smallest = abs(b.value) - eb
    guard value.isFinite else { return Tracked(value, error: 0) }
    guard smallest > 0 else { return Tracked(value, error: .infinity) }
    return result(
      value, error: (ea + abs(value) * eb) / smallest, roundings: b.isPowerOfTwo ? 0 : 1)
  }
  public static func /= (a: inout Tracked, b: Tracked) { a = a / b }

  private var isUnit: Bool { abs(value) == 1 && bound == 0 }
  private var isPowerOfTwo: Bool { abs(value.significand) == 1 && bound == 0 }
}

extension Tracked: Comparable, Hashable {
  private static func decide(_ a: Tracked, _ b: Tracked) {
    let doubt = a.bound + b.bound
    if doubt > 0 && abs(a.value - b.value) <= doubt { AmbiguousDecisions.record() }
  }
  public static func == (a: Tracked, b: Tracked) -> Bool { a.value == b.value }
  public static func < (a: Tracked, b: Tracked) -> Bool {
    decide(a, b)
    return a.value < b.value
  }
  public static func > (a: Tracked, b: Tracked) -> Bool { b < a }
  public static func <= (a: Tracked, b: Tracked) -> Bool {
    decide(a, b)
    return a.value <= b.value
  }
  public static func >= (a: Tracked, b: Tracked) -> Bool { b <= a }
  public func hash(into hasher: inout Hasher) { hasher.combine(value) }
}

extension Tracked: Strideable {
  public func distance(to other: Tracked) -> Tracked { other - self }
  public func advanced(by step: Tracked) -> Tracked { self + step }
}

extension Tracked: Codable, CustomStringConvertible {
  public init(from decoder: any Decoder) throws {
    self.init(exactly: try decoder.singleValueContainer().decode(Double.self))
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
  public var description: String { "\(value) ± \(bound)" }
}
