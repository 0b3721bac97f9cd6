/// A step held against the numbers that another implementation dumped; see ``StepDump``.
public struct StepComparison: Sendable, Codable, Equatable {
  /// Parts of a step, in the order in which they are computed.
  public enum Part: String, CaseIterable, Comparable, Sendable, Codable {
    case parameters
    case samples
    case teacherTaps
    case studentTaps
    case images
    case terms
    case total
    case gradients

    public static func < (a: Part, b: Part) -> Bool {
      let order = allCases
      return (order.firstIndex(of: a) ?? 0) < (order.firstIndex(of: b) ?? 0)
    }
  }

  /// What came of one quantity.
  public enum Verdict: String, Sendable, Codable {
    /// Within its bound.
    case agrees
    /// Within its bound under ``Quantity/conventions``.
    case agreesIf
    /// Neither.
    case differs
    /// Differs, as it must after an earlier part did.
    case follows
  }

  /// In which precision the other implementation computes.
  public enum Precision: String, CaseIterable, Sendable, Codable {
    case single
    case half

    /// Its unit roundoff.
    var unit: Double { self == .single ? 0x1p-24 : 0x1p-11 }
  }

  /// One element.
  public struct Element: Sendable, Codable, Equatable {
    /// In the dump's array, row-major.
    public var index: Int
    /// Row of the sample, where there is one.
    public var row: Int?
    /// Number of the ray, where there is one.
    public var ray: Int?
    /// What this library says.
    public var expected: Double
    /// What the dump says.
    public var actual: Double
    /// By how much a correct implementation may differ.
    public var bound: Double
  }

  /// One array of the dump.
  public struct Quantity: Sendable, Codable, Equatable {
    /// Its name in the dump.
    public var name: String
    public var part: Part
    /// Elements that were compared.
    public var count: Int
    /// Elements beyond their bound; for gradients all or none, as they are judged by their norm.
    public var differing: Int
    /// Largest distance in units of its bound, without any convention.
    public var ratio: Double
    /// The element of that distance.
    public var worst: Element?
    public var verdict: Verdict
    /// Under which of them it agrees.
    public var conventions: [Convention] = []
    /// Numbers that belong to a convention, or a hint where there is none.
    public var note: String?

    /// One sentence.
    public var message: String {
      var text = "\(name): "
      let share = "\(differing) of \(count) elements are further off than their bound"
      switch verdict {
      case .agrees: return text + "agrees, within \(digits(ratio)) of the bound."
      case .agreesIf:
        text +=
          "\(share). It matches if \(conventions.map(\.condition).joined(separator: ", and if "))"
      case .differs: text += share
      case .follows: text += "\(share), after an earlier difference"
      }
      if let worst, verdict != .agreesIf {
        let place: String
        switch (worst.row, worst.ray) {
        case (let row?, let ray?): place = "row \(row) of ray \(ray)"
        case (let row?, nil): place = "row \(row)"
        case (nil, let ray?): place = "ray \(ray)"
        case (nil, nil): place = "element \(worst.index)"
        }
        text +=
          "; the furthest is \(place): \(digits(worst.actual)) instead of "
          + "\(digits(worst.expected)), allowed \(digits(worst.bound))"
      }
      return text + (note.map { ". \($0)" } ?? "") + "."
    }
  }

  /// What the bounds allow for.
  public var precision: Precision
  /// In the order of ``Part``.
  public var quantities: [Quantity]
  /// Arrays of the dump that nothing was compared with.
  public var ignored: [String]

  /// The first part that does not agree; nil if all do.
  public var firstDifference: Quantity? { quantities.first { $0.verdict != .agrees } }
  /// Whether all that was compared agrees as it is.
  public var agrees: Bool { firstDifference == nil }

  /// One sentence.
  public var summary: String {
    guard !quantities.isEmpty else { return "Nothing of the dump could be compared." }
    guard let first = firstDifference else {
      return "All \(quantities.count) arrays agree within their bounds."
    }
    return "The first difference is in \(first.part.rawValue). \(first.message)"
  }
}

/// Five significant digits.
func digits(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  var scale = 1.0
  while abs(value) * scale < 10_000 && scale < 1e300 { scale *= 10 }
  while abs(value) * scale >= 100_000 && scale > 1e-300 { scale /= 10 }
  return "\((value * scale).rounded() / scale)"
}
