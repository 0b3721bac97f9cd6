import Foundation
import GoldenKit
import GoldenMutants
import NeRFCore
import ReferenceBackend
import TensorIO
import TestSupport
import Testing

@Suite("Reference backend")
struct ReferenceBackendTests {
  private let backend = ReferenceBackend(pool: WorkerPool(threads: 2))

  private func verify(_ golden: GoldenCase, _ precision: Precision) async {
    let report = await Verifier(backend).verify(golden, precision: precision)
    let details = report.details(golden, reproducedBy: "\(golden.name)").joined(separator: "\n")
    #expect(report.state == .pass, "\(report.summary)\n\(details)")
  }

  @Test(
    "answers every stored case within its tolerance", arguments: GoldenCase.names(),
    Precision.allCases)
  func stored(name: String, precision: Precision) async throws {
    await verify(try GoldenCase(named: name), precision)
  }

  @Test("has a stored case of every operation")
  func operations() throws {
    let stored = Set(try GoldenCase.names().map { try GoldenCase(named: $0).operation })
    #expect(stored == Set(ReferenceBackend.operations))
    #expect(stored.count == 30)
  }

  @Test(
    "returns the hash grid's levels, bit for bit",
    arguments: GoldenCase.names(operation: "hash_grid_encoding"))
  func levels(name: String) async throws {
    let golden = try GoldenCase(named: name)
    let result = try await backend.run(OperationCall(golden, precision: .float))
    let scales = try #require(result.tensors["aux.level_scale"]).floats()
    // One unit in the last place moves points at fine levels into other cells.
    #expect(scales.map(\.bitPattern) == (try golden.floats("aux.level_scale")).map(\.bitPattern))
  }

  @Test("gives the same bits for any number of threads", arguments: GoldenCase.names())
  func threads(name: String) async throws {
    let call = OperationCall(try GoldenCase(named: name), precision: .float)
    let expected = try await backend.run(call).tensors
    for threads in [1, 3] {
      let other = ReferenceBackend(pool: WorkerPool(threads: threads))
      #expect(try await other.run(call).tensors == expected, "\(threads) threads")
    }
  }

  @Test("fails a case whose expected value is changed", arguments: GoldenCase.names())
  func seesChanges(name: String) async throws {
    var file = try GoldenCase(named: name).file
    let tensor = try #require(file.names.first { $0.hasPrefix("out.") && !$0.hasSuffix(".f64") })
    let stored = try #require(file[tensor])
    if stored.elementType == .float32 {
      var values = try stored.floats()
      // Far beyond any tolerance, in the last element a mask does not exclude.
      values = values.map { $0.isFinite ? $0 + 10 * (1 + abs($0)) : $0 }
      file.set(try StoredTensor(values, shape: stored.shape), for: tensor)
    } else {
      file.set(
        try StoredTensor(stored.integers().map { Int64($0 + 1) }, shape: stored.shape), for: tensor)
    }
    let report = await Verifier(backend).verify(
      try GoldenCase(file, name: name), precision: .float)
    #expect(report.state == .fail && report.firstFailure?.name == tensor)
  }
}

@Suite("Kill table")
struct KillTableTests {
  // Apart from the test: Swift 6.3.1 crashes when it optimises the two as one coroutine.
  @inline(never)
  private static func cases() throws -> [GoldenCase] {
    try GoldenCase.names().map { try GoldenCase(named: $0) }
      + CaseFamily.cases(seed: 0)
  }

  @Test("every bug is caught by a case, and no honest variant is rejected")
  func complete() async throws {
    let cases = try Self.cases()
    let table = await KillTable(
      cases: cases, library: ReferenceBackend(pool: WorkerPool(threads: 2)))
    #expect(table.rows.count == Mutation.allCases.count + HonestVariant.allCases.count)
    for row in table.rows {
      #expect(row.isRight, "\(row.name): \(row.cases) cases, caught by \(row.caughtBy)")
    }
  }
}
