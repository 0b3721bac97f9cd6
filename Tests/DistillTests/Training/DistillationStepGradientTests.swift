import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

/// Every stage with every loss kind, for each architecture as student.
struct GradientSetting: Sendable, CustomStringConvertible {
  let teacher: Architecture
  let student: Architecture
  let stage: DistillationStage
  let kind: LossKind

  var description: String { "\(teacher)→\(student) stage \(stage.rawValue) \(kind.rawValue)" }

  static let all: [GradientSetting] = {
    let pairs: [(Architecture, Architecture)] = [
      (.hash, .vm), (.vm, .mlp), (.mlp, .hash), (.vm, .tensors),
    ]
    return pairs.flatMap { teacher, student in
      DistillationStage.allCases.flatMap { stage in
        LossKind.allCases.compactMap { kind in
          // `tensors` has no features, so its stage 1 compares nothing.
          student == .tensors && stage == .features
            ? nil : GradientSetting(teacher: teacher, student: student, stage: stage, kind: kind)
        }
      }
    }
  }()
}

@Suite("Gradient of a distillation step")
struct DistillationStepGradientTests {
  /// All parameters of the student, through field, taps, compositing, background and losses.
  @Test("matches central differences", arguments: GradientSetting.all)
  func centralDifferences(setting: GradientSetting) throws {
    let pool = WorkerPool(threads: 1)
    let teacher = TinyFields.make(setting.teacher, as: Double.self)
    let student = TinyFields.make(setting.student, as: Double.self)
    // Uniform numbers keep features and colours apart by about 0.1, and no hidden unit within a step
    // of its kink for these seeds.
    try TinyFields.scramble(teacher, scale: 0.6, seed: 11)
    try TinyFields.scramble(student, scale: 0.5, seed: 12)
    var rates = LossRates()
    // Terms of one size, so that no term hides behind another.
    rates.rgb = 0.7
    rates.color = 1.1
    rates.density = 0.9
    rates.l1 = 0.3
    let step = DistillationStep(
      teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool),
      kind: setting.kind, rates: rates)
    let batch = try TinyScene.probe(grid: TinyScene.grid(), rays: 16, marchSteps: 16, pool: pool)
    #expect(batch.usedCount > 20)
    func loss() throws -> Double {
      student.clearGradients()
      return try step.accumulateGradients(
        batch, stage: setting.stage, featureRate: 1.3, background: [0.2, 0.9, 0.4]
      ).total
    }
    let value = try loss()
    #expect(value > 0)
    let gradient = student.exportedGradients()
    #expect(gradient.contains { $0 != 0 })
    // The floor must leave most of the gradient to compare.
    let floor = GradientFloor.forLoss(value)
    let largest = gradient.reduce(0) { max($0, abs($1)) }
    #expect(floor < 0.1 * largest, "\(floor) against \(largest)")
    let check = try GradientCheck(
      of: gradient, at: student.exportedParameters(), floor: max(floor, 1e-3 * largest)
    ) { parameters in
      try student.loadParameters(parameters)
      return try loss()
    }
    #expect(check.passes(), "\(setting): \(check)")
  }

  @Test("does not depend on threads or on keeping activations", arguments: Architecture.allCases)
  func determinism(student architecture: Architecture) throws {
    var expected: [Float]?
    let grid = try TinyScene.grid()
    for threads in [1, 2, 3] {
      for budget in [0, 1 << 30] {
        let pool = WorkerPool(threads: threads)
        let teacher = TinyFields.make(.vm, as: Float.self, seed: 3)
        let student = TinyFields.make(architecture, as: Float.self, seed: 4)
        let step = DistillationStep(
          teacher: FieldEvaluator(teacher, pool: pool),
          student: FieldEvaluator(student, pool: pool), activationBudget: budget)
        let batch = try TinyScene.probe(grid: grid, rays: 400, pool: pool)
        _ = try step.accumulateGradients(
          batch, stage: .image, featureRate: 0.002, background: [1, 1, 1])
        let gradient = student.exportedGradients()
        #expect(gradient.contains { $0 != 0 })
        if let expected {
          #expect(gradient == expected, "\(threads) threads, budget \(budget)")
        } else {
          expected = gradient
        }
      }
    }
  }
}
