/// An operand whose shape does not fit the operation it was given to.
public struct ShapeError: Error, Equatable, Sendable {
  /// The function that refused, as a caller writes it.
  public let operation: String
  /// The argument label of the operand at fault.
  public let operand: String
  /// The shape that was required, outermost axis first.
  public let expected: [Int]
  /// The shape that was given.
  public let actual: [Int]
  /// What the caller can do about it.
  public let fix: String

  /// Describes one misfit; the texts are completed by ``description``.
  public init(
    in operation: String, _ operand: String, expected: [Int], actual: [Int], fix: String
  ) {
    self.operation = operation
    self.operand = operand
    self.expected = expected
    self.actual = actual
    self.fix = fix
  }
}

extension ShapeError: CustomStringConvertible {
  /// For example "composite: `deltas` has shape [1], expected [2]. Pass one interval per density."
  public var description: String {
    "\(operation): `\(operand)` has shape \(actual), expected \(expected). \(fix)"
  }
}
