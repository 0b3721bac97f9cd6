import Distill
import Fields
import NeRFCore

/// One ray, sample by sample, as teacher and student see it.
public struct SampleTrace: Sendable, Codable, Equatable {
  /// What a field says about a sample.
  public struct Taps: Sendable, Codable, Equatable {
    /// S, after the field's own clamp.
    public var logDensity: Double
    /// σ, in 1 / scene unit.
    public var density: Double
    /// C, three numbers.
    public var color: [Double]
    /// F; empty for a field without.
    public var features: [Double]
    /// α = 1 − exp(−σδ).
    public var alpha: Double
    /// T, the light that reaches the sample.
    public var transmittance: Double
    /// w = Tα, the sample's share of the pixel.
    public var weight: Double
  }

  /// One sample.
  public struct Sample: Sendable, Codable, Equatable {
    /// Its row in the batch.
    public var row: Int
    /// In scene units.
    public var position: [Double]
    /// Distance of its end from the start of the march, in scene units.
    public var distance: Double
    /// δ, in scene units.
    public var delta: Double
    public var teacher: Taps
    public var student: Taps
    /// Its share of every term that compares taps: 1 is the whole term.
    public var shares: [LossTerm: Double]
    /// ‖rate · ∂ℓ/∂(S, σ, C, F)‖ at this sample, for every term.
    public var gradients: [LossTerm: Double]
    /// Whether the terms that compare taps compare this sample; nil where all are compared.
    public var isCompared: Bool?
  }

  /// The ray's number in the batch.
  public var ray: Int
  /// rgb of the pixel, background included.
  public var teacherPixel: [Double]
  public var studentPixel: [Double]
  public var samples: [Sample]
}

/// Taps and composited rays of both fields at all samples: what traces and statistics are made from.
struct TracedFields<T: RadianceScalar> {
  let input: StepInput<T>
  let kind: LossKind
  let teacher: FieldTaps<T>
  let student: FieldTaps<T>
  /// The teacher's taps as terms compare them: clamped to the student's range, if the run does that.
  let target: FieldTaps<T>
  let teacherRays: CompositedRays<T>
  let studentRays: CompositedRays<T>
  let densityScale: T
  /// The rows that the terms compare; nil for all.
  let selected: [Int]?
  /// Whether active learning has a part in the step.
  let isActive: Bool

  init(_ evaluator: TermEvaluator<T>) throws {
    input = evaluator.input
    kind = evaluator.kind
    densityScale = evaluator.densityScale
    let batch = input.batch
    func evaluate(_ field: FieldEvaluator<T>) throws -> (FieldTaps<T>, CompositedRays<T>) {
      let taps = FieldTaps<T>()
      field.forward(batch, detail: .full, into: taps)
      let densities = taps.densities.map { $0 * evaluator.densityScale }
      let colors = taps.interleavedColors(pool: field.pool)
      return (
        taps,
        try batch.composite(densities: densities.span, colors: colors.span, pool: field.pool)
      )
    }
    (teacher, teacherRays) = try evaluate(evaluator.teacher)
    (student, studentRays) = try evaluate(evaluator.student)
    target = evaluator.target(teacher)
    isActive = evaluator.isActive
    selected =
      evaluator.isActive
      ? try evaluator.selection?.rows(
        of: batch, student: studentRays, teacher: teacherRays, pool: evaluator.student.pool) : nil
  }

  /// One ray in full.
  ///
  /// - Parameter gradients: Gradients with respect to the student's taps, for every term.
  func trace(ray: Int, gradients: [LossTerm: FieldTaps<T>], shares: [LossTerm: [Double]]) throws
    -> SampleTrace
  {
    let batch = input.batch
    let span = batch.spans[ray]
    let compared = selected.map(Set.init)
    var distance = 0.0
    let samples = (span.offset..<span.offset + span.count).map { row in
      distance += batch.gaps[row].double
      return SampleTrace.Sample(
        row: row, position: batch.positions.map { $0[row].double }, distance: distance,
        delta: batch.deltas[row].double,
        teacher: taps(teacher, teacherRays, row, first: span.offset),
        student: taps(student, studentRays, row, first: span.offset),
        shares: shares.mapValues { $0[row] },
        gradients: gradients.mapValues { gradientNorm($0, row) },
        isCompared: compared.map { $0.contains(row) })
    }
    func pixel(_ rays: CompositedRays<T>) throws -> [Double] {
      try rays.pixels(over: input.background)[3 * ray..<3 * ray + 3].map(\.double)
    }
    return SampleTrace(
      ray: ray, teacherPixel: try pixel(teacherRays), studentPixel: try pixel(studentRays),
      samples: samples)
  }

  private func taps(
    _ taps: FieldTaps<T>, _ rays: CompositedRays<T>, _ row: Int, first: Int
  ) -> SampleTrace.Taps {
    let density = taps.row(TapRow.density)[row].double
    return SampleTrace.Taps(
      logDensity: taps.row(TapRow.logDensity)[row].double, density: density,
      color: (0..<3).map { taps.row(TapRow.color + $0)[row].double },
      features: (0..<taps.featureCount).map { taps.row(TapRow.features + $0)[row].double },
      alpha: -Double.expMinusOne(
        -density * densityScale.double * input.batch.deltas[row].double),
      transmittance: row == first ? 1 : rays.transmittances[row - 1].double,
      weight: rays.weights[row].double)
  }

  /// ‖·‖₂ of the gradient with respect to all taps of a sample.
  func gradientNorm(_ gradient: FieldTaps<T>, _ row: Int) -> Double {
    (0..<TapRow.count(features: gradient.featureCount)).reduce(0.0) { sum, tap in
      let value = gradient.row(tap)[row].double
      return sum + value * value
    }.squareRoot()
  }

  /// How much every row contributes to a term that compares taps; nil for other terms.
  func shares(of term: LossTerm, countsPadding: Bool) -> [Double]? {
    let first: Int
    let number: Int
    switch term {
    case .features: (first, number) = (TapRow.features, student.featureCount)
    case .density: (first, number) = (TapRow.logDensity, 1)
    case .color: (first, number) = (TapRow.color, 3)
    case .rgb, .depth, .l1: return nil
    }
    let used = countsPadding ? input.batch.count : input.batch.usedCount
    var parts = [Double](repeating: 0, count: input.batch.count)
    for row in selected ?? Array(0..<used) {
      parts[row] = (first..<first + number).reduce(0.0) { sum, tap in
        sum + kind.part(student.row(tap)[row].double - target.row(tap)[row].double)
      }
    }
    let total = parts.reduce(0, +)
    return total > 0 ? parts.map { $0 / total } : parts
  }

  /// How much every ray contributes to the term that compares pixels.
  func pixelShares() -> [Double]? {
    guard let teacher = try? teacherRays.pixels(over: input.background),
      let student = try? studentRays.pixels(over: input.background)
    else { return nil }
    let parts = (0..<input.batch.rayCount).map { ray in
      (3 * ray..<3 * ray + 3).reduce(0.0) {
        $0 + kind.part(student[$1].double - teacher[$1].double)
      }
    }
    let total = parts.reduce(0, +)
    return parts.map { total > 0 ? $0 / total : 0 }
  }
}

extension TermEvaluator {
  /// The teacher's taps as terms compare them.
  fileprivate func target(_ taps: FieldTaps<T>) -> FieldTaps<T> {
    guard compatibility.clampEditedTargets else { return taps }
    let clamped = FieldTaps<T>(count: taps.count, featureCount: taps.featureCount)
    for row in 0..<TapRow.count(features: taps.featureCount) {
      clamped.row(row).update(from: taps.row(row), count: taps.count)
    }
    let differs = clamped.clampLogDensities(of: teacher.field, to: student.field.frame)
    return differs ? clamped : taps
  }
}

extension LossKind {
  /// What one difference adds to the sum that the loss is made of; see ``LossKind``.
  func part(_ difference: Double) -> Double {
    switch self {
    case .normL2, .meanL2: return difference * difference
    case .normL1, .meanL1: return abs(difference)
    case .smoothL1:
      let e = abs(difference)
      return e < Self.smoothWidth ? e * e / (2 * Self.smoothWidth) : e - Self.smoothWidth / 2
    }
  }
}
