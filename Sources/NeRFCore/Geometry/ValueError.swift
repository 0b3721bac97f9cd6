/// An argument whose value lies outside what an operation accepts.
public struct ValueError: Error, Equatable, Sendable {
  /// The function that refused, as a caller writes it.
  public let operation: String
  /// The argument label of the operand at fault.
  public let operand: String
  /// What was required, in words.
  public let expected: String
  /// What was given.
  public let actual: String
  /// What the caller can do about it.
  public let fix: String

  /// Describes one refused value; the texts are completed by ``description``.
  public init(
    in operation: String, _ operand: String, expected: String, actual: String, fix: String
  ) {
    self.operation = operation
    self.operand = operand
    self.expected = expected
    self.actual = actual
    self.fix = fix
  }
}

extension ValueError: CustomStringConvertible {
  /// For example "Camera.rays: `pixels[3]` is 99, expected 0 ..< 64. Count pixels row by row."
  public var description: String {
    "\(operation): `\(operand)` is \(actual), expected \(expected). \(fix)"
  }
}
