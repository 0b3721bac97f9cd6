import CommandSupport

/// Mean and sample standard deviation of a few numbers.
struct Spread: Codable, Equatable {
  /// nil of nothing.
  var mean: Double?
  /// √(Σ (x − mean)² / (n − 1)); nil of fewer than two.
  var deviation: Double?

  init(_ values: [Double]) {
    guard !values.isEmpty else { return }
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    guard values.count > 1 else { return }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    deviation = (squares / Double(values.count - 1)).squareRoot()
  }

  /// For example "+0.12 ± 0.05".
  var text: String {
    guard let mean else { return "-" }
    return (mean < 0 ? "" : "+") + decimal(mean) + (deviation.map { " ± " + decimal($0) } ?? "")
  }
}

/// What the runs of a variant came to.
struct AblationRow: Codable, Equatable {
  var variant: String
  /// Whether it is the one that others are compared with.
  var isFirst: Bool
  /// Runs that are done.
  var runs: Int
  var steps: Spread
  /// Against photographs, or against the teacher where there are none, in dB.
  var psnr: Spread
  /// Mean PSNR of the teacher minus that of the runs, in dB; nil without photographs.
  var gap: Double?
  /// Against the teacher's renderings, in dB.
  var teacherPSNR: Spread
  /// PSNR minus that of the first variant with the same seed, in dB.
  var difference: Spread
  /// Seconds of training.
  var seconds: Spread
  /// Seconds of a step, over all runs.
  var perStep: Double?

  /// One row a variant, in the order of the plan.
  static func rows(_ plan: AblationPlan, _ results: [AblationResult]) -> [AblationRow] {
    func quality(_ entry: AblationResult) -> Double? {
      plan.setup.teacherPSNR == nil ? entry.result.score?.teacherPSNR : entry.result.score?.psnr
    }
    let first = Dictionary(
      results.filter { $0.run.variant == plan.variants.first }.compactMap { entry in
        quality(entry).map { (entry.run.seed, $0) }
      }, uniquingKeysWith: { $1 })
    return plan.variants.enumerated().map { index, variant in
      let own = results.filter { $0.run.variant == variant }
      let psnr = Spread(own.compactMap(quality))
      let steps = own.reduce(0) { $0 + $1.result.step }
      let seconds = own.reduce(0) { $0 + $1.result.seconds }
      return AblationRow(
        variant: variant.name, isFirst: index == 0, runs: own.count,
        steps: Spread(own.map { Double($0.result.step) }), psnr: psnr,
        gap: psnr.mean.flatMap { mean in plan.setup.teacherPSNR.map { $0 - mean } },
        teacherPSNR: Spread(own.compactMap { $0.result.score?.teacherPSNR }),
        difference: Spread(
          own.compactMap { entry in
            guard let value = quality(entry), let base = first[entry.run.seed] else { return nil }
            return value - base
          }), seconds: Spread(own.map(\.result.seconds)),
        perStep: steps > 0 ? seconds / Double(steps) : nil)
    }
  }
}
