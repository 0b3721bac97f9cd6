public import NeRFCore

/// The options that describe a field of any architecture; what a checkpoint stores.
public enum FieldConfiguration: Equatable, Sendable, Codable {
  /// A ``HashField``.
  case hash(HashFieldOptions)
  /// A ``MLPField``.
  case mlp(MLPFieldOptions)
  /// A ``VMField``.
  case vm(VMFieldOptions)
  /// A ``TensorsField``.
  case tensors(TensorsFieldOptions)

  /// Which architecture this describes.
  public var architecture: Architecture {
    switch self {
    case .hash: .hash
    case .mlp: .mlp
    case .vm: .vm
    case .tensors: .tensors
    }
  }

  /// The published sizes of an architecture.
  public init(default architecture: Architecture) {
    switch architecture {
    case .hash: self = .hash(.init())
    case .mlp: self = .mlp(.init())
    case .vm: self = .vm(.init())
    case .tensors: self = .tensors(.init())
    }
  }

  /// Builds a field with fresh parameters; the only place that chooses by architecture.
  ///
  /// - Parameter seed: Of the initial values; nil for zeros, where all of them will be replaced.
  public func makeField<T: RadianceScalar>(
    as scalar: T.Type = T.self, frame: FieldFrame, seed: UInt64?
  ) -> any RadianceField<T> {
    switch self {
    case .hash(let options): HashField<T>(options: options, frame: frame, seed: seed)
    case .mlp(let options): MLPField<T>(options: options, frame: frame, seed: seed)
    case .vm(let options): VMField<T>(options: options, frame: frame, seed: seed)
    case .tensors(let options): TensorsField<T>(options: options, frame: frame, seed: seed)
    }
  }
}
