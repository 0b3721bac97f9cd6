import Distill
import GoldenKit
import NeRFCore

/// `composite_rays_train_al`: compositing that also sorts the samples of every ray by their weights.
enum ActiveCompositingAnswer: OperationAnswer {
  static let operation = "composite_rays_train_al"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    if call.config.has("early_stop") {
      try call.require("early_stop", try call.config.bool("early_stop"), isOneOf: [false])
    }
    var (result, samples, composited) = try CompositingAnswer.answer(call, as: T.self, pool: pool)
    let weightiest = try samples.weightiest(
      composited, share: try call.sampleShare(), pool: pool)
    try result.set("out.weighty_weights", weightiest.weights)
    try result.set("out.weighty_weights_index", weightiest.rows.map(Int.init))
    return result
  }
}

/// `pvd_al_distill_step`: a step of PVD-AL with its selection of samples, its depth term and its hardest rays.
enum ActiveStepAnswer: OperationAnswer {
  static let operation = "pvd_al_distill_step"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let config = call.config
    let stored = try StoredDistillation<T>(call)
    let levels = try config.string("curriculum_type")
    let share = try call.sampleShare()
    let step = try stored.step(pool: pool, depthRate: try config.double("loss_rate_depth"))
    if levels.contains("point") {
      var selection = SampleSelection()
      selection.share = share
      step.selection = selection
    }
    var (result, report, batch) = try DistillationStepAnswer.answer(stored, step: step)
    try result.set("out.loss_depth", [T(report.depth)])
    guard let student = step.studentRays, let teacher = step.teacherRays else { return result }
    for (role, rays) in [("student", student), ("teacher", teacher)] {
      try result.set("out.\(role).depth_for_loss", rays.depth)
      try result.set(
        "out.\(role).weighty_weights_index",
        try batch.weightiest(rays, share: share, pool: pool).rows.map(Int.init))
    }
    if let rows = step.selectedRows { try result.set("out.point_loss_index", rows) }
    if levels.contains("ray") {
      let background: [T] = try call.scalars("in.bg_color")
      let hardest = HardRays.hardest(
        share: try config.double("hard_rays_ratio"), of: batch.rayCount,
        student: try student.pixels(over: background),
        teacher: try teacher.pixels(over: background))
      let rays: RayBatch<T> = try call.rays()
      try result.set(
        "out.hard_rays_o", hardest.flatMap { ray in rays.origins.map { $0[ray] } })
      try result.set(
        "out.hard_rays_d", hardest.flatMap { ray in rays.directions.map { $0[ray] } })
    }
    return result
  }
}

extension OperationCall {
  /// The share of samples that are kept; the published one where a case does not say.
  fileprivate func sampleShare() throws -> Float {
    // Cases without a selection of samples may have null there.
    guard config.has("third_curri_Ratio"),
      let share = try? config.double("third_curri_Ratio")
    else { return SampleSelection().share }
    guard share >= 0, share <= 1 else {
      throw GoldenError("\(caseName): `third_curri_Ratio` is \(share), not in 0...1.")
    }
    return Float(share)
  }
}
