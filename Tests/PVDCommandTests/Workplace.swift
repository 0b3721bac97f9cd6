import Foundation
import Synchronization
import Testing

/// A folder with a small scene and a teacher of each architecture, made once for all tests.
final class Workplace: Sendable {
  static let shared = Result { try Workplace() }

  /// Options of a run of a second or two.
  static let tiny = ["--preset", "tiny", "--samples", "2048", "--eval-views", "2"]
  static let architectures = ["hash", "mlp", "vm", "tensors"]

  private let root: URL
  let scene: String

  private init() throws {
    root = FileManager.default.temporaryDirectory.appending(path: "pvd-\(UUID().uuidString)")
      .resolvingSymlinksInPath()
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    scene = root.appending(path: "scene").path
    try Command.succeed(["scene", "orb", "--out", scene, "--size", "24", "--views", "8"])
    for architecture in Self.architectures {
      try Command.succeed(
        ["train", scene, "--field", architecture, "--out", teacher(architecture)]
          + ["--iterations", "10"] + Self.tiny)
    }
    removeAtExit(root)
  }

  /// The run of a teacher.
  func teacher(_ architecture: String) -> String {
    root.appending(path: "teacher-\(architecture)").path
  }

  /// A path that nothing else uses.
  func fresh(_ name: String) -> String {
    root.appending(path: "\(name)-\(UUID().uuidString)").path
  }

  /// A copy of the scene, to be damaged.
  func copyOfScene() throws -> URL {
    let url = URL(fileURLWithPath: fresh("scene"))
    try FileManager.default.copyItem(at: URL(fileURLWithPath: scene), to: url)
    return url
  }

  /// Arguments of a training run of `hash`.
  func training(_ out: String, iterations: Int = 20) -> [String] {
    ["train", scene, "--field", "hash", "--out", out, "--iterations", "\(iterations)"] + Self.tiny
  }
}

private let remains = Mutex<URL?>(nil)

/// Removes a folder when the process ends.
private func removeAtExit(_ url: URL) {
  remains.withLock { $0 = url }
  atexit {
    if let url = remains.withLock({ $0 }) { try? FileManager.default.removeItem(at: url) }
  }
}

/// The bytes of all files of a folder, by name.
func contents(_ folder: String) throws -> [String: Data] {
  var files: [String: Data] = [:]
  for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
    files[name] = try? Data(contentsOf: URL(fileURLWithPath: folder).appending(path: name))
  }
  return files
}

/// The bytes of one file of a run.
func file(_ run: String, _ name: String) throws -> Data {
  try Data(contentsOf: URL(fileURLWithPath: run).appending(path: name))
}
