import GoldenKit
import NeRFCore
import ReferenceBackend
import TensorIO
import Testing

@Suite("Properties of operations")
struct PropertyTests {
  @Test("hold in both precisions", arguments: CaseFamily.all)
  func hold(family: CaseFamily) async throws {
    let golden = try GoldenCase(family.generate(seed: 2), name: family.name)
    let backend = ReferenceBackend(pool: WorkerPool(threads: 2))
    for precision in Precision.allCases {
      let call = OperationCall(golden, precision: precision)
      for property in OperationProperty.all {
        let violations = try await property.violations(of: backend, on: call)
        #expect(violations ?? [] == [], "\(family.name): \(property.statement)")
      }
    }
  }

  @Test("speak of every operation")
  func coverage() async throws {
    let backend = ReferenceBackend(pool: WorkerPool(threads: 1))
    var spoken = Set<String>()
    for golden in try CaseFamily.cases(seed: 0) {
      let call = OperationCall(golden, precision: .double)
      for property in OperationProperty.all
      where try await property.violations(of: backend, on: call) != nil {
        spoken.insert(golden.operation)
      }
    }
    #expect(spoken.sorted() == ReferenceBackend.operations)
  }

  /// Adds a thousandth to the first entry of every other answer.
  private final class Wavering: Backend, @unchecked Sendable {
    let name = "wavering"
    private let library = ReferenceBackend(pool: WorkerPool(threads: 1))
    private var calls = 0

    func supports(_ operation: String) -> Bool { true }

    func run(_ call: OperationCall) async throws -> OperationResult {
      calls += 1
      var result = try library.answer(call)
      guard calls.isMultiple(of: 2) else { return result }
      for (name, tensor) in result.tensors where tensor.count > 0 {
        if tensor.elementType == .float64 {
          var values = try tensor.doubles()
          values[0] += 1e-3 * max(1, abs(values[0]))
          result.set(name, try StoredTensor(values, shape: tensor.shape))
        } else if tensor.elementType == .float32 {
          var values = try tensor.floats()
          values[0] += 1e-2 * max(1, abs(values[0]))
          result.set(name, try StoredTensor(values, shape: tensor.shape))
        } else if tensor.elementType == .int64 {
          var values = try tensor.integers()
          values[0] += 1
          result.set(name, try StoredTensor(values.map { Int64($0) }, shape: tensor.shape))
        }
      }
      return result
    }
  }

  @Test("are violated by a backend whose answers waver", arguments: CaseFamily.all)
  func control(family: CaseFamily) async throws {
    let golden = try GoldenCase(family.generate(seed: 2), name: family.name)
    let call = OperationCall(golden, precision: .double)
    for property in OperationProperty.all {
      guard let violations = try await property.violations(of: Wavering(), on: call) else {
        continue
      }
      #expect(!violations.isEmpty, "\(family.name): \(property.name)")
    }
  }
}
