import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("A distillation sequence of the released code")
struct DistillationSequenceTests {
  private static let names = GoldenCase.names(operation: "pvd_distill_sequence")

  @Test("is followed in single precision", arguments: names)
  func single(name: String) throws { try check(name, as: Float.self) }

  @Test("is followed in double precision", arguments: names)
  func double(name: String) throws { try check(name, as: Double.self) }

  private func check<T: RadianceScalar>(_ name: String, as scalar: T.Type) throws {
    let golden = try GoldenCase(named: name)
    let config = golden.config
    let fields = try GoldenDistillation<T>(golden)
    let pool = WorkerPool(threads: 2)
    let step = try fields.step(pool: pool)
    let borders = try config.nested("stage_iters")
    let stages = StageSchedule(
      first: try borders.int("stage1"), second: try borders.int("stage2"))
    let betas = try config.doubles("betas")
    let optimizer = FieldOptimizer(
      fields.student,
      configuration: AdamWConfiguration(
        beta1: betas[0], beta2: betas[1], epsilon: try config.double("eps"),
        weightDecay: try config.double("weight_decay")))
    let schedule = LearningRateSchedule.cosine(
      iterations: try config.int("iters"), minimum: try config.double("eta_min"))
    let rate = try config.double("lr")
    // PVD's second rate is not a number of the case, but named in its description of the groups.
    let secondary = DistillerSettings(student: .vm, iterations: 1).secondaryRate
    let steps = try config.int("steps")

    var losses: [T] = []
    for k in 1...steps {
      let stage = stages.stage(of: k, comparesFeatures: step.comparesFeatures)
      let report = try step.accumulateGradients(
        try fields.batch("in.step\(k)."), stage: stage, featureRate: step.rates.featureRate(at: k),
        background: [1, 1, 1])
      losses.append(T(report.total))
      optimizer.step(
        reached: fields.student.parametersReached(by: stage.detail),
        primary: schedule.rate(initial: rate, after: k - 1),
        secondary: schedule.rate(initial: secondary, after: k - 1), pool: pool)
    }

    let trajectory = try golden.compareScalars("out.losses", losses)
    #expect(trajectory.passed, "\(trajectory)")
    let featureRate = try golden.compareScalars(
      "out.loss_rate_fea_sc_final", [T(step.rates.featureRate(at: steps))])
    #expect(featureRate.passed, "\(featureRate)")
    let rates = fields.student.groups.map { group in
      T(schedule.rate(initial: group.rate == .primary ? rate : secondary, after: steps))
    }
    let groupRates = try golden.compareScalars("out.lrs", rates)
    #expect(groupRates.passed, "\(groupRates)")
    try checkParameters(
      fields.student, golden,
      path: SequenceTolerance.path(steps: steps, learningRate: rate))
    // The colour network enters with stage 2, so it has one update less.
    for (parameter, count) in zip(fields.student.parameters, optimizer.stepCounts) {
      #expect(count == (parameter.name.hasPrefix("color_net.") ? steps - 1 : steps))
    }
  }

  private func checkParameters<T: RadianceScalar>(
    _ student: any RadianceField<T>, _ golden: GoldenCase, path: Double
  ) throws {
    for parameter in student.parameters {
      let tensor = "out.param.\(parameter.name)"
      let bulk = try golden.compareScalars(tensor, parameter.exported(), .stored)
      let share = 1 - Double(bulk.failures) / Double(max(bulk.compared, 1))
      #expect(bulk.compared == parameter.count && share >= SequenceTolerance.bulk, "\(bulk)")
      let all = Comparison(
        "\(golden) \(tensor)", actual: parameter.exported().map { Double($0) },
        expected: try golden.doubles(tensor), relative: 0, absolute: path)
      #expect(all.passed, "\(all)")
    }
  }
}
