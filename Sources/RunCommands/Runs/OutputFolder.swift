import CommandSupport
import Foundation
import TensorIO

/// A folder that a command fills with files of known names, and nothing else.
struct OutputFolder {
  let url: URL
  /// What the files are together, as messages name it.
  let content: String
  /// Their names.
  let names: Set<String>

  /// Checks that the folder may be written; changes nothing.
  func check(overwrite: Bool) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else {
      throw CommandFailure(url.path, fact: "it is a file", fix: "Name a folder with --out.")
    }
    let found: [String]
    do { found = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } catch let
      error as CocoaError
    {
      throw FileError(error, creating: url)
    }
    if let other = found.first(where: { !names.contains($0) && !$0.hasPrefix(".") }) {
      throw CommandFailure(
        url.path, fact: "the folder holds \"\(other)\", which is not part of \(content)",
        fix: "Choose another --out.")
    }
    guard overwrite || !found.contains(where: names.contains) else {
      throw CommandFailure(
        url.path, fact: "the folder holds \(content) already",
        fix: "Add --overwrite to replace it, or choose another --out.")
    }
  }

  /// Checks and makes the folder before the work, and takes it away again if the work leaves nothing in it.
  func filled<Result>(overwrite: Bool, by work: () throws -> Result) throws -> Result {
    try check(overwrite: overwrite)
    let isNew = !FileManager.default.fileExists(atPath: url.path)
    try make()
    do { return try work() } catch {
      // Removes an empty folder only.
      if isNew { _ = rmdir(url.path) }
      throw error
    }
  }

  func make() throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch let error as CocoaError {
      throw FileError(error, creating: url)
    }
  }
}
