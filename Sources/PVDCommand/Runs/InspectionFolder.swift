import Distill
import Fields
import Foundation
import NeRFCore
import TensorIO

/// The folder of an inspection and the files it consists of.
struct InspectionFolder {
  static let pageName = "index.html"
  static let reportName = "report.json"
  private static let arraysName = "arrays.safetensors"
  private static let names: Set<String> = [pageName, reportName, arraysName]

  private let url: URL

  init(_ url: URL) { self.url = url }

  /// Checks that the folder may be written; changes nothing.
  func check(overwrite: Bool) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else {
      throw CommandFailure(url.path, fact: "it is a file", fix: "Name a folder with --out.")
    }
    do {
      let found = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
      if let other = found.first(where: { !Self.names.contains($0) && !$0.hasPrefix(".") }) {
        throw CommandFailure(
          url.path, fact: "the folder holds \"\(other)\", which is not part of a report",
          fix: "Choose another --out.")
      }
      guard overwrite || !found.contains(where: Self.names.contains) else {
        throw CommandFailure(
          url.path, fact: "the folder holds an earlier report",
          fix: "Add --overwrite to replace it, or choose another --out.")
      }
    } catch let error as CocoaError {
      throw RunFolder.failure(error, url)
    }
  }

  /// Writes all files; each appears whole or not at all, the page last.
  func write(_ result: InspectionRun.Result) throws {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch let error as CocoaError {
      throw RunFolder.failure(error, url)
    }
    try arrays(result)
    try AtomicFile.write(
      result.report.encoded(), to: url.appending(path: Self.reportName))
    try result.report.writePage(
      pictures: result.pictures, to: url.appending(path: Self.pageName))
  }

  /// Samples, taps of both fields, and the gradient of every weighted term.
  private func arrays(_ result: InspectionRun.Result) throws {
    let batch = result.input.batch
    var entries: [TensorFileWriter.Entry] = []
    func add<Element>(
      _ name: String, _ shape: [Int], _ values: [Element], _ type: TensorElementType = .float32
    ) {
      entries.append(
        TensorFileWriter.Entry(name: name, elementType: type, shape: shape) { receive in
          try values.withUnsafeBytes { try receive($0) }
        })
    }
    func addTaps(_ name: String, _ taps: FieldTaps<Float>) {
      add("\(name).log_density", [batch.count], taps.logDensities)
      add("\(name).density", [batch.count], taps.densities)
      add("\(name).color", [3, batch.count], taps.colors.flatMap { $0 })
      add("\(name).features", [taps.featureCount, batch.count], taps.features.flatMap { $0 })
    }
    add("samples.positions", [3, batch.count], batch.positions.flatMap { $0 })
    add("samples.directions", [3, batch.count], batch.directions.flatMap { $0 })
    add("samples.deltas", [batch.count], batch.deltas)
    add("samples.gaps", [batch.count], batch.gaps)
    add(
      "samples.spans", [batch.rayCount, 2],
      batch.spans.flatMap { [Int64($0.offset), Int64($0.count)] }, .int64)
    add("background", [result.input.background.count / 3, 3], result.input.background)
    let taps = try result.inspector.taps(result.input)
    addTaps("teacher", taps.teacher)
    addTaps("student", taps.student)
    let gradients = try result.inspector.gradients(result.input)
    for term in gradients.terms {
      for (index, values) in (gradients.values[term] ?? []).enumerated() {
        add("gradient.\(term.rawValue).\(gradients.names[index])", gradients.shapes[index], values)
      }
    }
    try TensorFileWriter.write(
      to: url.appending(path: Self.arraysName),
      metadata: ["format": "pvd inspection", "version": "1"], entries: entries)
  }
}
