import Foundation

/// Writes files that are either complete or not there.
///
/// The bytes go to a temporary file in the folder of the target (so that the move stays on one
/// volume); it is flushed to the device, renamed over the target, and the folder is flushed. A
/// reader sees the old file or the new one, never a part. After any error the temporary file is gone
/// and the old file is as it was.
public enum AtomicFile {
  /// Writes a file piece by piece.
  ///
  /// - Parameters:
  ///   - url: The target. A symbolic link is followed and stays a link. An existing file keeps its
  ///     permission bits.
  ///   - body: Writes the content; what it throws is passed on and leaves the target untouched.
  /// - Throws: ``FileError`` if the target is a folder or a device, or if the system refuses (no
  ///   space, quota, permissions, read-only volume, missing folder); else what `body` throws.
  public static func write(to url: URL, _ body: (inout Output) throws -> Void) throws {
    var output = try Output(replacing: url)
    try body(&output)
    try output.commit()
  }

  /// Writes a file from bytes in memory.
  ///
  /// - Throws: ``FileError`` as ``write(to:_:)``.
  public static func write(_ data: Data, to url: URL) throws(FileError) {
    var output = try Output(replacing: url)
    try output.write(data)
    try output.commit()
  }

  /// The temporary file while it is being written. Its end without a commit removes the file.
  public struct Output: ~Copyable {
    /// The number of bytes written so far.
    public private(set) var count = 0
    /// The path of the target as the caller named it.
    public let path: String
    private let target: String
    private let folder: String
    private let temporary: String?
    private var descriptor: Int32

    init(replacing url: URL) throws(FileError) {
      let path = url.path
      guard !path.utf8.contains(0) else {
        throw FileError(.create, path: path, code: EINVAL, fact: "The path holds a zero byte")
      }
      let resolved = url.resolvingSymlinksInPath()
      let folder = resolved.deletingLastPathComponent().path
      let permissions = try Self.permissions(replacing: resolved.path, path: path)
      let (opened, name) = try Self.createTemporary(in: folder, path: path)
      if let permissions { _ = fchmod(opened, permissions) }
      self.init(
        path: path, target: resolved.path, folder: folder, temporary: name, descriptor: opened)
    }

    private init(
      path: String, target: String, folder: String, temporary: String?, descriptor: Int32
    ) {
      self.path = path
      self.target = target
      self.folder = folder
      self.temporary = temporary
      self.descriptor = descriptor
    }

    /// Writes to an existing file or device in place, without a temporary file.
    ///
    /// Only for checking how write errors are reported; ``commit()`` then merely flushes.
    package init(overwritingInPlace path: String) throws(FileError) {
      let opened = retrying { open(path, O_WRONLY | O_CLOEXEC) }
      guard opened >= 0 else { throw FileError(.open, path: path, code: errno) }
      self.init(path: path, target: path, folder: path, temporary: nil, descriptor: opened)
    }

    deinit {
      if descriptor >= 0 {
        close(descriptor)
        if let temporary { unlink(temporary) }
      }
    }

    private static func createTemporary(
      in folder: String, path: String
    ) throws(FileError) -> (descriptor: Int32, name: String) {
      while true {
        // Short and independent of the target's name, which may already be as long as is allowed.
        let unique = String(UInt64.random(in: .min ... .max), radix: 36)
        let name = "\(folder)/.\(unique).partial"
        let opened = retrying { open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
        if opened >= 0 { return (opened, name) }
        guard errno == EEXIST else { throw FileError(.create, path: path, code: errno) }
      }
    }

    /// Refuses targets that a rename would destroy or cannot replace.
    private static func permissions(
      replacing target: String, path: String
    ) throws(FileError) -> mode_t? {
      var status = stat()
      guard stat(target, &status) == 0 else { return nil }
      switch status.st_mode & S_IFMT {
      case S_IFREG: return status.st_mode & 0o777
      case S_IFDIR: throw FileError(.create, path: path, code: EISDIR)
      default:
        throw FileError(
          .create, path: path, code: EINVAL, fact: "It is a device, a pipe or a socket",
          fix: "Give the path of a regular file.")
      }
    }

    /// Appends bytes.
    ///
    /// - Throws: ``FileError`` if not all of them could be written.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
      guard let base = bytes.baseAddress else { return }
      var done = 0
      while done < bytes.count {
        let file = descriptor
        let moved = retrying { Foundation.write(file, base + done, bytes.count - done) }
        guard moved > 0 else {
          throw FileError(.write, path: path, code: moved < 0 ? errno : EIO)
        }
        done += moved
      }
      count += done
    }

    /// Appends bytes.
    ///
    /// - Throws: ``FileError`` if not all of them could be written.
    public mutating func write(_ data: Data) throws(FileError) {
      // `withUnsafeBytes` of Data throws untyped, so the outcome is carried out as a value.
      var outcome: Result<Void, FileError> = .success(())
      data.withUnsafeBytes { buffer in
        do throws(FileError) { try write(buffer) } catch { outcome = .failure(error) }
      }
      try outcome.get()
    }

    mutating func commit() throws(FileError) {
      let file = descriptor
      if retrying({ fsync(file) }) != 0 && errno != EINVAL {
        throw FileError(.synchronise, path: path, code: errno)
      }
      guard let temporary else { return }
      guard rename(temporary, target) == 0 else {
        throw FileError(.rename, path: path, code: errno)
      }
      close(descriptor)
      descriptor = -1
      try Self.synchroniseFolder(folder, path: path)
    }

    /// Makes the rename itself survive a power failure; the target is complete at this point.
    private static func synchroniseFolder(_ folder: String, path: String) throws(FileError) {
      let opened = retrying { open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY) }
      // A folder may be writable but not readable; the rename itself has succeeded.
      guard opened >= 0 else { return }
      defer { close(opened) }
      // Some file systems do not flush folders and say EINVAL; there is nothing left to do then.
      if retrying({ fsync(opened) }) != 0 && errno != EINVAL && errno != EROFS {
        throw FileError(.synchronise, path: path, code: errno)
      }
    }
  }
}
