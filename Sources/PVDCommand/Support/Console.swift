import Foundation

/// What a command shows: lines for people, or one JSON object a line for machines, never both.
///
/// On a terminal a long task keeps one line up to date; elsewhere it prints a plain line every few
/// seconds. Colours only on a terminal, and not if `NO_COLOR` is set.
final class Console {
  /// Whether standard output is for machines.
  let json: Bool
  private let isTerminal: Bool
  private let colors: Bool
  private var progressShown = false
  private var lastProgress = -Double.infinity

  init(json: Bool) {
    self.json = json
    isTerminal = isatty(STDOUT_FILENO) == 1
    let environment = ProcessInfo.processInfo.environment
    colors =
      isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// Prints a line for people.
  func say(_ text: String = "") {
    guard !json else { return }
    clearProgress()
    Self.write(text + "\n", to: .standardOutput)
  }

  /// Text in bold where that is possible.
  func bold(_ text: String) -> String { colors ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

  /// Prints a line for machines: `fields` and the name of the event.
  func emit(_ event: String, _ fields: any Encodable) {
    guard json else { return }
    Self.write(jsonLine(Event(event: event, fields: fields)) + "\n", to: .standardOutput)
  }

  /// Prints a line for machines that another process of this program made.
  func pass(on line: String) {
    guard json else { return }
    Self.write(line + "\n", to: .standardOutput)
  }

  /// Shows the state of a long task; most calls show nothing.
  ///
  /// - Parameter last: Shows this state in any case.
  func progress(last: Bool = false, _ text: () -> String) {
    guard !json else { return }
    let now = monotonicSeconds()
    guard last || now - lastProgress >= (isTerminal ? 0.2 : 5) else { return }
    lastProgress = now
    if isTerminal {
      Self.write("\r\u{1B}[K\(text())", to: .standardOutput)
      progressShown = true
    } else {
      Self.write(text() + "\n", to: .standardOutput)
    }
  }

  /// Ends the line that was kept up to date.
  func endProgress() {
    if progressShown { Self.write("\n", to: .standardOutput) }
    progressShown = false
    lastProgress = -.infinity
  }

  private func clearProgress() {
    if progressShown { Self.write("\r\u{1B}[K", to: .standardOutput) }
    progressShown = false
  }

  /// Prints a fault.
  static func complain(_ text: String) { write(text + "\n", to: .standardError) }

  private static func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data(text.utf8))
  }

  private struct Event: Encodable {
    let event: String
    let fields: any Encodable

    enum CodingKeys: String, CodingKey { case event }

    func encode(to encoder: any Encoder) throws {
      try fields.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(event, forKey: .event)
    }
  }
}

/// One JSON object without line breaks, keys sorted; numbers that JSON cannot hold become texts.
func jsonLine(_ value: any Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  guard let data = try? encoder.encode(value) else { return "{}" }
  return String(decoding: data, as: UTF8.self)
}

/// Seconds of a clock that only runs forward.
func monotonicSeconds() -> Double {
  Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
}

/// For example "27.31".
func decimal(_ value: Double, _ digits: Int = 2) -> String {
  String(format: "%.\(digits)f", value)
}

/// For example "1:05".
func clock(_ seconds: Double) -> String {
  let whole = Int(min(max(seconds, 0), 1e8).rounded())
  let tail = String(format: "%02d", whole % 60)
  return whole < 3600
    ? "\(whole / 60):\(tail)"
    : "\(whole / 3600):\(String(format: "%02d", whole / 60 % 60)):\(tail)"
}

/// Columns of text, the first left-aligned and the others right-aligned.
func table(_ rows: [[String]]) -> [String] {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    row.enumerated().map { column, text in
      let space = String(repeating: " ", count: widths[column] - text.count)
      return column == 0 ? text + space : space + text
    }.joined(separator: "  ")
  }
}

/// Rows as a Markdown table, the first as its header.
func markdownTable(_ rows: [[String]]) -> [String] {
  rows.enumerated().flatMap { index, row in
    let line = "| " + row.joined(separator: " | ") + " |"
    return index == 0 ? [line, "|" + row.map { _ in " --- |" }.joined()] : [line]
  }
}
