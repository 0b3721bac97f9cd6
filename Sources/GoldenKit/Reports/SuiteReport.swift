import Foundation

/// The outcome of a run over many cases.
public struct SuiteReport: Sendable, Codable {
  /// The backend.
  public let backend: String
  /// One report a case and precision.
  public let cases: [CaseReport]

  /// Collects the reports of one backend.
  public init(backend: String, cases: [CaseReport]) {
    self.backend = backend
    self.cases = cases
  }

  /// How many cases ended in a state.
  public func count(_ state: VerificationState) -> Int { cases.count { $0.state == state } }

  /// Whether nothing failed and at least one case was answered.
  ///
  /// - Parameter requireAll: Unsupported cases count as failures.
  public func succeeded(requireAll: Bool = false) -> Bool {
    let answered = cases.contains { $0.state != .unsupported }
    return answered && !cases.contains { $0.state.isFailure }
      && !(requireAll && count(.unsupported) > 0)
  }

  /// For example "98 pass, 2 fail, 31 unsupported".
  public var summary: String {
    VerificationState.allCases.compactMap { state in
      let number = count(state)
      return number > 0 ? "\(number) \(state.rawValue)" : nil
    }.joined(separator: ", ")
  }

  /// The report as JSON: `backend` and one record a case with `case`, `op`, `precision`, `state`, and
  /// the ratio of every tensor. Ratios that JSON cannot hold are texts.
  public func json() throws -> Data {
    struct Record: Encodable {
      let `case`: String
      let op: String
      let precision: Precision
      let state: VerificationState
      let ratio: Double
      let seconds: Double
      let message: String?
      let ratios: [String: Double]
      let tensors: [TensorReport]
    }
    struct Document: Encodable {
      let backend: String
      let cases: [Record]
    }
    let records = cases.map { report in
      Record(
        case: report.name, op: report.operation, precision: report.precision, state: report.state,
        ratio: report.worstRatio, seconds: report.seconds, message: report.message,
        ratios: Dictionary(
          report.tensors.map { ($0.name, $0.ratio) }, uniquingKeysWith: { max($0, $1) }),
        tensors: report.tensors)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(Document(backend: backend, cases: records))
  }

  /// The report as JUnit XML: one test case each, unsupported ones skipped.
  public func junit() -> String {
    var lines = [
      #"<?xml version="1.0" encoding="UTF-8"?>"#,
      "<testsuite name=\"\(Self.escaped(backend))\" tests=\"\(cases.count)\" "
        + "failures=\"\(count(.fail) + count(.unexpectedPass))\" errors=\"\(count(.error))\" "
        + "skipped=\"\(count(.unsupported))\">",
    ]
    for report in cases {
      let head =
        "  <testcase classname=\"\(Self.escaped(report.operation))\" "
        + "name=\"\(Self.escaped(report.name)) \(report.precision.rawValue)\" "
        + "time=\"\(String(format: "%.6f", report.seconds))\""
      let text = Self.escaped(
        report.details(nil, reproducedBy: "pvd golden verify").joined(separator: "\n"))
      switch report.state {
      case .pass, .warning, .expectedFailure: lines.append(head + "/>")
      case .unsupported: lines.append(head + "><skipped message=\"\(text)\"/></testcase>")
      case .error: lines.append(head + "><error message=\"\(text)\"/></testcase>")
      case .fail, .unexpectedPass:
        lines.append(head + "><failure message=\"\(text)\"/></testcase>")
      }
    }
    return (lines + ["</testsuite>"]).joined(separator: "\n") + "\n"
  }

  /// Text for an XML attribute; control characters that XML has no form for are left out.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n": result += "&#10;"
      case "\u{0}"..<"\u{20}", "\u{FFFE}", "\u{FFFF}": continue
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
