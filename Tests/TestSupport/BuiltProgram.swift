public import Foundation

/// The command `pvd` as it was built with the tests.
public enum BuiltProgram {
  /// It is not where tests are built.
  public struct NotFound: Error {}

  /// `pvd` beside the test bundle.
  public static func pvd() throws -> URL {
    let places = [
      URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath(), Bundle.main.bundleURL,
      Bundle.main.executableURL, URL(fileURLWithPath: CommandLine.arguments[0]),
    ].compactMap { $0 }
    for place in places {
      var folder = place
      // On macOS the bundle is a folder of several levels.
      for _ in 0..<4 {
        folder.deleteLastPathComponent()
        let candidate = folder.appending(path: "pvd")
        if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
      }
    }
    throw NotFound()
  }
}
