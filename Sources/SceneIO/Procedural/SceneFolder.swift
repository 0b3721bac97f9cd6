import Foundation
import TensorIO

/// A scene's folder that is filled beside its place and then moved there.
struct SceneFolder: Sendable {
  private let target: URL
  /// The folder to fill.
  let temporary: URL
  private let backup: URL

  /// Everything a scene consists of; a folder with anything else is never replaced.
  private static let content: Set<String> = [
    "train", "val", "test", "transforms_train.json", "transforms_val.json", "transforms_test.json",
  ]

  /// Checks that the place is free, or may be freed, and makes the temporary folder.
  init(replacing folder: URL, overwrite: Bool) throws(SceneError) {
    target = folder.standardizedFileURL.resolvingSymlinksInPath()
    let parent = target.deletingLastPathComponent()
    let unique = String(UInt64.random(in: .min ... .max), radix: 36)
    temporary = parent.appending(path: ".\(unique).partial")
    backup = parent.appending(path: ".\(unique).replaced")
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: target.path, isDirectory: &isFolder) {
      guard isFolder.boolValue else {
        throw SceneError(
          .targetInUse, in: folder.path, fact: "it is a file", fix: "Name a folder to make.")
      }
      let found = try Self.attempt(target) {
        try FileManager.default.contentsOfDirectory(atPath: target.path)
      }
      guard found.isEmpty || overwrite else {
        throw SceneError(
          .targetInUse, in: folder.path, fact: "the folder holds \(found.count) entries",
          fix: "Choose another folder, or ask for it to be overwritten.")
      }
      if let other = found.filter({ !Self.content.contains($0) }).min() {
        throw SceneError(
          .targetInUse, in: folder.path,
          fact: "the folder holds \"\(other)\", which is not part of a scene",
          fix: "Choose another folder; only earlier scenes are overwritten.")
      }
    }
    try Self.attempt(temporary) {
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
    }
  }

  func makeFolder(_ name: String) throws(SceneError) {
    try Self.attempt(temporary) {
      try FileManager.default.createDirectory(
        at: temporary.appending(path: name), withIntermediateDirectories: false)
    }
  }

  func write(_ data: Data, to name: String) throws(SceneError) {
    do throws(FileError) { try AtomicFile.write(data, to: temporary.appending(path: name)) } catch {
      throw SceneError(error)
    }
  }

  /// Puts the finished folder in place. An earlier one is moved aside first and removed last.
  func commit() throws(SceneError) {
    let manager = FileManager.default
    let replaces = manager.fileExists(atPath: target.path)
    if replaces { try Self.attempt(target) { try manager.moveItem(at: target, to: backup) } }
    do throws(SceneError) {
      try Self.attempt(target) { try manager.moveItem(at: temporary, to: target) }
    } catch {
      if replaces { try? manager.moveItem(at: backup, to: target) }
      throw error
    }
    if replaces { try Self.attempt(backup) { try manager.removeItem(at: backup) } }
  }

  /// Removes what was written so far.
  func discard() { try? FileManager.default.removeItem(at: temporary) }

  private static func attempt<Result>(
    _ url: URL, _ body: () throws -> Result
  ) throws(SceneError) -> Result {
    do { return try body() } catch let error as CocoaError {
      let posix = (error.underlying as? POSIXError)?.code.rawValue ?? EIO
      throw SceneError(FileError(.create, path: url.path, code: posix))
    } catch {
      throw SceneError(FileError(.create, path: url.path, code: EIO, fact: "\(error)"))
    }
  }
}
