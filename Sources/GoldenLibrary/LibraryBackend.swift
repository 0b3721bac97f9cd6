import CGoldenBackend
import Foundation
import GoldenKit
import NeRFCore
import ReferenceBackend
import TensorIO

/// The operations of this library behind the C interface.
enum LibraryBackend {
  /// Made once and never freed: callers keep the pointer.
  // Written before anyone has the pointer, read by everyone after.
  nonisolated(unsafe) static let table: UnsafePointer<pvd_backend> = {
    let table = UnsafeMutablePointer<pvd_backend>.allocate(capacity: 1)
    table.initialize(
      to: pvd_backend(
        version: UInt32(PVD_BACKEND_VERSION), size: UInt32(MemoryLayout<pvd_backend>.size),
        name: strdup("swift-pvd"), supports: { LibraryBackend.supports($0) },
        run: { LibraryBackend.run($0) }))
    return UnsafePointer(table)
  }()

  private static let backend = ReferenceBackend(pool: WorkerPool())

  private static func supports(_ operation: UnsafePointer<CChar>?) -> Int32 {
    operation.map { backend.supports(String(cString: $0)) ? 1 : 0 } ?? 0
  }

  /// Answers a call into its outputs.
  private static func run(_ call: UnsafePointer<pvd_call>?) -> Int32 {
    var outputs: [String: pvd_tensor] = [:]
    if let call {
      for index in 0..<max(Int(call.pointee.output_count), 0) {
        let view = call.pointee.outputs[index]
        outputs[view.name.map { String(cString: $0) } ?? ""] = view
      }
    }
    return answer(call) { name, tensor in
      guard let target = outputs[name] else { return }
      try copy(tensor, to: target, name: name)
    }
  }

  /// Answers a call and hands every tensor to `emit`; faults become a code and a message.
  static func answer(
    _ call: UnsafePointer<pvd_call>?, _ emit: (String, StoredTensor) throws -> Void
  ) -> Int32 {
    guard let call = call?.pointee else { return Int32(PVD_FAILED) }
    do {
      let result = try backend.answer(try operationCall(call))
      for (name, tensor) in result.tensors.sorted(by: { $0.key < $1.key }) {
        try emit(name, tensor)
      }
      return Int32(PVD_DONE)
    } catch let refusal as UnsupportedSetting {
      write("\(refusal)", to: call.message, capacity: call.message_capacity)
      return Int32(PVD_UNSUPPORTED)
    } catch {
      write("\(error)", to: call.message, capacity: call.message_capacity)
      return Int32(PVD_FAILED)
    }
  }

  private static func operationCall(_ call: pvd_call) throws -> OperationCall {
    func text(_ pointer: UnsafePointer<CChar>?) -> String {
      pointer.map { String(cString: $0) } ?? ""
    }
    let name = call.case_name.map { String(cString: $0) } ?? "a call"
    let settings: [String: ConfigValue]
    do {
      settings = try JSONDecoder().decode(
        [String: ConfigValue].self, from: Data((call.config == nil ? "{}" : text(call.config)).utf8)
      )
    } catch { throw GoldenError("\(name): its settings are not a JSON object.") }
    var inputs: [String: StoredTensor] = [:]
    for index in 0..<max(Int(call.input_count), 0) {
      let view = call.inputs[index]
      inputs[text(view.name)] = try view.stored()
    }
    var requested: [String: [Int]] = [:]
    for index in 0..<max(Int(call.output_count), 0) {
      let view = call.outputs[index]
      requested[text(view.name)] = (0..<max(Int(view.rank), 0)).map { Int(view.shape[$0]) }
    }
    return OperationCall(
      operation: text(call.operation), caseName: name,
      config: CaseConfiguration(context: name, values: settings),
      precision: call.precision == Int32(PVD_FLOAT64) ? .double : .float, tensors: inputs,
      requested: requested)
  }

  /// Copies a dense tensor to a dense target of the same size, converting integers.
  private static func copy(_ tensor: StoredTensor, to target: pvd_tensor, name: String) throws {
    let extents = (0..<max(Int(target.rank), 0)).map { Int(target.shape[$0]) }
    guard tensor.shape == extents else {
      throw GoldenError("`\(name)` has shape \(tensor.shape), the caller made room for \(extents).")
    }
    let converted: StoredTensor
    switch target.element_type {
    case Int32(PVD_FLOAT32): converted = try StoredTensor(tensor.floats(), shape: extents)
    case Int32(PVD_FLOAT64): converted = try StoredTensor(tensor.doubles(), shape: extents)
    case Int32(PVD_INT32):
      converted = try StoredTensor(
        tensor.integers().map { Int32(truncatingIfNeeded: $0) }, shape: extents)
    case Int32(PVD_INT64):
      converted = try StoredTensor(tensor.integers().map { Int64($0) }, shape: extents)
    default:
      converted = try StoredTensor(
        tensor.integers().map { UInt8(truncatingIfNeeded: $0) }, shape: extents)
    }
    guard let data = target.data else { return }
    data.copyMemory(from: converted.bytes, byteCount: converted.bytes.count)
  }
}
