import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Terms of a distillation step")
struct DistillationStepTests {
  private let pool = WorkerPool(threads: 2)

  private func step(
    _ teacher: any RadianceField<Double>, _ student: any RadianceField<Double>,
    compatibility: CompatibilityOptions = .reference, rates: LossRates = LossRates()
  ) -> DistillationStep<Double> {
    DistillationStep(
      teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool),
      rates: rates, compatibility: compatibility)
  }

  private func probe() throws -> SampleBatch {
    try TinyScene.probe(grid: TinyScene.grid(), rays: 16, marchSteps: 16, pool: pool)
  }

  @Test("add up to the total with their rates", arguments: DistillationStage.allCases)
  func total(stage: DistillationStage) throws {
    let rates = LossRates()
    let report = try step(TinyFields.make(.hash), TinyFields.make(.vm)).accumulateGradients(
      try probe(), stage: stage, featureRate: 0.0017, background: [1, 1, 1])
    var expected = 0.0017 * report.features
    if stage != .features { expected += 0.002 * (report.color + report.density) }
    if stage == .image { expected += report.rgb + rates.l1 * report.l1 }
    #expect(report.total.isClose(to: expected, .reference))
    #expect(report.features > 0)
    #expect((report.color > 0 && report.density > 0) == (stage != .features))
    #expect((report.rgb > 0 && report.l1 > 0) == (stage == .image))
  }

  @Test("of later stages are not evaluated in stage 1: the colour network has no gradient")
  func stageOne() throws {
    let student: any RadianceField<Double> = TinyFields.make(.vm)
    _ = try step(TinyFields.make(.hash), student).accumulateGradients(
      try probe(), stage: .features, featureRate: 1, background: [1, 1, 1])
    for parameter in student.parameters {
      let isZero = parameter.exportedGradient().allSatisfy { $0 == 0 }
      #expect(isZero == parameter.name.hasPrefix("color_net."), "\(parameter.name)")
    }
  }

  @Test("with rate 0 are computed and not added")
  func zeroRates() throws {
    var rates = LossRates()
    rates.rgb = 0
    rates.color = 0
    rates.density = 0
    rates.l1 = 0
    let student: any RadianceField<Double> = TinyFields.make(.vm)
    let report = try step(TinyFields.make(.hash), student, rates: rates).accumulateGradients(
      try probe(), stage: .image, featureRate: 0, background: [1, 1, 1])
    #expect(report.total == 0)
    #expect(report.color > 0 && report.density > 0 && report.rgb > 0 && report.l1 > 0)
    #expect(student.exportedGradients().allSatisfy { $0 == 0 })
  }

  @Test("vanish with their gradients where the student is the teacher")
  func identicalFields() throws {
    let student: any RadianceField<Double> = TinyFields.make(.hash)
    let report = try step(TinyFields.make(.hash), student).accumulateGradients(
      try probe(), stage: .image, featureRate: 1, background: [1, 1, 1])
    #expect(report.total == 0)
    #expect(student.exportedGradients().allSatisfy { $0 == 0 })
  }

  @Test("of feature vectors of different lengths are refused, and not compared at rate 0")
  func differentFeatures() throws {
    var options = HashFieldOptions()
    options.levels = 2
    options.log2TableSize = 6
    options.heads.colorFeatures = 4
    let student: any RadianceField<Double> = HashField<Double>(options: options, seed: 1)
    #expect(throws: ShapeError.self) {
      try step(TinyFields.make(.hash), student).accumulateGradients(
        try probe(), stage: .volume, featureRate: 1, background: [1, 1, 1])
    }
    let pool = WorkerPool(threads: 1)
    var rates = LossRates()
    rates.features = 0
    let report = try DistillationStep<Double>(
      teacher: FieldEvaluator(TinyFields.make(.hash), pool: pool),
      student: FieldEvaluator(student, pool: pool), rates: rates
    ).accumulateGradients(try probe(), stage: .volume, featureRate: 1, background: [1, 1, 1])
    #expect(report.features == 0 && report.color > 0)
  }

  @Test("ignore padding rows, and include them where the compatibility switch says so")
  func padding() throws {
    let exact = try probe()
    let zeros = [Float](repeating: 0, count: 37)
    let padded = try SampleBatch(
      positions: exact.positions.map { $0 + zeros },
      directions: exact.directions.map { $0 + zeros },
      deltas: exact.deltas + zeros, gaps: exact.gaps + zeros, spans: exact.spans)
    func losses(_ batch: SampleBatch, _ compatibility: CompatibilityOptions) throws -> LossReport {
      try step(TinyFields.make(.hash), TinyFields.make(.vm), compatibility: compatibility)
        .accumulateGradients(batch, stage: .image, featureRate: 1, background: [1, 1, 1])
    }
    let expected = try losses(exact, .reference)
    #expect(try losses(padded, .reference) == expected)
    let released = try losses(padded, .original)
    #expect(released.features > expected.features)
    #expect(released.rgb == expected.rgb)
  }

  /// A teacher emptied to a log-density of −50, whose own range reaches to −100.
  @Test("compare with targets clamped to the student's range, unless as released")
  func clampedTargets() throws {
    let edited: any RadianceField<Double> = TinyFields.make(
      .tensors, frame: FieldFrame(logDensityMinimum: -100))
    for parameter in edited.parameters {
      try parameter.load([Double](repeating: -50, count: parameter.count))
    }
    let batch = try probe()
    for (compatibility, target) in [(CompatibilityOptions.reference, -2.0), (.original, -50.0)] {
      let step = step(edited, TinyFields.make(.vm), compatibility: compatibility)
      let report = try step.accumulateGradients(
        batch, stage: .volume, featureRate: 0, background: [1, 1, 1])
      let expected = try LossKind.normL2.value(
        student: step.studentTaps.logDensities,
        teacher: [Double](repeating: target, count: batch.count))
      #expect(report.density.isClose(to: expected, .reference), "\(compatibility)")
    }
  }

  @Test("refuse a background that fits no ray")
  func background() throws {
    let step = step(TinyFields.make(.hash), TinyFields.make(.vm))
    let batch = try probe()
    #expect(throws: ShapeError.self) {
      try step.accumulateGradients(batch, stage: .image, featureRate: 1, background: [1, 1])
    }
  }
}

@Suite("Compatibility options")
struct CompatibilityOptionsTests {
  /// Every switch differs between the presets; one that does not would be no switch.
  @Test("presets are the clean definition and the released code")
  func presets() {
    let switches: [(CompatibilityOptions) -> Bool] = [
      \.lossIncludesPaddingRows, \.meanCountBudget, \.fixedMarchJitter, \.fixedRandomPoseScale,
      \.llffElementFlip, \.unclampedTensorsDensity, \.inheritSameType, \.legacyTrainingDepth,
      \.missedDepthIsNaN,
    ]
    #expect(switches.allSatisfy { !$0(.reference) && $0(.original) })
    #expect(CompatibilityOptions.reference.clampEditedTargets)
    #expect(!CompatibilityOptions.original.clampEditedTargets)
  }
}
