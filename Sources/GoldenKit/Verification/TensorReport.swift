/// How far each element of a tensor may be from the expected one.
public enum Allowance: Sendable {
  /// `absolute + relative · |expected|`, the same for every element.
  case tolerance(relative: Double, absolute: Double)
  /// A forward-error bound for each element. Ratios up to 8 are a warning instead of a failure: the
  /// bound is derived, and a backend just above it is imprecise rather than wrong.
  case bounds([Double])

  func value(at index: Int, expected: Double) -> Double {
    switch self {
    case .tolerance(let relative, let absolute): absolute + relative * abs(expected)
    case .bounds(let bounds): bounds[index]
    }
  }

  /// Ratio up to which a tensor is a warning.
  var warningLimit: Double { if case .bounds = self { 8 } else { 1 } }
}

/// The outcome of comparing one tensor with the expected one, element by element.
///
/// The ratio of an element is its error divided by what is allowed; equal elements, and NaN or an
/// infinity against the same, have ratio 0. An element that is wrong where nothing is allowed, or not
/// finite where a number is expected, has ratio infinity.
public struct TensorReport: Sendable, Codable, Equatable {
  /// The tensor's name.
  public let name: String
  /// Pass, warning or fail.
  public let state: VerificationState
  /// The largest ratio of error and allowance.
  public let ratio: Double
  /// Elements that were compared.
  public let compared: Int
  /// Elements with a ratio above 1.
  public let failures: Int
  /// Elements that a mask excludes.
  public let excluded: Int
  /// Elements that are NaN where a number or an infinity is expected, or the other way round.
  public let wrongNaN: Int
  /// Elements that are infinite where another value is expected, or the other way round.
  public let wrongInfinity: Int
  /// The index of the worst element, one number per axis; nil if nothing could be compared.
  public let worstIndex: [Int]?
  /// The expected value there.
  public let expected: Double?
  /// The actual value there.
  public let actual: Double?
  /// What was allowed there.
  public let allowed: Double?
  /// Why the tensor could not be compared, or by which rule it was judged.
  public let note: String?

  /// The tensor could not be compared.
  static func refused(_ name: String, _ note: String) -> TensorReport {
    TensorReport(
      name: name, state: .fail, ratio: .infinity, compared: 0, failures: 0, excluded: 0,
      wrongNaN: 0, wrongInfinity: 0, worstIndex: nil, expected: nil, actual: nil, allowed: nil,
      note: note)
  }

  /// The difference at the worst element.
  public var absoluteError: Double? {
    guard let expected, let actual else { return nil }
    return abs(actual - expected)
  }

  /// The difference there in units of the expected value.
  public var relativeError: Double? {
    guard let expected, let absoluteError, expected != 0 else { return nil }
    return absoluteError / abs(expected)
  }

  /// The difference there in units in the last place of the expected value in single precision.
  public var ulpError: Double? {
    guard let expected, let absoluteError, expected.isFinite, absoluteError.isFinite else {
      return nil
    }
    return absoluteError / Double(Float(expected).ulp)
  }
}

extension TensorReport {
  /// Compares values.
  ///
  /// - Parameters:
  ///   - mask: One truth value per row; row r holds the elements r·n ..< (r+1)·n.
  ///   - share: The part of the compared elements that must be within their allowance. Below 1 the
  ///     others must be within `farthest`.
  init(
    _ name: String, shape: [Int], actual: [Double], expected: [Double], allowance: Allowance,
    mask: [Bool]? = nil, share: Double = 1, farthest: Double = 0
  ) {
    var worst = (ratio: -1.0, index: -1)
    var (compared, failures, excluded, wrongNaN, wrongInfinity, far) = (0, 0, 0, 0, 0, 0)
    let rowLength = mask.map { expected.count / max($0.count, 1) } ?? 1
    for i in expected.indices {
      if let mask, !mask[i / max(rowLength, 1)] {
        excluded += 1
        continue
      }
      compared += 1
      let (a, e) = (actual[i], expected[i])
      if a == e || a.isNaN && e.isNaN {
        if worst.ratio < 0 { worst = (0, i) }
        continue
      }
      if a.isNaN != e.isNaN {
        wrongNaN += 1
      } else if a.isInfinite || e.isInfinite {
        wrongInfinity += 1
      }
      let finite = a.isFinite && e.isFinite
      let ratio =
        finite ? abs(a - e) / allowance.value(at: i, expected: e) : Double.infinity
      if ratio > 1 { failures += 1 }
      if !finite || abs(a - e) > farthest { far += ratio > 1 ? 1 : 0 }
      if ratio > worst.ratio { worst = (ratio, i) }
    }
    let ratio = max(worst.ratio, 0)
    let bulkHolds =
      share < 1 && far == 0 && Double(compared - failures) >= share * Double(compared)
    self.init(
      name: name,
      state: ratio <= 1 || bulkHolds ? .pass : ratio <= allowance.warningLimit ? .warning : .fail,
      ratio: ratio, compared: compared, failures: failures, excluded: excluded, wrongNaN: wrongNaN,
      wrongInfinity: wrongInfinity,
      worstIndex: worst.index >= 0 ? Self.index(worst.index, shape: shape) : nil,
      expected: worst.index >= 0 ? expected[worst.index] : nil,
      actual: worst.index >= 0 ? actual[worst.index] : nil,
      allowed: worst.index >= 0
        ? allowance.value(at: worst.index, expected: expected[worst.index]) : nil,
      note: share < 1 && ratio > 1
        ? "judged by the bulk: \(failures) of \(compared) beyond the tolerance, "
          + "\(far) of them farther than \(farthest)" : nil)
  }

  /// The position of a flat index in a tensor, outermost axis first.
  static func index(_ flat: Int, shape: [Int]) -> [Int] {
    var rest = flat
    var result: [Int] = []
    for extent in shape.reversed() where extent > 0 {
      result.append(rest % extent)
      rest /= extent
    }
    return result.reversed()
  }
}
