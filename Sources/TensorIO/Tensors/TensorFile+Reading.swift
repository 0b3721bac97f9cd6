import Foundation

extension TensorFile {
  /// Reads a file from disk. Memory is asked for only after the file is known to hold the bytes.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - verifyChecksums: Whether stored checksums are compared with the bytes.
  /// - Throws: ``TensorFileError`` for every file that is missing, cut off, damaged or not of the
  ///   format.
  public static func read(
    contentsOf url: URL, verifyChecksums: Bool = true
  ) throws(TensorFileError) -> TensorFile {
    let file = try wrapping { () throws(FileError) in try InputFile(url) }
    let header = try readHeader(of: file)
    // The bytes are taken in the order of the file, each range into its own array: no second copy.
    return try assemble(header, file: file.path, verifyChecksums: verifyChecksums) {
      (range) throws(TensorFileError) in
      try wrapping { () throws(FileError) in try file.read(count: range.count) }
    }
  }

  /// Reads only the metadata of a file on disk, without its tensors.
  ///
  /// - Throws: ``TensorFileError`` as ``read(contentsOf:verifyChecksums:)``.
  public static func readMetadata(
    contentsOf url: URL
  ) throws(TensorFileError) -> [String: String] {
    let file = try wrapping { () throws(FileError) in try InputFile(url) }
    return try readHeader(of: file).metadata
  }

  /// Parses a file that is in memory.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - name: How messages name it.
  ///   - verifyChecksums: Whether stored checksums are compared with the bytes.
  /// - Throws: ``TensorFileError`` as ``read(contentsOf:verifyChecksums:)``.
  public static func parse(
    _ bytes: Data, name: String, verifyChecksums: Bool = true
  ) throws(TensorFileError) -> TensorFile {
    let length = try TensorFileHeader.length(
      prefix: Array(bytes.prefix(8)), fileSize: bytes.count, file: name)
    let data = bytes.dropFirst(8 + length)
    let header = try TensorFileHeader(
      parsing: Array(bytes.dropFirst(8).prefix(length)), dataSize: data.count, file: name)
    return try assemble(header, file: name, verifyChecksums: verifyChecksums) { range in
      Array(data.dropFirst(range.lowerBound).prefix(range.count))
    }
  }

  static func readHeader(
    of file: borrowing InputFile
  ) throws(TensorFileError) -> TensorFileHeader {
    let path = file.path
    let size = file.size
    let prefix = try bytes(of: file, count: min(8, size))
    let length = try TensorFileHeader.length(prefix: prefix, fileSize: size, file: path)
    return try TensorFileHeader(
      parsing: try bytes(of: file, count: length), dataSize: size - 8 - length, file: path)
  }

  private static func bytes(
    of file: borrowing InputFile, count: Int
  ) throws(TensorFileError) -> [UInt8] {
    do throws(FileError) { return try file.read(count: count) } catch {
      throw TensorFileError(error)
    }
  }

  static func wrapping<Value: ~Copyable>(
    _ body: () throws(FileError) -> Value
  ) throws(TensorFileError) -> Value {
    do throws(FileError) { return try body() } catch { throw TensorFileError(error) }
  }

  private static func assemble(
    _ header: TensorFileHeader, file: String, verifyChecksums: Bool,
    bytes: (Range<Int>) throws(TensorFileError) -> [UInt8]
  ) throws(TensorFileError) -> TensorFile {
    var result = TensorFile(metadata: header.metadata)
    // Names first, so that their order is the header's and not that of the bytes.
    var pending: [String: StoredTensor] = [:]
    let sorted = header.entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in sorted {
      pending[entry.name] = try stored(
        entry, bytes: try bytes(entry.range), file: file, verifyChecksums: verifyChecksums)
    }
    for entry in header.entries {
      if let tensor = pending[entry.name] { result.set(tensor, for: entry.name) }
    }
    return result
  }

  /// One tensor from its bytes, after the comparison with its checksum.
  static func stored(
    _ entry: TensorFileHeader.Entry, bytes: [UInt8], file: String, verifyChecksums: Bool
  ) throws(TensorFileError) -> StoredTensor {
    if verifyChecksums, let stored = entry.checksum {
      var checksum = Checksum()
      bytes.withUnsafeBytes { checksum.update($0) }
      guard checksum.value == stored else {
        throw TensorFileError(
          .checksumMismatch, file: file, tensor: entry.name,
          fact: "The CRC-32 of its bytes is \(checksum.hexadecimal), stored is "
            + String(stored, radix: 16),
          fix: "The file was damaged after it was written; copy it again.")
      }
    }
    do throws(StoredTensorError) {
      return try StoredTensor(elementType: entry.elementType, shape: entry.shape, bytes: bytes)
    } catch {
      throw TensorFileError(
        .sizeMismatch, file: file, tensor: entry.name, fact: error.description,
        fix: "The file is damaged; copy it again.")
    }
  }
}

extension TensorFile {
  /// The values of a tensor in single precision, see ``StoredTensor/floats()``.
  ///
  /// - Throws: ``TensorFileError`` if the tensor is missing or of another type.
  public func floats(_ name: String, in file: String = "tensor file") throws(TensorFileError)
    -> [Float]
  {
    let tensor = try tensor(named: name, in: file)
    do throws(StoredTensorError) { return try tensor.floats() } catch {
      throw Self.wrongType(error, name, file)
    }
  }

  /// The values of a tensor in double precision, see ``StoredTensor/doubles()``.
  ///
  /// - Throws: ``TensorFileError`` if the tensor is missing or of another type.
  public func doubles(_ name: String, in file: String = "tensor file") throws(TensorFileError)
    -> [Double]
  {
    let tensor = try tensor(named: name, in: file)
    do throws(StoredTensorError) { return try tensor.doubles() } catch {
      throw Self.wrongType(error, name, file)
    }
  }

  /// The values of an integer tensor, see ``StoredTensor/integers()``.
  ///
  /// - Throws: ``TensorFileError`` if the tensor is missing or of another type.
  public func integers(_ name: String, in file: String = "tensor file") throws(TensorFileError)
    -> [Int]
  {
    let tensor = try tensor(named: name, in: file)
    do throws(StoredTensorError) { return try tensor.integers() } catch {
      throw Self.wrongType(error, name, file)
    }
  }

  private static func wrongType(
    _ error: StoredTensorError, _ name: String, _ file: String
  ) -> TensorFileError {
    guard case .elementType(let type, let requested) = error else {
      return TensorFileError(
        .sizeMismatch, file: file, tensor: name, fact: error.description, fix: "Write it again.")
    }
    return TensorFileError(
      .wrongElementType, file: file, tensor: name,
      fact: "It holds \(type.rawValue) and was read as \(requested)",
      fix: "Read it with the accessor for \(type.rawValue).")
  }
}
