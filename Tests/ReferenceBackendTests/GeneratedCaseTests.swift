import Foundation
import GoldenKit
import GoldenMutants
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

  @Test(
    "rounded tables and weights pass under the profile of their storage, and only there",
    arguments: [
      (Mutation.halfPrecisionTable, "hash_grid_encoding"),
      (.halfPrecisionWeights, "nerf_mlp_trunk"),
    ])
  func profiles(storage: Mutation, operation: String) async throws {
    var judged = 0
    for family in CaseFamily.all where family.operation == operation && !family.isAtKinks {
      let golden = try GoldenCase(family.generate(seed: 0), name: family.name)
      var verifier = Verifier(TextbookBackend(storage))
      #expect(await verifier.verify(golden, precision: .float).state == .fail)
      verifier.profile = .fp16Storage
      let report = await verifier.verify(golden, precision: .float)
      guard report.state != .unsupported else { continue }
      judged += 1
      #expect(report.state == .pass && report.worstRatio > 0.05, "\(report.summary)")
    }
    #expect(judged > 0)
  }

  @Test("profiles widen bounds in the order of their roundings, and this library is within all")
  func widening() async throws {
    for family in CaseFamily.all {
      let golden = try GoldenCase(family.generate(seed: 1), name: family.name)
      for profile in PrecisionProfile.allCases where golden.hasBounds(profile) {
        var verifier = Verifier(Self.backend)
        verifier.profile = profile
        let report = await verifier.verify(golden, precision: .float)
        #expect(report.state == .pass, "\(profile.rawValue) \(report.summary)")
        let narrow = await Verifier(Self.backend).verify(golden, precision: .float)
        #expect(report.worstRatio <= narrow.worstRatio)
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
    var check = GradientCheck(ReferenceBackend(pool: WorkerPool(threads: 1)))
    // A whole step is long, and its pieces are checked on their own.
    if family.operation == "pvd_distill_step" { check.coordinates = 4 }
    for report in try await family.checkGradients(check, seed: 3) {
      #expect(report.isRight, "\(family.name) \(report)")
    }
  }
}
