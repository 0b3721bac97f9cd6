import Foundation
import TensorIO

/// A scene, image or report that cannot be read or written: which file, what is wrong, what to do.
public struct SceneError: Error, Equatable, Sendable {
  /// The class of fault, for callers that react differently to each.
  public enum Kind: Equatable, Sendable {
    /// The file system refused.
    case fileAccess(FileError)
    /// The file is not a PNG.
    case notAnImage
    /// The image is cut off, altered or violates its format.
    case damagedImage
    /// The image has more pixels than allowed.
    case imageTooLarge
    /// The image in memory has values or a size that no file can hold.
    case unwritableImage
    /// The description of a scene is not well-formed JSON.
    case malformedDescription
    /// The description lacks a value or has one that makes no sense.
    case invalidDescription
    /// A frame names an image outside the scene's folder.
    case outsideFolder
    /// An image that a frame names does not exist.
    case missingImage
    /// An image differs from the others, or from the description, in size or channels.
    case imageMismatch
    /// The folder to write to is in use.
    case targetInUse
    /// An argument of the call is outside its range.
    case invalidArgument
  }

  /// The file or folder at fault, or the call for ``Kind/invalidArgument``.
  public let location: String
  /// The frame at fault, counted from 0 in the order of the file, if it is a single one.
  public let frame: Int?
  /// The class of fault.
  public let kind: Kind
  /// What is wrong, with numbers.
  public let fact: String
  /// What the caller can do about it.
  public let fix: String

  /// Describes one fault; the texts are completed by ``description``.
  public init(_ kind: Kind, in location: String, frame: Int? = nil, fact: String, fix: String) {
    self.kind = kind
    self.location = location
    self.frame = frame
    self.fact = fact
    self.fix = fix
  }

  /// Wraps a failure of the file system.
  public init(_ error: FileError) {
    self.init(.fileAccess(error), in: error.path, fact: error.fact, fix: error.fix)
  }

  package init(_ defect: ImageDefect, in url: URL) {
    self.init(defect.kind, in: url.path, fact: defect.fact, fix: defect.fix)
  }

  /// The same fault, found while reading one frame of a description.
  func inFrame(_ frame: Int) -> SceneError {
    SceneError(kind, in: location, frame: frame, fact: fact, fix: fix)
  }
}

extension SceneError: CustomStringConvertible {
  /// For example "lego/transforms_train.json, frame 3: there is no image train/r_3.png. Copy …".
  ///
  /// Always one line: control characters of names and paths are shown as question marks.
  public var description: String {
    var text = "\(location)\(frame.map { ", frame \($0)" } ?? ""): \(fact). \(fix)"
    if case .fileAccess(let error) = kind {
      text = error.description + (frame.map { " (frame \($0))" } ?? "")
    }
    return String(text.map { $0.isNewline || ($0.asciiValue ?? 32) < 32 ? "?" : $0 })
  }
}

/// Whole files with this module's error type.
enum SceneFile {
  static func bytes(of url: URL, limit: Int) throws(SceneError) -> [UInt8] {
    do throws(FileError) { return [UInt8](try InputFile.contents(of: url, limit: limit)) } catch {
      throw SceneError(error)
    }
  }
}
