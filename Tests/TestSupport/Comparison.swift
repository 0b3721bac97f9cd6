import Foundation

/// The outcome of comparing a list of values with the expected one, entry by entry.
///
/// Entry i passes if `|aᵢ − eᵢ| ≤ absolute + relative · |eᵢ|`; a NaN or an infinity passes only
/// against the same. Write `#expect(comparison.passed, "\(comparison)")`.
public struct Comparison: Sendable {
  /// What was compared, for messages.
  public let name: String
  /// Whether the counts are equal and every compared entry passes.
  public let passed: Bool
  /// The largest ratio of error and allowance; at most 1 if ``passed``. Infinite for an entry that is
  /// wrong where nothing is allowed.
  public let worstRatio: Double
  /// The index of that entry; `nil` if the counts differ or nothing was compared.
  public let worstIndex: Int?
  /// The expected value at ``worstIndex``.
  public let expected: Double?
  /// The actual value at ``worstIndex``.
  public let actual: Double?
  /// How many entries were compared: those that the mask selects.
  public let compared: Int
  /// How many of them fail.
  public let failures: Int
  private let summary: String

  /// Compares two lists.
  ///
  /// - Parameters:
  ///   - name: What the lists are.
  ///   - actual: The values under test.
  ///   - expected: The values that are right.
  ///   - relative: Accepted share of an expected magnitude.
  ///   - absolute: Accepted distance at any magnitude.
  ///   - mask: Selects rows: entry i belongs to row `i / (count / mask.count)`. A mask that selects
  ///     nothing fails, because the comparison would then say nothing.
  public init(
    _ name: String, actual: [Double], expected: [Double], relative: Double, absolute: Double,
    mask: [Bool]? = nil
  ) {
    self.name = name
    var worst = (ratio: -1.0, index: -1)
    var compared = 0
    var failures = 0
    var problem: String?
    if actual.count != expected.count {
      problem = "\(actual.count) values, expected \(expected.count)"
    } else if let mask, mask.isEmpty != expected.isEmpty || expected.count % max(mask.count, 1) != 0
    {
      problem = "a mask of \(mask.count) rows does not divide \(expected.count) values"
    } else {
      let rowLength = mask.map { expected.count / max($0.count, 1) } ?? 1
      for i in expected.indices where mask?[i / rowLength] ?? true {
        let ratio = Self.ratio(actual[i], expected[i], relative: relative, absolute: absolute)
        compared += 1
        if ratio > 1 { failures += 1 }
        if ratio > worst.ratio { worst = (ratio, i) }
      }
      if compared == 0 && !expected.isEmpty { problem = "the mask selects no entry" }
    }
    self.compared = compared
    self.failures = failures
    passed = problem == nil && failures == 0
    worstRatio = problem == nil ? max(worst.ratio, 0) : .infinity
    let index = problem == nil && worst.index >= 0 ? worst.index : nil
    worstIndex = index
    self.expected = index.map { expected[$0] }
    self.actual = index.map { actual[$0] }
    if let problem {
      summary = problem
    } else if let index {
      let allowed = absolute + relative * abs(expected[index])
      summary =
        "\(failures) of \(compared) differ; worst at [\(index)]: \(actual[index]), expected "
        + "\(expected[index]), error \(abs(actual[index] - expected[index])), allowed \(allowed), "
        + "ratio \(worst.ratio)"
    } else {
      summary = "both are empty"
    }
  }

  /// Compares two lists under a named tolerance, relative to the expected values.
  ///
  /// - Parameter scale: Magnitude of terms that cancelled on the way; `relative · scale` is accepted
  ///   at any magnitude.
  public init(
    _ name: String, actual: [Double], expected: [Double], _ tolerance: Tolerance,
    scale: Double = 0, mask: [Bool]? = nil
  ) {
    self.init(
      name, actual: actual, expected: expected, relative: tolerance.relative,
      absolute: tolerance.absolute + tolerance.relative * scale, mask: mask)
  }

  /// Compares two lists in single precision under a named tolerance.
  ///
  /// - Parameter scale: As for lists in double precision.
  public init(
    _ name: String, actual: [Float], expected: [Float], _ tolerance: Tolerance,
    scale: Double = 0, mask: [Bool]? = nil
  ) {
    self.init(
      name, actual: actual.map(Double.init), expected: expected.map(Double.init), tolerance,
      scale: scale, mask: mask)
  }

  private static func ratio(
    _ actual: Double, _ expected: Double, relative: Double, absolute: Double
  ) -> Double {
    if actual == expected || actual.isNaN && expected.isNaN { return 0 }
    guard actual.isFinite, expected.isFinite else { return .infinity }
    // The allowance may be zero: any error is then infinitely too large.
    return abs(actual - expected) / (absolute + relative * abs(expected))
  }
}

extension Comparison: CustomStringConvertible {
  /// For example "hash_L4 out.y: 3 of 512 differ; worst at [7]: 0.5, expected 0.25, …".
  public var description: String { "\(name): \(summary)" }
}
