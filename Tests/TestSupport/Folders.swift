import Foundation

/// The folders of this package that tests read.
public enum PackageFolder {
  /// The folder of `Package.swift`.
  public static let root: URL = {
    // Tests/TestSupport/Folders.swift, with links resolved, three levels up.
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url
  }()

  /// Stored inputs and results.
  public static let fixtures = root.appendingPathComponent("Fixtures")

  /// One `.safetensors` file per golden case.
  public static let golden = fixtures.appendingPathComponent("golden")
}

/// Real scenes and reference data that are too large, or not free enough, to be part of the package.
///
/// They lie in a folder `shared` beside the package. A test that needs them carries
/// `.enabled(if: SharedData.folder != nil, "\(SharedData.absence)")`, so that it says why it is
/// skipped.
public enum SharedData {
  /// The folder, or `nil` if there is none.
  public static let folder: URL? = {
    let url = PackageFolder.root.deletingLastPathComponent().appendingPathComponent("shared")
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
    return exists && isFolder.boolValue ? url : nil
  }()

  /// The reason that a skipped test prints.
  public static let absence = "Real data is absent: there is no folder `shared` beside the package."

  /// A file or folder below ``folder``, or `nil` if it does not exist.
  public static func item(_ path: String) -> URL? {
    guard let url = folder?.appendingPathComponent(path) else { return nil }
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }
}
