import Foundation

/// Named tensors with text metadata, as the safetensors format stores them.
///
/// A file is: the header's length (8 bytes, little-endian), the header (JSON, padded with spaces to a
/// multiple of 8), then the bytes of the tensors without gaps. The header maps each name to element
/// type, shape and byte range, and `__metadata__` to texts.
///
/// Files written here carry the CRC-32 of every tensor under the metadata key `crc32`; files of other
/// writers have none and are read without that check. The key does not appear in ``metadata``.
public struct TensorFile: Equatable, Sendable {
  /// The largest header that is accepted, in bytes.
  public static let headerLimit = 100_000_000

  static let metadataName = "__metadata__"
  static let checksumKey = "crc32"

  /// The tensors by name.
  public private(set) var tensors: [String: StoredTensor] = [:]
  /// The names in the order in which the header lists them.
  public private(set) var names: [String] = []
  /// Texts by key.
  public var metadata: [String: String]

  /// Makes a file without tensors.
  public init(metadata: [String: String] = [:]) { self.metadata = metadata }

  /// Adds a tensor after the ones that are there, or replaces the one of that name in its place.
  public mutating func set(_ tensor: StoredTensor, for name: String) {
    if tensors.updateValue(tensor, forKey: name) == nil { names.append(name) }
  }

  /// The tensor of that name, or `nil`.
  public subscript(name: String) -> StoredTensor? { tensors[name] }

  /// The tensor of that name.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - file: How messages name the file.
  /// - Throws: ``TensorFileError`` of kind `missingTensor`, with the names that exist.
  public func tensor(
    named name: String, in file: String = "tensor file"
  ) throws(TensorFileError) -> StoredTensor {
    if let tensor = tensors[name] { return tensor }
    let some = names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
    throw TensorFileError(
      .missingTensor, file: file, tensor: name, fact: "There is no tensor of that name",
      fix: names.isEmpty ? "The file has no tensors." : "The file has: \(some).")
  }
}
