import Foundation
import SceneIO

/// The files of a run that hold a field.
package enum RunFile {
  /// Everything a run needs to go on; written first and alone decisive.
  package static let state = "state.safetensors"
  /// The field for use, made from the state.
  package static let model = "model.safetensors"

  /// The checkpoint that a path means: the file itself, or the newest field of a run's folder.
  package static func newest(at path: String) throws -> URL {
    let url = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw CommandFailure(
        path, fact: "there is no such file or folder",
        fix: "Name the folder of a run, or a .safetensors file.")
    }
    guard isFolder.boolValue else { return url }
    let candidates = [model, state].map { url.appending(path: $0) }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    guard let first = candidates.first else {
      throw CommandFailure(
        path, fact: "the folder holds neither \(model) nor \(state)",
        fix: "Name the folder of a run that has saved at least once.")
    }
    guard candidates.count == 2 else { return first }
    let steps = try candidates.map { try Checkpoint.record(of: $0).run.position.step }
    return steps[1] > steps[0] ? candidates[1] : first
  }
}
