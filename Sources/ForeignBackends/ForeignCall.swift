import CGoldenBackend
public import Foundation
import GoldenKit
import TensorIO

#if canImport(Glibc)
  import Glibc
#endif

/// A call on its way to a shared library: written to a file here, answered in a process of its own.
public enum ForeignCall {
  /// Exit code of a child whose library does not have the operation or the setting.
  public static let unsupportedCode: Int32 = 3
  /// Exit code of a child whose library failed or wrote outside its buffers.
  public static let failedCode: Int32 = 4

  /// A tensor that is asked for.
  struct Requested: Codable {
    let shape: [Int]
    let type: String
  }

  /// The file form of a call: its inputs, and everything else as metadata.
  static func file(of call: OperationCall) throws -> TensorFile {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    func text<Value: Encodable>(_ value: Value) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    let requested = call.requested.filter { !$0.key.hasPrefix("aux.") }.map { name, shape in
      (name, Requested(shape: shape, type: (call.requestedTypes[name] ?? .float32).rawValue))
    }
    var file = TensorFile(metadata: [
      "op": call.operation, "case": call.caseName, "config": try text(call.config.values),
      "precision": call.precision.rawValue,
      "requested": try text(Dictionary(requested) { $1 }),
    ])
    for (name, tensor) in call.tensors.sorted(by: { $0.key < $1.key }) {
      file.set(tensor, for: name)
    }
    return file
  }

  /// Answers the call in a file with a library, and writes the answers to another.
  ///
  /// - Throws: ``GoldenKit/UnsupportedSetting`` or ``GoldenKit/GoldenError``.
  public static func answer(library: String, call: URL, to answer: URL) throws {
    let file = try TensorFile.read(contentsOf: call)
    let backend = try load(library)
    let operation = file.metadata["op"] ?? ""
    guard backend.pointee.supports(operation) == 1 else {
      throw UnsupportedSetting("\(library) does not have \(operation)")
    }
    let isDouble = file.metadata["precision"] == Precision.double.rawValue
    var inputs: [ForeignTensor] = []
    for name in file.names {
      guard let tensor = file[name] else { continue }
      inputs.append(try ForeignTensor(name, input: tensor, isDouble: isDouble))
    }
    let requested = try JSONDecoder().decode(
      [String: Requested].self, from: Data((file.metadata["requested"] ?? "{}").utf8))
    let outputs = try requested.sorted { $0.key < $1.key }.map { name, tensor in
      try ForeignTensor(name, output: tensor, isDouble: isDouble)
    }
    try run(backend, file.metadata, inputs, outputs, isDouble: isDouble)
    for tensor in outputs + inputs {
      if let violation = tensor.buffer.violation {
        throw GoldenError(
          "the backend writes outside its buffers: of `\(tensor.name)`, \(violation)")
      }
    }
    var answers = TensorFile()
    for tensor in outputs { answers.set(try tensor.stored(), for: tensor.name) }
    try answers.write(to: answer)
  }

  private static func load(_ library: String) throws -> UnsafePointer<pvd_backend> {
    let path = library.contains("/") ? library : "./" + library
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
      let reason = dlerror().map { String(cString: $0) } ?? "for no known reason"
      throw GoldenError("\(library) cannot be loaded: \(reason)")
    }
    guard let symbol = dlsym(handle, "pvd_backend_get") else {
      throw GoldenError("\(library) does not export pvd_backend_get; see pvd_backend.h.")
    }
    typealias Get = @convention(c) (UInt32) -> UnsafePointer<pvd_backend>?
    let version = UInt32(PVD_BACKEND_VERSION)
    guard let backend = unsafeBitCast(symbol, to: Get.self)(version),
      backend.pointee.version == version,
      Int(backend.pointee.size) >= MemoryLayout<pvd_backend>.size,
      backend.pointee.supports != nil, backend.pointee.run != nil
    else {
      throw GoldenError(
        "\(library) does not speak version \(version) of pvd_backend.h; rebuild it.")
    }
    return backend
  }

  private static func run(
    _ backend: UnsafePointer<pvd_backend>, _ metadata: [String: String],
    _ inputs: [ForeignTensor], _ outputs: [ForeignTensor], isDouble: Bool
  ) throws {
    let texts = ["op", "case", "config"].map { strdup(metadata[$0] ?? "") }
    defer { for text in texts { free(text) } }
    var message = [CChar](repeating: 0, count: 1024)
    let code = inputs.map(\.view).withUnsafeBufferPointer { inputViews in
      outputs.map(\.view).withUnsafeBufferPointer { outputViews in
        message.withUnsafeMutableBufferPointer { room in
          var call = pvd_call(
            operation: texts[0], case_name: texts[1], config: texts[2],
            precision: Int32(isDouble ? PVD_FLOAT64 : PVD_FLOAT32),
            input_count: Int32(inputs.count), inputs: inputViews.baseAddress,
            output_count: Int32(outputs.count), outputs: outputViews.baseAddress,
            message: room.baseAddress, message_capacity: Int64(room.count))
          return backend.pointee.run(&call)
        }
      }
    }
    let end = message.firstIndex(of: 0) ?? message.count
    let text = String(
      decoding: message[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    switch code {
    case Int32(PVD_DONE): return
    case Int32(PVD_UNSUPPORTED): throw UnsupportedSetting(text.isEmpty ? "unsupported" : text)
    default:
      throw GoldenError(
        "the backend returned \(code)" + (text.isEmpty ? "" : ": \(text)"))
    }
  }
}
