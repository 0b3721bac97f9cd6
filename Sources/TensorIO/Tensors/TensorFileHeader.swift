/// The header of a tensor file after every check: names, types, shapes and byte ranges that are
/// known to lie inside the data.
struct TensorFileHeader {
  struct Entry {
    let name: String
    let elementType: TensorElementType
    let shape: [Int]
    /// Relative to the first byte after the header.
    let range: Range<Int>
    /// Stored CRC-32 of the bytes, if the file carries checksums.
    var checksum: UInt32?
  }

  /// In the order of the header.
  private(set) var entries: [Entry] = []
  /// Without the list of checksums.
  private(set) var metadata: [String: String] = [:]
  private let file: String

  /// The length of the header from the first eight bytes of a file.
  static func length(
    prefix: [UInt8], fileSize: Int, file: String
  ) throws(TensorFileError) -> Int {
    guard fileSize >= 8, prefix.count >= 8 else {
      throw TensorFileError(
        .truncated, file: file, fact: "The file has \(fileSize) bytes, a header needs at least 10",
        fix: "Check that this is a safetensors file and copy it again.")
    }
    var length: UInt64 = 0
    for i in 0..<8 { length |= UInt64(prefix[i]) << UInt64(8 * i) }
    guard length <= UInt64(TensorFile.headerLimit) else {
      throw TensorFileError(
        .headerTooLarge, file: file,
        fact: "The header claims \(length) bytes, the limit is \(TensorFile.headerLimit)",
        fix: "Check that this is a safetensors file.")
    }
    guard length <= UInt64(fileSize - 8) else {
      throw TensorFileError(
        .truncated, file: file,
        fact: "The header claims \(length) bytes, the file has \(fileSize - 8) after its length",
        fix: "The file was cut off; copy it again.")
    }
    return Int(length)
  }

  /// Parses and checks a header.
  ///
  /// - Parameters:
  ///   - bytes: The header's text.
  ///   - dataSize: The number of bytes that follow it.
  ///   - file: The name for messages.
  init(parsing bytes: [UInt8], dataSize: Int, file: String) throws(TensorFileError) {
    self.file = file
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw TensorFileError(
        .malformedHeader, file: file, fact: "The header is not UTF-8",
        fix: "Check that this is a safetensors file.")
    }
    var names: Set<String> = []
    var entries: [Entry] = []
    var metadata: [String: String]?
    var scanner = HeaderScanner(bytes)
    try scanner.object(malformed) { (scanner, name) throws(TensorFileError) in
      guard names.insert(name).inserted else { throw Self.duplicate(name, file: file) }
      if name == TensorFile.metadataName {
        metadata = try Self.strings(&scanner, file: file)
      } else {
        entries.append(try Self.entry(&scanner, name: name, dataSize: dataSize, file: file))
      }
    }
    do throws(HeaderScanner.Failure) { try scanner.end() } catch { throw malformed(error) }
    self.entries = entries
    self.metadata = metadata ?? [:]
    try checkRanges(dataSize: dataSize)
    try takeChecksums()
  }

  private var malformed: (HeaderScanner.Failure) -> TensorFileError {
    { [file] in Self.malformed($0, file: file) }
  }

  private static func malformed(
    _ failure: HeaderScanner.Failure, file: String, tensor: String? = nil
  ) -> TensorFileError {
    TensorFileError(
      .malformedHeader, file: file, tensor: tensor,
      fact: "The header has something else than \(failure.expected) at byte \(failure.position)",
      fix: "The file is damaged or not a safetensors file; write it again.")
  }

  private static func duplicate(_ name: String, file: String) -> TensorFileError {
    TensorFileError(
      .duplicateName, file: file, tensor: name, fact: "The name occurs twice",
      fix: "Give every tensor and every metadata key a name of its own.")
  }

  /// Reads an object whose values are strings.
  private static func strings(
    _ scanner: inout HeaderScanner, file: String
  ) throws(TensorFileError) -> [String: String] {
    var result: [String: String] = [:]
    try scanner.object({ malformed($0, file: file) }) { (scanner, key) throws(TensorFileError) in
      do throws(HeaderScanner.Failure) {
        let value = try scanner.string()
        if result.updateValue(value, forKey: key) == nil { return }
      } catch { throw malformed(error, file: file) }
      throw duplicate(key, file: file)
    }
    return result
  }

  /// Reads `{"dtype": …, "shape": […], "data_offsets": [begin, end]}`, members in any order.
  private static func entry(
    _ scanner: inout HeaderScanner, name: String, dataSize: Int, file: String
  ) throws(TensorFileError) -> Entry {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    let wrap = { (failure: HeaderScanner.Failure) in malformed(failure, file: file, tensor: name) }
    try scanner.object(wrap) { (scanner, key) throws(TensorFileError) in
      do throws(HeaderScanner.Failure) {
        switch key {
        case "dtype" where typeName == nil: typeName = try scanner.string()
        case "shape" where shape == nil: shape = try scanner.naturalNumbers()
        case "data_offsets" where offsets == nil: offsets = try scanner.naturalNumbers()
        default: throw scanner.failure("`dtype`, `shape` and `data_offsets`, each once")
        }
      } catch { throw wrap(error) }
    }
    guard let typeName, let shape, let offsets, offsets.count == 2 else {
      throw wrap(scanner.failure("`dtype`, `shape` and two `data_offsets`"))
    }
    guard let elementType = TensorElementType(rawValue: typeName) else {
      throw TensorFileError(
        .unknownElementType, file: file, tensor: name, fact: "The element type is `\(typeName)`",
        fix: "Store it as one of "
          + TensorElementType.allCases.map(\.rawValue).joined(separator: ", ") + ".")
    }
    guard let size = elementType.byteCount(shape: shape) else {
      throw TensorFileError(
        .impossibleShape, file: file, tensor: name,
        fact: "The size of shape \(shape) does not fit in 63 bits", fix: "The header is damaged.")
    }
    guard offsets[0] <= offsets[1], offsets[1] <= dataSize else {
      throw TensorFileError(
        .rangeOutOfBounds, file: file, tensor: name,
        fact: "The bytes \(offsets[0])..<\(offsets[1]) do not lie in the \(dataSize) that exist",
        fix: "The file was cut off or its header is damaged; copy it again.")
    }
    guard offsets[1] - offsets[0] == size else {
      throw TensorFileError(
        .sizeMismatch, file: file, tensor: name,
        fact: "Shape \(shape) of \(typeName) needs \(size) bytes, the header gives it "
          + "\(offsets[1] - offsets[0])", fix: "The header is damaged.")
    }
    return Entry(
      name: name, elementType: elementType, shape: shape, range: offsets[0]..<offsets[1])
  }

  /// The ranges, sorted, must cover the data exactly: no byte twice, none left over.
  private func checkRanges(dataSize: Int) throws(TensorFileError) {
    var end = 0
    let sorted = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in sorted {
      guard entry.range.lowerBound == end else {
        let relation = entry.range.lowerBound < end ? "inside" : "behind a hole after"
        throw TensorFileError(
          .rangesNotContiguous, file: file, tensor: entry.name,
          fact: "It begins at byte \(entry.range.lowerBound), \(relation) the data that ends at "
            + "\(end)", fix: "The header is damaged; write the file again.")
      }
      end = entry.range.upperBound
    }
    guard end == dataSize else {
      throw TensorFileError(
        .rangesNotContiguous, file: file,
        fact: "The tensors end at byte \(end) of \(dataSize)",
        fix: "Bytes were appended to the file or its header is damaged; write it again.")
    }
  }

  /// Moves the checksums from the metadata to the entries.
  private mutating func takeChecksums() throws(TensorFileError) {
    guard let list = metadata.removeValue(forKey: TensorFile.checksumKey) else { return }
    let fix = "The file is damaged; copy it again."
    var stored: [String: String]
    do throws(TensorFileError) {
      var scanner = HeaderScanner(Array(list.utf8))
      stored = try Self.strings(&scanner, file: file)
      do throws(HeaderScanner.Failure) { try scanner.end() } catch { throw malformed(error) }
    } catch {
      throw TensorFileError(
        .malformedChecksums, file: file, fact: "The list of checksums is unreadable", fix: fix)
    }
    for i in entries.indices {
      guard let text = stored.removeValue(forKey: entries[i].name),
        let value = Checksum(hexadecimal: text)
      else {
        throw TensorFileError(
          .malformedChecksums, file: file, tensor: entries[i].name,
          fact: "The list of checksums has no readable entry for it", fix: fix)
      }
      entries[i].checksum = value.value
    }
    if let extra = stored.keys.min() {
      throw TensorFileError(
        .malformedChecksums, file: file, tensor: extra,
        fact: "There is a checksum but no such tensor", fix: fix)
    }
  }
}
