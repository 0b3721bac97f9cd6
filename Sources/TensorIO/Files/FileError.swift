import Foundation

/// A file-system operation that failed: which file, what was tried, what the system said, what to do.
public struct FileError: Error, Equatable, Sendable {
  /// What was being done to the file.
  public enum Operation: String, Sendable {
    /// Opening an existing file for reading.
    case open
    /// Reading bytes of an opened file.
    case read
    /// Creating the temporary file beside the target.
    case create
    /// Writing bytes.
    case write
    /// Forcing bytes or a folder entry to the storage device.
    case synchronise
    /// Moving the finished temporary file to its final name.
    case rename
  }

  /// The path of the file as the caller named it.
  public let path: String
  /// What was being done when it failed.
  public let operation: Operation
  /// The system's error number (`errno`), so that a caller can tell a full disk from a missing folder.
  public let code: Int32
  /// What the system or the check found, for example "No space left on device".
  public let fact: String
  /// What the caller can do about it.
  public let fix: String

  /// Describes a failure that the system reported by an error number.
  ///
  /// - Parameters:
  ///   - operation: What was being done.
  ///   - path: The file, as the caller named it.
  ///   - code: The value of `errno`.
  ///   - fact: What was found; the system's text for `code` when absent.
  ///   - fix: What to do; the advice for `code` when absent.
  public init(
    _ operation: Operation, path: String, code: Int32, fact: String? = nil, fix: String? = nil
  ) {
    self.operation = operation
    self.path = path
    self.code = code
    self.fact = fact ?? String(cString: strerror(code))
    self.fix = fix ?? Self.advice(for: code, operation)
  }

  private static func advice(for code: Int32, _ operation: Operation) -> String {
    switch code {
    case ENOENT where operation == .open: "Check the path: there is no such file."
    case ENOENT: "Create the folder first."
    case EACCES, EPERM: "Check the permissions of the file and of its folder."
    case EISDIR: "Give the path of a file, not of a folder."
    case ENOTDIR: "A part of the path is a file where a folder is needed; check the path."
    case ENOSPC: "Free space on the volume and try again."
    case EDQUOT: "The disk quota is used up; remove files or raise the quota."
    case EROFS: "The volume is read-only; choose another folder."
    case EFBIG: "The file exceeds the size limit of the process or of the volume."
    case ENAMETOOLONG: "Use a shorter name."
    case EMFILE, ENFILE: "Too many files are open; raise the limit (ulimit -n)."
    case ELOOP: "The path runs in a circle of symbolic links; name the file itself."
    case EIO: "The device reported a fault; check the disk and the system log."
    default: "Check the path, the volume and the permissions."
    }
  }
}

extension FileError: CustomStringConvertible {
  /// For example "write out/a.safetensors: No space left on device. Free space on the volume …".
  public var description: String { "\(operation.rawValue) \(path): \(fact). \(fix)" }
}
