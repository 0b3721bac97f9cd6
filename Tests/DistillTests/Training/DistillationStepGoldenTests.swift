import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Distillation steps of the released code")
struct DistillationStepGoldenTests {
  private static let names = GoldenCase.names(operation: "pvd_distill_step")

  @Test("are reproduced in single precision", arguments: names)
  func single(name: String) throws { try check(name, as: Float.self) }

  @Test("are reproduced in double precision", arguments: names)
  func double(name: String) throws { try check(name, as: Double.self) }

  @Test("cover every stage and three pairs of architectures")
  func coverage() throws {
    let cases = try GoldenCase.all(operation: "pvd_distill_step")
    #expect(cases.count == 8)
    let stages = try Set(cases.map { try $0.config.string("stage") })
    #expect(stages == ["stage1", "stage2", "stage3"])
  }

  private func check<T: RadianceScalar>(_ name: String, as scalar: T.Type) throws {
    let golden = try GoldenCase(named: name)
    let fields = try GoldenDistillation<T>(golden)
    let batch = try fields.batch("in.")
    #expect(batch.count == (try golden.config.int("n_rows_with_padding")))
    #expect(batch.usedCount == (try golden.config.int("n_points")))
    let step = try fields.step(pool: WorkerPool(threads: 2))
    let schedule = try golden.config.nested("stage_iters")
    let stage = StageSchedule(
      first: try schedule.int("stage1"), second: try schedule.int("stage2")
    ).stage(
      of: try golden.config.int("global_step"), comparesFeatures: step.comparesFeatures)
    #expect("stage\(stage.rawValue)" == (try golden.config.string("stage")))
    let background: [T] = try golden.scalars("in.bg_color")
    let report = try step.accumulateGradients(
      batch, stage: stage, featureRate: try golden.config.double("loss_rate_fea_sc_used"),
      background: background)
    try checkLosses(report, golden, as: scalar)
    try checkTaps(step, stage, golden)
    if stage == .image { try checkImages(step, background, golden) }
    try checkGradients(fields.student, golden)
  }

  private func checkLosses<T: RadianceScalar>(
    _ report: LossReport, _ golden: GoldenCase, as scalar: T.Type
  ) throws {
    let terms = [
      ("out.loss", report.total), ("out.loss_fea_sc", report.features),
      ("out.loss_color", report.color), ("out.loss_sigma", report.density),
      ("out.loss_rgb_mse", report.meanSquaredError),
    ]
    for (tensor, value) in terms {
      let comparison = try golden.compareScalars(tensor, [T(value)])
      #expect(comparison.passed, "\(comparison)")
    }
  }

  private func checkTaps<T: RadianceScalar>(
    _ step: DistillationStep<T>, _ stage: DistillationStage, _ golden: GoldenCase
  ) throws {
    var tensors: [(String, [T])] = []
    for (role, taps, field) in [
      ("student", step.studentTaps, step.student.field),
      ("teacher", step.teacherTaps, step.teacher.field),
    ] {
      if field.hasFeatures {
        tensors.append(("out.\(role).feature_sigma_color", interleaved(taps.features)))
      }
      guard stage != .features else { continue }
      tensors.append(("out.\(role).sigma_l", taps.logDensities))
      tensors.append(("out.\(role).color_l", interleaved(taps.colors)))
    }
    for (tensor, values) in tensors {
      let comparison = try golden.compareScalars(tensor, values, .stored)
      #expect(comparison.passed, "\(comparison)")
    }
  }

  private func checkImages<T: RadianceScalar>(
    _ step: DistillationStep<T>, _ background: [T], _ golden: GoldenCase
  ) throws {
    let student = try #require(step.studentRays)
    let teacher = try #require(step.teacherRays)
    let rays = try RayBatch<T>(
      originRows: try golden.scalars("in.rays_o"), directionRows: try golden.scalars("in.rays_d"))
    let intervals = rays.intervals(
      in: AxisAlignedBox(halfSize: try golden.config.double("bound")),
      minimumNear: T(try golden.config.double("min_near")))
    let tensors = [
      ("out.student.image", try student.pixels(over: background)),
      ("out.teacher.image", try teacher.pixels(over: background)),
      ("out.student.depth", try student.normalisedDepth(intervals: intervals, rule: .legacy)),
    ]
    for (tensor, values) in tensors {
      let comparison = try golden.compareScalars(tensor, values, .stored)
      #expect(comparison.passed, "\(comparison)")
    }
  }

  /// Parameters without a stored gradient had none in the original.
  private func checkGradients<T: RadianceScalar>(
    _ student: any RadianceField<T>, _ golden: GoldenCase
  ) throws {
    for parameter in student.parameters {
      let tensor = "grad.param.student.\(parameter.name)"
      let gradient = parameter.exportedGradient()
      guard golden.has(tensor) else {
        #expect(gradient.allSatisfy { $0 == 0 }, "\(golden) \(parameter.name) has a gradient")
        continue
      }
      let comparison = try golden.compareScalars(tensor, gradient, .stored)
      #expect(comparison.passed, "\(comparison)")
    }
  }
}
