extension Tracked: FloatingPoint {
  public typealias Exponent = Int

  public init(sign: FloatingPointSign, exponent: Int, significand: Tracked) {
    let scale = Double(sign: sign, exponent: exponent, significand: 1)
    // Powers of two are exact.
    self.init(
      significand.value * scale, error: significand.bound * abs(scale))
  }
  public init(signOf: Tracked, magnitudeOf: Tracked) {
    self = magnitudeOf.magnitude
    if signOf.value.sign == .minus { negate() }
  }

  public static var radix: Int { 2 }
  public static var nan: Tracked { Tracked(exactly: .nan) }
  public static var signalingNaN: Tracked { nan }
  public static var infinity: Tracked { Tracked(exactly: .infinity) }
  public static var pi: Tracked { Tracked(constant: .pi) }
  // Limits are those of the precision that is analysed.
  public static var greatestFiniteMagnitude: Tracked {
    Tracked(exactly: Double(Float.greatestFiniteMagnitude))
  }
  public static var leastNormalMagnitude: Tracked {
    Tracked(exactly: Double(Float.leastNormalMagnitude))
  }
  public static var leastNonzeroMagnitude: Tracked {
    Tracked(exactly: Double(Float.leastNonzeroMagnitude))
  }
  public static var ulpOfOne: Tracked { Tracked(exactly: Double(Float.ulpOfOne)) }
  public var ulp: Tracked { Tracked(exactly: Double(Float(value).ulp)) }
  public var sign: FloatingPointSign { value.sign }
  public var exponent: Int { Int(value.exponent) }
  public var significand: Tracked { Tracked(exactly: value.significand) }
  public var nextUp: Tracked { Tracked(exactly: Double(Float(value).nextUp)) }

  public mutating func formRemainder(dividingBy other: Tracked) {
    self = Tracked(value.remainder(dividingBy: other.value), error: bound)
  }
  public mutating func formTruncatingRemainder(dividingBy other: Tracked) {
    self = Tracked(value.truncatingRemainder(dividingBy: other.value), error: bound)
  }
  public mutating func formSquareRoot() { self = Tracked.sqrt(self) }
  public mutating func addProduct(_ lhs: Tracked, _ rhs: Tracked) { self += lhs * rhs }

  /// The integer that the value gives; exact unless the error reaches another one.
  public mutating func round(_ rule: FloatingPointRoundingRule) {
    let doubt = bound
    if doubt > 0, (value - doubt).rounded(rule) != (value + doubt).rounded(rule) {
      AmbiguousDecisions.record()
    }
    self = Tracked(exactly: value.rounded(rule))
  }

  public func isEqual(to other: Tracked) -> Bool { value == other.value }
  public func isLess(than other: Tracked) -> Bool { self < other }
  public func isLessThanOrEqualTo(_ other: Tracked) -> Bool { self <= other }
  public func isTotallyOrdered(belowOrEqualTo other: Tracked) -> Bool {
    value.isTotallyOrdered(belowOrEqualTo: other.value)
  }
  public var isNormal: Bool { value.isNormal }
  public var isFinite: Bool { value.isFinite }
  public var isZero: Bool { value.isZero }
  public var isSubnormal: Bool { value.isSubnormal }
  public var isInfinite: Bool { value.isInfinite }
  public var isNaN: Bool { value.isNaN }
  public var isSignalingNaN: Bool { value.isSignalingNaN }
  public var isCanonical: Bool { value.isCanonical }
}

extension Tracked: BinaryFloatingPoint {
  public init(floatLiteral value: Double) { self.init(constant: value) }
  public init(_ value: Float) { self.init(exactly: Double(value)) }
  public init(_ value: Double) { self.init(constant: value) }
  #if arch(x86_64)
    public init(_ value: Float80) { self.init(constant: Double(value)) }
  #endif
  /// The same number; of another ``Tracked`` also its error.
  public init<Source: BinaryFloatingPoint>(_ value: Source) {
    self = value as? Tracked ?? Tracked(constant: Double(value))
  }

  public static var exponentBitCount: Int { Double.exponentBitCount }
  public static var significandBitCount: Int { Double.significandBitCount }
  public init(
    sign: FloatingPointSign, exponentBitPattern: UInt, significandBitPattern: UInt64
  ) {
    self.init(
      exactly: Double(
        sign: sign, exponentBitPattern: exponentBitPattern,
        significandBitPattern: significandBitPattern))
  }
  public var exponentBitPattern: UInt { value.exponentBitPattern }
  public var significandBitPattern: UInt64 { value.significandBitPattern }
  public var binade: Tracked { Tracked(exactly: value.binade) }
  public var significandWidth: Int { value.significandWidth }
}
