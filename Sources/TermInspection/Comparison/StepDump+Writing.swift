public import Distill
import NeRFCore

extension StepInspector {
  /// Samples, taps, pixels and terms of a step under the names of ``StepDump``, for another implementation to be
  /// held against. Gradients are left out: ``gradients(_:)`` has them, term by term.
  ///
  /// - Throws: ``ShapeError`` if the background does not fit, or if features differ in length.
  public func dump(_ input: StepInput<T>) throws -> StepDump {
    let batch = input.batch
    let rows = batch.count
    var dump = StepDump()
    func set(_ name: String, _ shape: [Int], _ values: [Double]) throws {
      dump.tensors[name] = try StepDump.Tensor(shape: shape, values: values)
    }
    func interleaved(_ columns: [[Double]]) -> [Double] {
      (0..<(columns.first?.count ?? 0)).flatMap { row in columns.map { $0[row] } }
    }
    func doubles(_ columns: [[Float]]) -> [[Double]] { columns.map { $0.map(Double.init) } }
    try set("in.xyzs", [rows, 3], interleaved(doubles(batch.positions)))
    try set("in.dirs", [rows, 3], interleaved(doubles(batch.directions)))
    try set("in.deltas", [rows, 2], interleaved(doubles([batch.deltas, batch.gaps])))
    try set(
      "in.rays", [batch.rayCount, 3],
      batch.spans.enumerated().flatMap { [$0, $1.offset, $1.count].map(Double.init) })
    try set(
      "in.bg_color", input.background.count == 3 ? [3] : [batch.rayCount, 3],
      input.background.map(\.double))
    try set("in.global_step", [], [Double(input.step)])
    try set("in.stage", [], [Double(input.stage.rawValue)])
    let losses = try losses(input)
    let (teacher, student) = try taps(input)
    for (role, taps, hasFeatures) in [
      ("teacher", TapValues(teacher), teacher.featureCount > 0),
      ("student", TapValues(student), student.featureCount > 0),
    ] {
      for kind in TapValues.kinds(in: input.stage, hasFeatures: hasFeatures) {
        let columns = taps[kind]
        try set(
          "out.\(role).\(kind.rawValue)",
          kind == .logDensity ? [rows] : [rows, columns.count], interleaved(columns))
      }
    }
    for (term, value) in losses.terms { try set(StepDump.name(of: term), [], [value]) }
    try set("out.loss", [], [losses.total])
    if input.stage == .image {
      try set("out.loss_rgb_mse", [], [losses.meanSquaredError])
      let picture = try picture(input)
      for (role, pixels) in [("teacher", picture.teacher), ("student", picture.student)] {
        try set("out.\(role).image", [batch.rayCount, 3], pixels.map(Double.init))
      }
    }
    return dump
  }

  /// The terms of the step, their weighted sum, and the mean squared error of the pixels.
  private func losses(_ input: StepInput<T>) throws -> (
    terms: [(LossTerm, Double)], total: Double, meanSquaredError: Double
  ) {
    let evaluator = evaluator(input)
    let losses = try evaluator.losses()
    return (
      evaluator.terms.map { ($0, losses[$0].double) },
      evaluator.terms.reduce(0) { sum, term in
        let rate = rates.rate(of: term, featureRate: input.featureRate)
        return rate == 0 ? sum : sum + rate * losses[term].double
      }, losses.meanSquaredError.double
    )
  }
}
