import GoldenKit
import NeRFCore
import ReferenceBackend
import TensorIO
import TestSupport
import Testing

/// Kernels read through pointers: what a case says about sizes must be checked before.
@Suite("Reference backend and hostile cases")
struct HostileCallTests {
  private let verifier = Verifier(ReferenceBackend(pool: WorkerPool(threads: 2)))

  /// One case an operation, the smallest.
  private static let names: [String] = {
    var smallest: [String: (bytes: Int, name: String)] = [:]
    for name in GoldenCase.names() {
      guard let golden = try? GoldenCase(named: name) else { continue }
      let bytes = golden.file.tensors.values.reduce(0) { $0 + $1.bytes.count }
      if bytes < smallest[golden.operation]?.bytes ?? .max {
        smallest[golden.operation] = (bytes, name)
      }
    }
    return smallest.values.map(\.name).sorted()
  }()

  @Test("never traps on inputs that are shorter, empty, or of another type", arguments: names)
  func inputs(name: String) async throws {
    let golden = try GoldenCase(named: name)
    for tensor in golden.tensorNames("in.") + golden.tensorNames("param.")
      + golden.tensorNames("cotangent.")
    {
      let stored = try #require(golden.file[tensor])
      let size = stored.elementType.byteCount
      var replacements = [try StoredTensor([Float](), shape: [0])]
      if stored.count > 1 {
        replacements.append(
          try StoredTensor(
            elementType: stored.elementType, shape: [stored.count - 1],
            bytes: Array(stored.bytes.dropLast(size))))
      }
      if stored.elementType != .float32 && stored.elementType != .float64 {
        for value in [-1, 1 << 30] {
          replacements.append(
            try StoredTensor(
              [Int32](repeating: Int32(value), count: stored.count), shape: stored.shape))
        }
      }
      for replacement in replacements {
        var file = golden.file
        file.set(replacement, for: tensor)
        let report = await verifier.verify(
          try GoldenCase(file, name: name), precision: .float)
        #expect(report.name == golden.name)
      }
    }
  }

  @Test("never traps on absurd settings", arguments: names)
  func settings(name: String) async throws {
    try await makeAbsurd(try GoldenCase(named: name))
  }

  @Test(
    "never traps on absurd settings of generated cases, which have more of them",
    arguments: CaseFamily.all.filter {
      ["field_forward", "pvd_distill_step", "pvd_distill_sequence"].contains($0.operation)
    })
  func settings(family: CaseFamily) async throws {
    try await makeAbsurd(try GoldenCase(family.generate(seed: 0), name: family.name))
  }

  private func makeAbsurd(_ golden: GoldenCase) async throws {
    for (key, value) in golden.config.values {
      let absurd: [String]
      switch value {
      case .int, .double: absurd = ["-1", "0", "1e300", "1000000000000", "0.3", "null", "[]"]
      case .array: absurd = ["[]", "[0]", "[-1,-1,-1]", "[1000000,1000000,1000000]", "7"]
      case .bool: absurd = ["null", "3"]
      case .string, .object, .null: absurd = ["\"\"", "{}", "\"-9\"", "12"]
      }
      for text in absurd {
        var file = golden.file
        var members = golden.config.values.map { ($0.key, Self.json($0.value)) }
        members.removeAll { $0.0 == key }
        members.append((key, text))
        file.metadata["config"] =
          "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
        let report = await verifier.verify(
          try GoldenCase(file, name: golden.name), precision: .float)
        #expect(report.name == golden.name)
      }
    }
  }

  /// A JSON text of a value.
  private static func json(_ value: ConfigValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .int(let number): "\(number)"
    case .double(let number): "\(number)"
    case .string(let text):
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    case .array(let items): "[" + items.map(json).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { "\"\($0.key)\":\(json($0.value))" }.joined(separator: ",") + "}"
    }
  }
}
