/// How a case, or one tensor of it, ended.
public enum VerificationState: String, Sendable, Codable, CaseIterable {
  /// Every tensor within what is allowed.
  case pass
  /// Beyond the forward-error bound, but by less than a factor of eight.
  case warning
  /// Wrong.
  case fail
  /// The backend does not have the operation or the setting.
  case unsupported
  /// The backend or the case broke off.
  case error
  /// Wrong, as listed among the expected failures.
  case expectedFailure
  /// Right, although listed among the expected failures: the list is out of date.
  case unexpectedPass

  /// Whether a run with such a case is not a success.
  public var isFailure: Bool { self == .fail || self == .error || self == .unexpectedPass }
}

/// The outcome of one case in one precision.
public struct CaseReport: Sendable, Codable {
  /// The case.
  public let name: String
  /// Its operation.
  public let operation: String
  /// The precision of the answer.
  public let precision: Precision
  /// How it ended.
  public var state: VerificationState
  /// One report a tensor, in the order of the file.
  public let tensors: [TensorReport]
  /// Why the case is unsupported or an error.
  public let message: String?
  /// Seconds the backend took.
  public let seconds: Double

  /// The largest ratio of all tensors.
  public var worstRatio: Double { tensors.map(\.ratio).max() ?? 0 }

  /// The first tensor that is not right.
  public var firstFailure: TensorReport? { tensors.first { $0.state != .pass } }
}

extension CaseReport {
  /// The outcome of compared tensors: the worst of their states. A case without any is an error.
  public init(
    _ golden: GoldenCase, precision: Precision, tensors: [TensorReport], seconds: Double = 0
  ) {
    let states = Set(tensors.map(\.state))
    self.init(
      name: golden.name, operation: golden.operation, precision: precision,
      state: tensors.isEmpty
        ? .error : states.contains(.fail) ? .fail : states.contains(.warning) ? .warning : .pass,
      tensors: tensors,
      message: tensors.isEmpty
        ? "the case has no out. or grad. tensor: there is nothing to compare" : nil,
      seconds: seconds)
  }

  /// A case that was not answered.
  ///
  /// - Parameter operation: What the file says it is, if that could be read.
  public static func unanswered(
    _ name: String, operation: String?, precision: Precision, state: VerificationState,
    message: String
  ) -> CaseReport {
    CaseReport(
      name: name, operation: operation ?? "unreadable", precision: precision, state: state,
      tensors: [], message: message, seconds: 0)
  }
}
