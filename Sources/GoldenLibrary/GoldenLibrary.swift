public import CGoldenBackend
import Foundation
import GoldenKit
import NeRFCore
import ReferenceBackend
import TensorIO

// The functions of pvd_backend.h and pvd_golden.h. Nothing thrown leaves them: it becomes a code and a
// message.

/// This library as a backend behind its own C interface.
@c
public func pvd_backend_get(_ version: UInt32) -> UnsafePointer<pvd_backend>? {
  version == UInt32(PVD_BACKEND_VERSION) ? LibraryBackend.table : nil
}

/// See pvd_golden.h.
@c
public func pvd_reference_answer(
  _ call: UnsafePointer<pvd_call>?, _ emit: pvd_emit?, _ context: UnsafeMutableRawPointer?
) -> Int32 {
  LibraryBackend.answer(call) { name, tensor in
    try withView(name, tensor) { view in emit?(&view, context) }
  }
}

/// See pvd_golden.h.
@c
public func pvd_golden_compare(
  _ caseFile: UnsafePointer<CChar>?, _ precision: Int32, _ answers: UnsafePointer<pvd_tensor>?,
  _ answerCount: Int32, _ report: UnsafeMutablePointer<CChar>?, _ capacity: Int64
) -> Int64 {
  do {
    guard let caseFile else { throw GoldenError("There is no case file.") }
    let url = URL(fileURLWithPath: String(cString: caseFile))
    let golden = try GoldenCase(contentsOf: url)
    var tensors: [String: StoredTensor] = [:]
    for index in 0..<max(Int(answerCount), 0) {
      guard let view = answers?[index], let name = view.name else { continue }
      tensors[String(cString: name)] = try view.stored()
    }
    let isDouble = precision == Int32(PVD_FLOAT64)
    let judged = CaseReport(
      golden, precision: isDouble ? .double : .float,
      tensors: golden.compare(tensors, precision: isDouble ? .double : .float))
    let text = try LibraryReport(judged, golden, path: url.path).json()
    write(text, to: report, capacity: capacity)
    return Int64(text.utf8.count)
  } catch {
    write("\(error)", to: report, capacity: capacity)
    return -1
  }
}

/// The report of one comparison as JSON.
private struct LibraryReport: Encodable {
  let name: String
  let op: String
  let precision: Precision
  let state: VerificationState
  let ratio: Double
  let tensors: [TensorReport]
  let details: [String]

  init(_ report: CaseReport, _ golden: GoldenCase, path: String) {
    name = report.name
    op = report.operation
    precision = report.precision
    state = report.state
    ratio = report.worstRatio
    tensors = report.tensors
    details = report.details(golden, reproducedBy: "pvd golden compare \(path) ANSWER")
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
