import Foundation

/// A regular file opened for reading, whose size is known before anything is allocated.
///
/// Files are read, not mapped: a mapped file that shrinks while it is in use ends the process.
public struct InputFile: ~Copyable {
  /// The path as the caller named it.
  public let path: String
  /// The size of the file in bytes when it was opened.
  public let size: Int
  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: ``FileError`` if the file is missing, is a folder or a device, or may not be read.
  public init(_ url: URL) throws(FileError) {
    path = url.path
    guard !path.utf8.contains(0) else {
      throw FileError(.open, path: path, code: EINVAL, fact: "The path holds a zero byte")
    }
    // Without O_NONBLOCK the open of a named pipe would wait for a writer before its type is known.
    let opened = retrying { open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard opened >= 0 else { throw FileError(.open, path: path, code: errno) }
    var status = stat()
    guard fstat(opened, &status) == 0 else {
      let code = errno
      close(opened)
      throw FileError(.open, path: path, code: code)
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      close(opened)
      if kind == S_IFDIR { throw FileError(.open, path: path, code: EISDIR) }
      throw FileError(
        .open, path: path, code: EINVAL, fact: "It is a device, a pipe or a socket",
        fix: "Give the path of a regular file.")
    }
    descriptor = opened
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Reads the next bytes of the file.
  ///
  /// - Parameter count: How many bytes; must not exceed ``size``, so that memory is asked for only
  ///   when the file holds the bytes.
  /// - Throws: ``FileError`` if the file ends early or the device fails.
  public func read(count: Int) throws(FileError) -> [UInt8] {
    guard count >= 0, count <= size else {
      throw FileError(
        .read, path: path, code: EINVAL, fact: "\(count) bytes were asked of a file of \(size)",
        fix: "The file is shorter than its content claims; copy it again.")
    }
    var failure: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      guard let base = buffer.baseAddress else { return }
      while filled < count {
        // Linux moves at most 2 GiB a call; the loop asks for the rest.
        let moved = retrying { Foundation.read(descriptor, base + filled, count - filled) }
        if moved < 0 { failure = errno }
        if moved <= 0 { return }
        filled += moved
      }
    }
    guard failure == 0 else { throw FileError(.read, path: path, code: failure) }
    guard bytes.count == count else {
      throw FileError(
        .read, path: path, code: EIO, fact: "The file became shorter while it was read",
        fix: "Wait until its writer is done and read it again.")
    }
    return bytes
  }

  /// Reads a whole file.
  ///
  /// - Parameters:
  ///   - url: The file.
  ///   - limit: The largest size in bytes that is accepted.
  /// - Throws: ``FileError`` if the file cannot be read or is larger than `limit`.
  public static func contents(of url: URL, limit: Int = .max) throws(FileError) -> Data {
    let file = try InputFile(url)
    guard file.size <= limit else {
      throw FileError(
        .read, path: file.path, code: EFBIG,
        fact: "It has \(file.size) bytes, more than the limit of \(limit)",
        fix: "Check that this is the right file.")
    }
    return Data(try file.read(count: file.size))
  }
}

/// Repeats a system call that a signal interrupted.
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result == -1 && errno == EINTR { continue }
    return result
  }
}
