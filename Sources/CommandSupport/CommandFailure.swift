/// A fault that ends the command, with the line it prints.
package struct CommandFailure: Error {
  /// The result is bad.
  package static let badResult: Int32 = 1
  /// Wrong usage or bad input.
  package static let badInput: Int32 = 2
  /// Interrupted, after saving.
  package static let interrupted: Int32 = 130

  package let message: String
  package let code: Int32

  /// What is wrong, where, and what to do.
  package init(_ place: String, fact: String, fix: String, code: Int32 = badInput) {
    message = oneLine("\(place): \(fact). \(fix)")
    self.code = code
  }
}

/// Control characters, which names of files can hold, as question marks.
package func oneLine(_ text: String) -> String {
  String(text.map { $0.isNewline || ($0.asciiValue ?? 32) < 32 ? "?" : $0 })
}
