import CommandSupport
import Foundation
import SceneIO
import TensorIO

/// The folder of a run and the files it consists of.
struct RunFolder {
  /// One JSON object a line: steps, seconds, losses, PSNR.
  static let logName = "log.jsonl"
  /// PSNR over time.
  static let plotName = "psnr.svg"
  /// Teacher, student, difference.
  static let sheetName = "sheet.png"
  /// Results of the last evaluation.
  static let metricsName = "metrics.json"

  /// Reports about single steps, a folder each.
  static let inspectionsName = "inspections"

  private static let names: Set<String> = [
    RunFile.state, RunFile.model, logName, plotName, sheetName, metricsName, inspectionsName,
  ]

  let url: URL
  var state: URL { url.appending(path: RunFile.state) }
  var model: URL { url.appending(path: RunFile.model) }
  var log: URL { url.appending(path: Self.logName) }
  var plot: URL { url.appending(path: Self.plotName) }
  var sheet: URL { url.appending(path: Self.sheetName) }
  var inspections: URL { url.appending(path: Self.inspectionsName) }
  var metrics: URL { url.appending(path: Self.metricsName) }

  /// Checks that the folder may be used as asked; changes nothing.
  init(_ url: URL, mode: RunRequest.Mode) throws {
    self.url = url
    guard let found = try contents() else { return }
    if let other = found.first(where: { !Self.names.contains($0) && !Self.isRemainder($0) }) {
      throw CommandFailure(
        url.path, fact: "the folder holds \"\(other)\", which is not part of a run",
        fix: "Choose another --out.")
    }
    if mode == .new, found.contains(where: { !Self.isRemainder($0) }) {
      throw CommandFailure(
        url.path, fact: "the folder holds an earlier run",
        fix: "Add --resume to go on, --overwrite to replace it, or choose another --out.")
    }
  }

  /// Whether there is a state to go on from.
  var hasState: Bool { FileManager.default.fileExists(atPath: state.path) }

  /// Whether the result of a finished run is there: a kill behind the last step leaves a run without.
  func hasResult(of saved: SavedRun) -> Bool {
    let result = try? RunResult(contentsOf: metrics)
    return result?.score != nil && result?.step == saved.record.run.position.step
  }

  /// Makes the folder, and removes an earlier run and what a killed process left.
  func prepare(mode: RunRequest.Mode) throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
      for name in try contents() ?? []
      where Self.isRemainder(name) || (mode == .overwrite && Self.names.contains(name)) {
        try FileManager.default.removeItem(at: url.appending(path: name))
      }
    } catch let error as CocoaError {
      throw FileError(error, creating: url)
    }
  }

  /// The names in the folder, sorted; nil if it does not exist.
  private func contents() throws -> [String]? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      return nil
    }
    guard isFolder.boolValue else {
      throw CommandFailure(url.path, fact: "it is a file", fix: "Name a folder with --out.")
    }
    do { return try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } catch let
      error as CocoaError
    {
      throw FileError(error, creating: url)
    }
  }

  /// Temporary files of writes that never finished.
  private static func isRemainder(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(".partial")
  }
}
