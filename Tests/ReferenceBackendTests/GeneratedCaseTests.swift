import Foundation
import GoldenKit
import NeRFCore
import ReferenceBackend
import TensorIO
import Testing

@Suite("Generated cases")
struct GeneratedCaseTests {
  private static let backend = ReferenceBackend(pool: WorkerPool(threads: 2))

  @Test("both precisions of this library are within the bounds", arguments: CaseFamily.all)
  func bounds(family: CaseFamily) async throws {
    for seed: UInt64 in [0, 1, 2] {
      let golden = try GoldenCase(family.generate(seed: seed), name: family.name)
      for precision in Precision.allCases {
        let report = await Verifier(Self.backend).verify(golden, precision: precision)
        #expect(
          report.state == .pass, "\(report.summary) \(report.details(golden, reproducedBy: ""))")
        #expect(report.tensors.allSatisfy { $0.compared > 0 && $0.excluded == 0 })
      }
    }
  }

  @Test("the same seed gives the same bytes, another seed other ones")
  func reproducible() throws {
    for family in CaseFamily.all {
      let first = try family.generate(seed: 5).serialised()
      #expect(try family.generate(seed: 5).serialised() == first)
      #expect(try family.generate(seed: 6).serialised() != first)
    }
  }

  @Test("every gradient agrees with central differences", arguments: CaseFamily.all)
  func gradients(family: CaseFamily) async throws {
    let check = GradientCheck(ReferenceBackend(pool: WorkerPool(threads: 1)))
    for report in try await family.checkGradients(check, seed: 3) {
      #expect(report.isRight, "\(family.name) \(report)")
    }
  }
}
