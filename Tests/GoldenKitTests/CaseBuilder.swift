import Foundation
import GoldenKit
import TensorIO

/// Small cases made in memory.
enum CaseBuilder {
  static let x: [Float] = [0.5, 1, 2, 4, 8, 16]

  /// `out.y = 2 x` of shape [3, 2], with its double twin.
  static func file(
    tolerances: String = #"{"out.y": {"kind": "close", "rtol": 0.25, "atol": 0}}"#,
    _ change: (inout TensorFile) throws -> Void = { _ in }
  ) throws -> TensorFile {
    var file = TensorFile(metadata: [
      "case": "double_it", "op": "twice", "config": #"{"factor": 2, "nested": {"a": [1, 2.5]}}"#,
      "source": "by hand", "tolerances": tolerances, "rtol": "0.5", "atol": "0",
    ])
    file.set(try StoredTensor(x, shape: [3, 2]), for: "in.x")
    file.set(try StoredTensor(x.map { 2 * $0 }, shape: [3, 2]), for: "out.y")
    file.set(try StoredTensor(x.map { 2 * Double($0) }, shape: [3, 2]), for: "out.y.f64")
    try change(&file)
    return file
  }

  static func golden(
    tolerances: String = #"{"out.y": {"kind": "close", "rtol": 0.25, "atol": 0}}"#,
    _ change: (inout TensorFile) throws -> Void = { _ in }
  ) throws -> GoldenCase {
    try GoldenCase(try file(tolerances: tolerances, change), name: "in memory")
  }
}

/// Answers `twice` with given values.
struct FixedBackend: Backend {
  let name = "fixed"
  var values: [Double] = CaseBuilder.x.map { 2 * Double($0) }
  var shape = [3, 2]
  var tensor = "out.y"

  /// The right answer but for some elements.
  static func changing(_ values: [Int: Double]) -> FixedBackend {
    var backend = FixedBackend()
    for (index, value) in values { backend.values[index] = value }
    return backend
  }

  func supports(_ operation: String) -> Bool { operation == "twice" }

  func run(_ call: OperationCall) async throws -> OperationResult {
    var result = OperationResult(call)
    switch call.precision {
    case .float: try result.set(tensor, values.map { Float($0) }, shape: shape)
    case .double: try result.set(tensor, values, shape: shape)
    }
    return result
  }
}

/// Answers nothing.
struct BrokenBackend: Backend {
  let name = "broken"
  let isUnsupported: Bool

  func supports(_ operation: String) -> Bool { true }

  func run(_ call: OperationCall) async throws -> OperationResult {
    if isUnsupported { throw UnsupportedSetting("no factor 2") }
    throw GoldenError("broken")
  }
}
