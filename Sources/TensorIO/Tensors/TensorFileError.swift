/// A tensor file that cannot be read or written: which file, which tensor, what is wrong, what to do.
public struct TensorFileError: Error, Equatable, Sendable {
  /// The class of fault, for callers that react differently to each.
  public enum Kind: Equatable, Sendable {
    /// The file system refused.
    case fileAccess(FileError)
    /// The file ends before the header or the data it announces.
    case truncated
    /// The header claims more than ``TensorFile/headerLimit`` bytes.
    case headerTooLarge
    /// The header is not UTF-8, not JSON, or not of the form of the format.
    case malformedHeader
    /// A name occurs twice.
    case duplicateName
    /// An element type this reader does not know.
    case unknownElementType
    /// The shape's size does not fit in memory.
    case impossibleShape
    /// Shape and byte range disagree.
    case sizeMismatch
    /// A byte range is reversed or leaves the file.
    case rangeOutOfBounds
    /// Byte ranges overlap, leave a hole, or do not cover the data.
    case rangesNotContiguous
    /// The bytes differ from the stored checksum.
    case checksumMismatch
    /// The list of checksums is not readable or does not fit the tensors.
    case malformedChecksums
    /// The file has no tensor of that name.
    case missingTensor
    /// The tensor has another element type than was asked for.
    case wrongElementType
    /// A name or metadata key that the format keeps for itself.
    case reservedName
    /// An entry yielded different bytes when asked a second time, or not as many as its shape needs.
    case entryChanged
  }

  /// The file's path or name.
  public let file: String
  /// The tensor at fault, if it is a single one.
  public let tensor: String?
  /// The class of fault.
  public let kind: Kind
  /// What is wrong, with numbers.
  public let fact: String
  /// What the caller can do about it.
  public let fix: String

  /// Describes one fault; the texts are completed by ``description``.
  public init(_ kind: Kind, file: String, tensor: String? = nil, fact: String, fix: String) {
    self.kind = kind
    self.file = file
    self.tensor = tensor
    self.fact = fact
    self.fix = fix
  }

  /// Wraps a failure of the file system.
  public init(_ error: FileError) {
    self.init(.fileAccess(error), file: error.path, fact: error.fact, fix: error.fix)
  }
}

extension TensorFileError: CustomStringConvertible {
  /// For example "a.safetensors, tensor `w`: the bytes have CRC-32 …, stored is …. Copy the file …".
  public var description: String {
    if case .fileAccess(let error) = kind { return error.description }
    return "\(file)\(tensor.map { ", tensor `\($0)`" } ?? ""): \(fact). \(fix)"
  }
}
