import Foundation

/// Reads a tensor file one tensor at a time, for files of which memory should not hold everything.
///
/// The header is checked completely before anything else: every byte range is known to lie inside
/// the file, so whoever compares the shapes in ``tensors`` with what it expects allocates no more
/// than the file holds.
public struct TensorFileReader: ~Copyable {
  /// What the header says of a tensor.
  public struct Entry: Equatable, Sendable {
    /// The name.
    public let name: String
    /// The type of every element.
    public let elementType: TensorElementType
    /// The extents, outermost axis first.
    public let shape: [Int]
  }

  /// The path as the caller named it.
  public var path: String { file.path }
  /// Texts by key.
  public let metadata: [String: String]
  /// The tensors in the order of their bytes, which is that of ``readTensors(_:)``.
  public let tensors: [Entry]

  private let file: InputFile
  private let order: [TensorFileHeader.Entry]

  /// Opens a file and reads its header.
  ///
  /// - Throws: ``TensorFileError`` as ``TensorFile/read(contentsOf:verifyChecksums:)``.
  public init(_ url: URL) throws(TensorFileError) {
    let opened = try TensorFile.wrapping { () throws(FileError) in try InputFile(url) }
    let header = try TensorFile.readHeader(of: opened)
    file = opened
    metadata = header.metadata
    order = header.entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    tensors = order.map { Entry(name: $0.name, elementType: $0.elementType, shape: $0.shape) }
  }

  /// Reads the tensors one after another and checks each against its checksum.
  ///
  /// - Parameter body: Takes one tensor; what it throws ends the reading.
  /// - Throws: ``TensorFileError`` for damaged data; else what `body` throws.
  public consuming func readTensors(
    _ body: (_ name: String, _ tensor: StoredTensor) throws -> Void
  ) throws {
    // Ranges are contiguous, so that reading in their order needs no seeking.
    for entry in order {
      let bytes: [UInt8]
      do throws(FileError) { bytes = try file.read(count: entry.range.count) } catch {
        throw TensorFileError(error)
      }
      try body(
        entry.name,
        TensorFile.stored(entry, bytes: bytes, file: file.path, verifyChecksums: true))
    }
  }
}
