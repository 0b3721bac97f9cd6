import TensorIO

/// A checkpoint that cannot be used: which file, what is wrong, what to do.
public struct CheckpointError: Error, Equatable, Sendable {
  /// The class of fault, for callers that react differently to each.
  public enum Kind: Equatable, Sendable {
    /// The file is missing, cut off or damaged.
    case unreadable(TensorFileError.Kind)
    /// A tensor file that is no checkpoint of this library.
    case notACheckpoint
    /// Written in a form this version does not know.
    case unknownVersion
    /// The description is not readable or has values that make no sense.
    case malformedDescription
    /// The description asks for sizes that no field can have.
    case impossibleSizes
    /// Another architecture than was asked for.
    case wrongArchitecture
    /// A tensor that the description implies is not there.
    case missingTensor
    /// A tensor has another type or shape than the description implies.
    case wrongShape
    /// A tensor holds NaN or infinity.
    case notFinite
    /// The file holds a field but not what a run needs to go on.
    case notResumable
    /// The run that should go on differs from the one that was saved.
    case differentRun
  }

  /// The file's path.
  public let file: String
  /// The class of fault.
  public let kind: Kind
  /// What is wrong, with numbers.
  public let fact: String
  /// What the caller can do about it.
  public let fix: String

  /// Describes one fault.
  public init(_ kind: Kind, file: String, fact: String, fix: String) {
    self.file = file
    self.kind = kind
    self.fact = fact
    self.fix = fix
  }

  /// Wraps a fault of the tensor file.
  public init(_ error: TensorFileError) {
    self.init(
      .unreadable(error.kind), file: error.file,
      fact: error.tensor.map { "tensor `\($0)`: \(error.fact)" } ?? error.fact, fix: error.fix)
  }
}

extension CheckpointError: CustomStringConvertible {
  /// For example "run/model.safetensors: it holds a hash field, not vm. Name a checkpoint of …".
  ///
  /// Always one line.
  public var description: String {
    let text = "\(file): \(fact). \(fix)"
    return String(text.map { $0.isNewline || ($0.asciiValue ?? 32) < 32 ? "?" : $0 })
  }
}
