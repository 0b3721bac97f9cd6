import Foundation
import SceneIO
import TensorIO

/// The folder of a run and the files it consists of.
struct RunFolder {
  /// Everything a run needs to go on; written first and alone decisive.
  static let stateName = "state.safetensors"
  /// The field for use, made from the state.
  static let modelName = "model.safetensors"
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
    stateName, modelName, logName, plotName, sheetName, metricsName, inspectionsName,
  ]

  let url: URL
  var state: URL { url.appending(path: Self.stateName) }
  var model: URL { url.appending(path: Self.modelName) }
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
      throw Self.failure(error, url)
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
      throw Self.failure(error, url)
    }
  }

  /// Temporary files of writes that never finished.
  private static func isRemainder(_ name: String) -> Bool {
    name.hasPrefix(".") && name.hasSuffix(".partial")
  }

  /// A refusal of the file system as this program words it.
  static func failure(_ error: CocoaError, _ url: URL) -> FileError {
    FileError(
      .create, path: url.path,
      code: (error.underlying as? POSIXError)?.code.rawValue ?? EIO)
  }

  /// The checkpoint that a path means: the file itself, or the newest field of a run's folder.
  static func checkpoint(at path: String) throws -> URL {
    let url = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw CommandFailure(
        path, fact: "there is no such file or folder",
        fix: "Name the folder of a run, or a .safetensors file.")
    }
    guard isFolder.boolValue else { return url }
    let candidates = [modelName, stateName].map { url.appending(path: $0) }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
    guard let first = candidates.first else {
      throw CommandFailure(
        path, fact: "the folder holds neither \(modelName) nor \(stateName)",
        fix: "Name the folder of a run that has saved at least once.")
    }
    guard candidates.count == 2 else { return first }
    let steps = try candidates.map { try Checkpoint.record(of: $0).run.position.step }
    return steps[1] > steps[0] ? candidates[1] : first
  }
}
