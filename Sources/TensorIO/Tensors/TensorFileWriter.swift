import Foundation

/// Writes tensor files from bytes that stay where they are, for checkpoints of which memory does not
/// hold a second copy.
///
/// The same entries and metadata give the same bytes: metadata keys are sorted, names keep the order
/// of the entries. Data is laid out by falling element size (then in the order of the entries), so
/// that every tensor is aligned to its elements.
public enum TensorFileWriter {
  /// One tensor and where its bytes come from.
  public struct Entry {
    /// The name; unique within the file and not `__metadata__`.
    public let name: String
    /// The type of every element.
    public let elementType: TensorElementType
    /// The extents, outermost axis first.
    public let shape: [Int]
    let yieldPieces: (_ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

    /// Describes a tensor whose bytes come in pieces.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - elementType: The type of every element.
    ///   - shape: The extents, outermost axis first.
    ///   - pieces: Calls its argument with the bytes in order (row-major, little-endian), in any
    ///     number of pieces. It is called twice, for the checksum and for the file, and must yield
    ///     the same bytes both times.
    public init(
      name: String, elementType: TensorElementType, shape: [Int],
      pieces: @escaping (_ receive: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) {
      self.name = name
      self.elementType = elementType
      self.shape = shape
      yieldPieces = pieces
    }

    /// Describes a tensor that is in memory.
    public init(name: String, tensor: StoredTensor) {
      self.init(name: name, elementType: tensor.elementType, shape: tensor.shape) { receive in
        try tensor.bytes.withUnsafeBytes { try receive($0) }
      }
    }
  }

  /// Writes a file through ``AtomicFile``.
  ///
  /// - Parameters:
  ///   - url: The target.
  ///   - metadata: Texts by key; `crc32` is kept for the checksums.
  ///   - entries: The tensors in the order in which the header lists them.
  /// - Throws: ``TensorFileError`` for repeated or reserved names, impossible shapes and entries that
  ///   yield another number of bytes or other bytes the second time; ``FileError`` if the system
  ///   refuses; else what an entry throws. The target is then as it was.
  public static func write(
    to url: URL, metadata: [String: String] = [:], entries: [Entry]
  ) throws {
    let plan = try Plan(metadata: metadata, entries: entries, file: url.path)
    try AtomicFile.write(to: url) { output in
      try plan.header.withUnsafeBytes { try output.write($0) }
      try plan.emit { try output.write($0) }
    }
  }

  /// The bytes that ``write(to:metadata:entries:)`` puts in the file.
  ///
  /// - Throws: ``TensorFileError`` as ``write(to:metadata:entries:)``; else what an entry throws.
  public static func serialise(
    metadata: [String: String] = [:], entries: [Entry], name: String = "tensor file"
  ) throws -> Data {
    let plan = try Plan(metadata: metadata, entries: entries, file: name)
    var result = Data(plan.header)
    try plan.emit { result.append(contentsOf: $0) }
    return result
  }
}

extension TensorFile {
  private var entries: [TensorFileWriter.Entry] {
    names.compactMap { name in
      tensors[name].map { TensorFileWriter.Entry(name: name, tensor: $0) }
    }
  }

  /// Writes the file, complete or not at all.
  ///
  /// - Throws: As ``TensorFileWriter/write(to:metadata:entries:)``.
  public func write(to url: URL) throws {
    try TensorFileWriter.write(to: url, metadata: metadata, entries: entries)
  }

  /// The bytes that ``write(to:)`` puts in the file.
  ///
  /// - Throws: As ``TensorFileWriter/serialise(metadata:entries:name:)``.
  public func serialised() throws -> Data {
    try TensorFileWriter.serialise(metadata: metadata, entries: entries)
  }
}

extension TensorFileWriter {
  /// The header and the order of the data.
  private struct Plan {
    let header: [UInt8]
    private let file: String
    /// Entry, size in bytes, checksum of the first pass; in the order of the data.
    private let layout: [(entry: Entry, size: Int, checksum: Checksum)]

    init(metadata: [String: String], entries: [Entry], file: String) throws {
      self.file = file
      var names: Set<String> = [TensorFile.metadataName]
      for entry in entries where !names.insert(entry.name).inserted {
        let reserved = entry.name == TensorFile.metadataName
        throw TensorFileError(
          reserved ? .reservedName : .duplicateName, file: file, tensor: entry.name,
          fact: reserved ? "The format keeps this name for itself" : "The name occurs twice",
          fix: "Give the tensor a name of its own.")
      }
      guard metadata[TensorFile.checksumKey] == nil else {
        throw TensorFileError(
          .reservedName, file: file,
          fact: "The metadata key `\(TensorFile.checksumKey)` is kept for the checksums",
          fix: "Use another key.")
      }
      let measured = try entries.map { entry in
        guard let size = entry.elementType.byteCount(shape: entry.shape) else {
          throw TensorFileError(
            .impossibleShape, file: file, tensor: entry.name,
            fact: "Shape \(entry.shape) has a negative extent or does not fit in memory",
            fix: "Give the shape of the data.")
        }
        let checksum = try Self.pass(entry, size: size, file: file) { _ in }
        return (entry: entry, size: size, checksum: checksum)
      }
      let order = measured.indices.sorted {
        (-measured[$0].entry.elementType.byteCount, $0)
          < (-measured[$1].entry.elementType.byteCount, $1)
      }
      layout = order.map { measured[$0] }
      var offsets = [Int](repeating: 0, count: measured.count)
      var end = 0
      for i in order {
        offsets[i] = end
        let (next, overflow) = end.addingReportingOverflow(measured[i].size)
        guard !overflow else {
          throw TensorFileError(
            .impossibleShape, file: file, tensor: measured[i].entry.name,
            fact: "The sum of all sizes does not fit in 63 bits", fix: "Write several files.")
        }
        end = next
      }

      var texts = metadata
      texts[TensorFile.checksumKey] = jsonObject(
        measured.map { ($0.entry.name, jsonString($0.checksum.hexadecimal)) })
      var members = [
        (
          TensorFile.metadataName,
          jsonObject(texts.sorted { $0.key < $1.key }.map { ($0.key, jsonString($0.value)) })
        )
      ]
      for (i, item) in measured.enumerated() {
        let shape = item.entry.shape.map(String.init).joined(separator: ",")
        let value =
          "{\"dtype\":\"\(item.entry.elementType.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offsets[i]),\(offsets[i] + item.size)]}"
        members.append((item.entry.name, value))
      }
      var text = Array(jsonObject(members).utf8)
      text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
      guard text.count <= TensorFile.headerLimit else {
        throw TensorFileError(
          .headerTooLarge, file: file,
          fact: "The header has \(text.count) bytes, the limit is \(TensorFile.headerLimit)",
          fix: "Store fewer tensors or less metadata.")
      }
      header = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
    }

    /// Hands out the data in file order and checks it against the first pass.
    func emit(_ receive: (UnsafeRawBufferPointer) throws -> Void) throws {
      for item in layout {
        let again = try Self.pass(item.entry, size: item.size, file: file, receive)
        guard again == item.checksum else {
          throw TensorFileError(
            .entryChanged, file: file, tensor: item.entry.name,
            fact: "Its bytes changed while the file was written",
            fix: "Write the file while nothing changes the parameters.")
        }
      }
    }

    /// Lets an entry yield its bytes once; counts them and computes their checksum.
    private static func pass(
      _ entry: Entry, size: Int, file: String,
      _ receive: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Checksum {
      var checksum = Checksum()
      var count = 0
      try entry.yieldPieces { piece in
        count += piece.count
        checksum.update(piece)
        try receive(piece)
      }
      guard count == size else {
        throw TensorFileError(
          .entryChanged, file: file, tensor: entry.name,
          fact: "It yielded \(count) bytes, shape \(entry.shape) of "
            + "\(entry.elementType.rawValue) needs \(size)", fix: "Yield every element once.")
      }
      return checksum
    }
  }
}

private func jsonObject(_ members: [(String, String)]) -> String {
  "{" + members.map { jsonString($0.0) + ":" + $0.1 }.joined(separator: ",") + "}"
}

private func jsonString(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\u{00}"..<"\u{20}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
