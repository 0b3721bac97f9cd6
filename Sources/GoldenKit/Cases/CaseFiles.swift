import Foundation
import TensorIO

/// Finds case files.
public enum CaseFiles {
  /// The `.safetensors` files that `paths` name, folders searched in full, sorted by path; a file
  /// named directly is taken whatever its extension.
  ///
  /// - Throws: ``GoldenError`` for a path that does not exist, and if there is no file at all.
  public static func find(_ paths: [URL]) throws(GoldenError) -> [URL] {
    var found: [URL] = []
    for path in paths {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path.path, isDirectory: &isFolder) else {
        throw GoldenError("\(path.path): there is no such file or folder.")
      }
      guard isFolder.boolValue else {
        found.append(path)
        continue
      }
      let inside = FileManager.default.enumerator(at: path, includingPropertiesForKeys: nil)
      while let file = inside?.nextObject() as? URL {
        if file.pathExtension == "safetensors" { found.append(file) }
      }
    }
    guard !found.isEmpty else {
      throw GoldenError(
        "\(paths.map(\.path).joined(separator: ", ")): there is no .safetensors file there. "
          + "Name a case file or a folder with cases.")
    }
    return found.sorted { $0.path < $1.path }
  }
}
