/// A golden case that cannot be read, or an answer that does not have its form.
public struct GoldenError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong and where, in one sentence or two.
  public let description: String

  /// Describes one fault.
  public init(_ description: String) { self.description = description }
}
