import Distill
import Fields
import Foundation
import GoldenKit
import NeRFCore
import ReferenceBackend
import TensorIO
import TermInspection
import TestSupport
import Testing

/// Stored cases of `pvd_distill_step`, which the released programs computed, taken as dumps.
@Suite("Golden cases as dumps")
struct GoldenDumpTests {
  private let pool = WorkerPool(threads: 2)

  static let cases = GoldenCase.names(operation: "pvd_distill_step")

  private func compare(
    _ name: String, compatibility: CompatibilityOptions
  ) throws -> StepComparison {
    let golden = try GoldenCase(named: name)
    let stored = try StoredDistillation<Float>(
      OperationCall(golden, precision: .float))
    var dump = StepDump()
    for (name, tensor) in golden.file.tensors where !name.hasSuffix(".f64") {
      let values =
        tensor.elementType.isFloatingPoint
        ? try tensor.doubles() : try tensor.integers().map(Double.init)
      dump.tensors[name] = try StepDump.Tensor(shape: tensor.shape, values: values)
    }
    let config = stored.call.config
    var rates = LossRates()
    rates.features = try config.double("loss_rate_fea_sc")
    let comparator = StepComparator(
      teacher: stored.teacher, student: stored.student,
      kind: try #require(LossKind(rawValue: try config.string("loss_type"))), rates: rates,
      compatibility: compatibility, pool: pool)
    let base = StepInput<Float>(
      stage: try stored.stages().stage(
        of: try config.int("global_step"),
        comparesFeatures: stored.teacher.hasFeatures && stored.student.hasFeatures),
      featureRate: try config.double("loss_rate_fea_sc_used"),
      batch: try SampleBatch(
        positions: [[], [], []], directions: [[], [], []], deltas: [], gaps: [], spans: []),
      background: [1, 1, 1])
    return try comparator.compare(dump, with: dump.input(replacing: base))
  }

  @Test("agree under the switches of the released code", arguments: cases)
  func original(name: String) throws {
    let comparison = try compare(name, compatibility: .original)
    #expect(comparison.agrees, "\(comparison.summary)")
    // Bounds are not tighter than they have to be, and not looser than they are said to be.
    #expect(comparison.quantities.allSatisfy { $0.ratio < 0.25 })
    #expect(comparison.quantities.contains { $0.part == .gradients })
    #expect(comparison.quantities.contains { $0.part == .parameters })
  }

  @Test(
    "differ under the clean definition by their padding rows, and by nothing else", arguments: cases
  )
  func reference(name: String) throws {
    let comparison = try compare(name, compatibility: .reference)
    let first = try #require(comparison.firstDifference)
    #expect(first.part == .terms && first.conventions == [.paddingIncluded], "\(first.message)")
    for quantity in comparison.quantities where quantity.verdict != .agrees {
      #expect(quantity.conventions == [.paddingIncluded], "\(quantity.message)")
    }
  }
}
