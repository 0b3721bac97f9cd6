/// A number with a bound of what a correct single-precision computation of it may differ by.
///
/// The value is computed in double precision. Beside it run the quantities of a forward error analysis
/// (Higham 2002, chapters 2 to 4) with u = 2⁻²⁴:
///
/// - ``propagated``: the error that comes from operands and from finished operations;
/// - ``mass`` and ``terms``: of a sum that is still growing, Σ|tᵢ| and the number n of its terms.
///
/// A sum is only charged `(n − 1)·u·Σ|tᵢ|` when it is used, because that holds for every order of
/// adding and with or without contraction to fused operations. Products and quotients are charged one
/// rounding, elementary functions ``elementaryRoundings``. So evaluating an operation of the library
/// with this type gives each result the bound that any correct implementation of that formula meets.
///
/// Decisions (comparisons, roundings to integers) are taken by the value; one that the error could turn
/// is counted in ``AmbiguousDecisions``, because no bound of this kind holds behind it.
public struct Tracked: Sendable {
  /// The value.
  public var value: Double
  /// Error from operands and from operations before the last sum.
  public var propagated: Double
  /// Σ|tᵢ| of the sum that made this value; |value| if there was none.
  public var mass: Double
  /// Terms of that sum; 0 for an exact zero, 1 for a single term.
  public var terms: Double

  /// Unit roundoff of single precision.
  public static let unit = 0x1p-24
  /// Roundings an elementary function may cost: 4 units in the last place of single precision.
  public static let elementaryRoundings = 8.0
  /// Half the smallest positive number of single precision: where roundings stop being relative.
  @usableFromInline static let underflow = 0x1p-150

  /// A number as it is, whose rounding to single precision is not counted.
  @inlinable
  public init(exactly value: Double) {
    self.value = value
    propagated = 0
    mass = abs(value)
    terms = value == 0 ? 0 : 1
  }

  /// A number with a known error.
  @inlinable
  public init(_ value: Double, error: Double) {
    self.value = value
    propagated = error
    mass = abs(value)
    terms = value == 0 && error == 0 ? 0 : 1
  }

  /// A constant: charged half a unit in the last place if single precision cannot represent it.
  @inlinable
  public init(constant value: Double) {
    let isExact = Double(Float(value)) == value || !value.isFinite
    self.init(value, error: isExact ? 0 : Self.unit * abs(value) + Self.underflow)
  }

  /// What a correct computation in single precision may differ by.
  @inlinable
  public var bound: Double {
    guard terms > 1 else { return propagated }
    // One addition of exact numbers to a number of single precision does not round.
    if terms == 2 && propagated == 0 && Double(Float(value)) == value { return 0 }
    return propagated + (terms - 1) * Self.unit * mass
  }

  /// A finished operation: `error` from its operands, and `roundings` of its own.
  @inlinable
  static func result(_ value: Double, error: Double, roundings: Double = 1) -> Tracked {
    guard value.isFinite else { return Tracked(value, error: 0) }
    return Tracked(
      value, error: error + roundings * (unit * (abs(value) + error) + underflow))
  }

  /// A smooth function: `slope` bounds |f′| between the operand minus and plus its error.
  @inlinable
  static func function(_ value: Double, slope: Double, of operand: Tracked) -> Tracked {
    let error = operand.bound
    return result(
      value, error: error == 0 ? 0 : slope * error, roundings: elementaryRoundings)
  }
}

/// Counts decisions that rounding errors could turn, per thread of analysis.
///
/// Analyses run on one thread; nested ones each see their own count.
public enum AmbiguousDecisions {
  @TaskLocal static var counter: Counter?

  final class Counter: @unchecked Sendable { var count = 0 }

  /// Runs `body` and counts.
  public static func count<R>(during body: () throws -> R) rethrows -> (result: R, count: Int) {
    let counter = Counter()
    let result = try $counter.withValue(counter) { try body() }
    return (result, counter.count)
  }

  /// Counts one more.
  public static func record() { counter?.count += 1 }
}
