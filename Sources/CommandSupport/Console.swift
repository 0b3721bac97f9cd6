import Foundation

/// What a command shows: lines for people, or one JSON object a line for machines, never both.
///
/// On a terminal a long task keeps one line up to date; elsewhere it prints a plain line every few
/// seconds. Colours only on a terminal, and not if `NO_COLOR` is set.
package final class Console {
  /// Whether standard output is for machines.
  package let json: Bool
  private let isTerminal: Bool
  private let colors: Bool
  private var progressShown = false
  private var lastProgress = -Double.infinity

  package init(json: Bool) {
    self.json = json
    isTerminal = isatty(STDOUT_FILENO) == 1
    let environment = ProcessInfo.processInfo.environment
    colors =
      isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// Prints a line for people.
  package func say(_ text: String = "") {
    guard !json else { return }
    clearProgress()
    Self.write(text + "\n", to: .standardOutput)
  }

  /// Text in bold where that is possible.
  package func bold(_ text: String) -> String { colors ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

  /// Prints a line for machines: `fields` and the name of the event.
  package func emit(_ event: String, _ fields: any Encodable) {
    guard json else { return }
    Self.write(jsonLine(Event(event: event, fields: fields)) + "\n", to: .standardOutput)
  }

  /// Prints a line for machines that another process of this program made.
  package func pass(on line: String) {
    guard json else { return }
    Self.write(line + "\n", to: .standardOutput)
  }

  /// Shows the state of a long task; most calls show nothing.
  ///
  /// - Parameter last: Shows this state in any case.
  package func progress(last: Bool = false, _ text: () -> String) {
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
  package func endProgress() {
    if progressShown { Self.write("\n", to: .standardOutput) }
    progressShown = false
    lastProgress = -.infinity
  }

  private func clearProgress() {
    if progressShown { Self.write("\r\u{1B}[K", to: .standardOutput) }
    progressShown = false
  }

  /// Prints a fault.
  package static func complain(_ text: String) { write(text + "\n", to: .standardError) }

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
