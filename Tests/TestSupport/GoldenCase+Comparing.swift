import Foundation
import TensorIO

/// Which stored value and which bound a double-precision result is held against.
public enum DoubleBound: Sendable {
  /// The double twin under `relative · |g| + ofLargest · max|g|`; without a twin as ``stored``.
  ///
  /// The original in double and a formula in double differ by the order of sums; entries that cancel
  /// carry the rounding of the largest ones, hence the second term.
  case twin(relative: Double = 1e-9, ofLargest: Double = 1e-9)
  /// The double twin (without one the single-precision value) under the stored tolerance of the
  /// single-precision run. For operations that round to single precision by definition.
  case stored
}

extension GoldenCase {
  /// Compares a single-precision result with the stored tensor under its stored tolerance.
  ///
  /// - Throws: If the case has no such tensor or its tolerance is unreadable. A wrong count is not an
  ///   error but a comparison that failed.
  public func compare(_ tensor: String, actual: [Float]) throws -> Comparison {
    try compare(tensor, actual: actual.map(Double.init), with: values(tensor), bound: nil)
  }

  /// Compares an integer result or a mask with the stored tensor under its stored tolerance.
  ///
  /// - Throws: As for single precision.
  public func compare(_ tensor: String, actual: [Int]) throws -> Comparison {
    try compare(tensor, actual: actual.map(Double.init), with: values(tensor), bound: nil)
  }

  /// Compares a double-precision result with the double twin, or without one with the stored tensor
  /// under its stored tolerance.
  ///
  /// - Throws: As for single precision.
  public func compare(
    _ tensor: String, actual: [Double], _ bound: DoubleBound = .twin()
  ) throws -> Comparison {
    let twin = tensor + ".f64"
    guard has(twin) else {
      return try compare(tensor, actual: actual, with: values(tensor), bound: nil)
    }
    let expected = try doubles(twin)
    guard case .twin(let relative, let ofLargest) = bound else {
      return try compare(tensor, actual: actual, with: expected, bound: nil)
    }
    return try compare(
      tensor, actual: actual, with: expected,
      bound: (relative, ofLargest * Self.largest(expected)))
  }

  /// The rows of a tensor that its tolerance selects, or `nil` if it selects all.
  public func rowMask(_ tensor: String) throws -> [Bool]? {
    guard let mask = tolerances[tensor]?.rowMask else { return nil }
    return try integers(mask).map { $0 != 0 }
  }

  private func values(_ tensor: String) throws -> [Double] {
    let stored = try file.tensor(named: tensor, in: name)
    return switch stored.elementType {
    case .float64, .float32, .float16, .bfloat16: try stored.doubles()
    default: try stored.integers().map(Double.init)
    }
  }

  private func compare(
    _ tensor: String, actual: [Double], with expected: [Double],
    bound: (relative: Double, absolute: Double)?
  ) throws -> Comparison {
    let (relative, absolute) = try bound ?? storedBound(tensor, expected: expected)
    return Comparison(
      "\(name) \(tensor)", actual: actual, expected: expected, relative: relative,
      absolute: absolute, mask: try rowMask(tensor))
  }

  private func storedBound(
    _ tensor: String, expected: [Double]
  ) throws -> (relative: Double, absolute: Double) {
    guard let stored = tolerances[tensor] else {
      let stored = try file.tensor(named: tensor, in: name)
      // Integers and masks without a tolerance are diagnostics that must be met exactly or not used.
      guard (try? stored.doubles()) != nil else { return (0, 0) }
      return (fallback.relative, fallback.absoluteOfLargest * Self.largest(expected))
    }
    switch (stored.kind, stored.rtol, stored.atol) {
    case ("exact", _, _): return (0, 0)
    case ("close", let rtol?, let atol?): return (rtol, atol)
    default: throw GoldenError("\(name): the tolerance of `\(tensor)` is of unknown kind.")
    }
  }

  private static func largest(_ values: [Double]) -> Double {
    values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
  }
}
