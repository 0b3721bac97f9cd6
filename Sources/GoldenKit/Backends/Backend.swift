/// Something that claims to compute the operations of the cases: this library, a GPU program, a
/// library behind the C interface.
///
/// ```swift
/// struct MyBackend: Backend {
///   let name = "my kernels"
///   func supports(_ operation: String) -> Bool { operation == "trunc_exp" }
///   func run(_ call: OperationCall) async throws -> OperationResult {
///     let x = try call.floats("in.x")
///     var result = OperationResult(call)
///     try result.set("out.y", x.map { exp($0) })
///     return result
///   }
/// }
/// ```
public protocol Backend: Sendable {
  /// How reports name it.
  var name: String { get }
  /// Whether it answers an operation; others are reported as unsupported.
  func supports(_ operation: String) -> Bool
  /// Answers one call.
  ///
  /// - Returns: Every requested `out.` and `grad.` tensor. `aux.` tensors are optional; those that are
  ///   returned are compared as well.
  /// - Throws: ``UnsupportedSetting`` for settings that the backend does not have; anything else is
  ///   reported as an error of the case.
  func run(_ call: OperationCall) async throws -> OperationResult
}

/// A setting of an operation that a backend does not have. The case counts as unsupported.
public struct UnsupportedSetting: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is not there.
  public let description: String

  /// Names the setting and its value.
  public init(_ description: String) { self.description = description }
}

/// The precision in which a case is answered.
public enum Precision: String, Sendable, Codable, CaseIterable {
  /// IEEE binary32; compared with the stored single-precision values.
  case float
  /// IEEE binary64; compared with the double twins.
  case double
}
