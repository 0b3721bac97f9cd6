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

  let output: OutputFolder
  private var url: URL { output.url }

  init(_ url: URL) {
    output = OutputFolder(url: url, content: "a report", names: Self.names)
  }

  /// Writes all files; each appears whole or not at all, the page last.
  func write(_ result: InspectionRun.Result) throws {
    try output.make()
    try arrays(result)
    try AtomicFile.write(
      result.report.encoded(), to: url.appending(path: Self.reportName))
    try result.report.writePage(
      pictures: result.pictures, to: url.appending(path: Self.pageName))
  }

  /// Everything that ``StepDump`` names, and the gradient of every weighted term.
  private func arrays(_ result: InspectionRun.Result) throws {
    let dump = try result.inspector.dump(result.input)
    var entries = dump.tensors.keys.sorted().compactMap { name in
      dump.tensors[name].map { tensor in
        name == "in.rays"
          ? entry(name, tensor.shape, tensor.values.map { Int64($0) }, .int64)
          : entry(name, tensor.shape, tensor.values.map { Float($0) }, .float32)
      }
    }
    let gradients = try result.inspector.gradients(result.input)
    for (index, parameter) in gradients.names.enumerated() {
      let shape = gradients.shapes[index]
      var sum = [Float](repeating: 0, count: shape.reduce(1, *))
      for term in gradients.terms {
        let values = gradients[term, index]
        for i in sum.indices { sum[i] += values[i] }
        entries.append(
          entry("term.\(term.rawValue).grad.param.student.\(parameter)", shape, values, .float32))
      }
      entries.append(entry("grad.param.student.\(parameter)", shape, sum, .float32))
    }
    try TensorFileWriter.write(
      to: url.appending(path: Self.arraysName),
      metadata: ["format": "pvd inspection", "version": "2"], entries: entries)
  }

  private func entry<Element>(
    _ name: String, _ shape: [Int], _ values: [Element], _ type: TensorElementType
  ) -> TensorFileWriter.Entry {
    TensorFileWriter.Entry(name: name, elementType: type, shape: shape) { receive in
      try values.withUnsafeBytes { try receive($0) }
    }
  }
}
