import Distill
import Fields
import GoldenKit
import NeRFCore

/// `pvd_distill_step`: losses, taps, images and gradients of one step of the released code.
enum DistillationStepAnswer: OperationAnswer {
  static let operation = "pvd_distill_step"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let stored = try StoredDistillation<T>(call)
    try stored.refuseOtherMethods()
    return try answer(stored, step: try stored.step(pool: pool)).result
  }

  /// The answer of a step, which may be one of another method.
  static func answer<T: RadianceScalar>(
    _ stored: StoredDistillation<T>, step: DistillationStep<T>
  ) throws -> (result: OperationResult, report: LossTerms<T.Sum>, batch: SampleBatch) {
    let call = stored.call
    let batch = try stored.batch("in.")
    let stage = try stored.stages().stage(
      of: try call.config.int("global_step"), comparesFeatures: step.comparesFeatures)
    let background: [T] = try call.scalars("in.bg_color")
    let report = try step.accumulateGradients(
      batch, stage: stage, featureRate: try call.config.double("loss_rate_fea_sc_used"),
      background: background)
    var result = OperationResult(call)
    for (name, value) in [
      ("loss", report.total), ("loss_fea_sc", report.features), ("loss_color", report.color),
      ("loss_sigma", report.density), ("loss_rgb_mse", report.meanSquaredError),
    ] {
      try result.set("out.\(name)", [T(value)])
    }
    try setTaps(step, stage, in: &result)
    if stage == .image { try setImages(step, background, call, in: &result) }
    for parameter in stored.student.parameters {
      try result.set("grad.param.student.\(parameter.name)", parameter.exportedGradient())
    }
    return (result, report, batch)
  }

  private static func setTaps<T: RadianceScalar>(
    _ step: DistillationStep<T>, _ stage: DistillationStage, in result: inout OperationResult
  ) throws {
    for (role, taps, field) in [
      ("student", step.studentTaps, step.student.field),
      ("teacher", step.teacherTaps, step.teacher.field),
    ] {
      if field.hasFeatures {
        try result.set(
          "out.\(role).feature_sigma_color",
          taps.interleaved(TapRow.features, taps.featureCount))
      }
      guard stage != .features else { continue }
      try result.set("out.\(role).sigma_l", taps.logDensities)
      try result.set("out.\(role).color_l", taps.interleaved(TapRow.color, 3))
    }
  }

  private static func setImages<T: RadianceScalar>(
    _ step: DistillationStep<T>, _ background: [T], _ call: OperationCall,
    in result: inout OperationResult
  ) throws {
    guard let student = step.studentRays, let teacher = step.teacherRays else { return }
    let rays: RayBatch<T> = try call.rays()
    let intervals = rays.intervals(
      in: AxisAlignedBox(halfSize: try call.config.double("bound")),
      minimumNear: T(try call.config.double("min_near")))
    try result.set("out.student.image", try student.pixels(over: background))
    try result.set("out.teacher.image", try teacher.pixels(over: background))
    try result.set(
      "out.student.depth", try student.normalisedDepth(intervals: intervals, rule: .legacy))
  }
}

/// `pvd_distill_sequence`: several steps with the optimiser and its schedule, on given samples.
enum DistillationSequenceAnswer: OperationAnswer {
  static let operation = "pvd_distill_sequence"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let config = call.config
    let stored = try StoredDistillation<T>(call)
    let step = try stored.step(pool: pool)
    let stages = try stored.stages()
    let betas = try config.doubles("betas")
    guard betas.count == 2 else { throw GoldenError("\(call.caseName): `betas` is not a pair.") }
    let optimizer = FieldOptimizer(
      stored.student,
      configuration: AdamWConfiguration(
        beta1: betas[0], beta2: betas[1], epsilon: try config.double("eps"),
        weightDecay: try config.double("weight_decay")))
    let schedule = LearningRateSchedule.cosine(
      iterations: try config.int("iters"), minimum: try config.double("eta_min"))
    let rate = try config.double("lr")
    // The second rate is not a number of the case: it stands in its description of the groups.
    let secondary = DistillerSettings.published(student: .vm).secondaryRate
    let first = config.has("first_global_step") ? try config.int("first_global_step") : 1
    let steps = try call.setting("steps", in: 1...10_000)
    var losses: [T] = []
    for k in 1...steps {
      let stage = stages.stage(of: first + k - 1, comparesFeatures: step.comparesFeatures)
      let report = try step.accumulateGradients(
        try stored.batch("in.step\(k)."), stage: stage, featureRate: step.rates.featureRate(at: k),
        background: [1, 1, 1])
      losses.append(T(report.total))
      optimizer.step(
        reached: stored.student.parametersReached(by: stage.detail),
        primary: schedule.rate(initial: rate, after: k - 1),
        secondary: schedule.rate(initial: secondary, after: k - 1), pool: pool)
    }
    var result = OperationResult(call)
    try result.set("out.losses", losses)
    try result.set("out.loss_rate_fea_sc_final", [T(step.rates.featureRate(at: steps))])
    try result.set(
      "out.lrs",
      stored.student.groups.map {
        T(schedule.rate(initial: $0.rate == .primary ? rate : secondary, after: steps))
      })
    for parameter in stored.student.parameters {
      try result.set("out.param.\(parameter.name)", parameter.exported())
    }
    return result
  }
}
