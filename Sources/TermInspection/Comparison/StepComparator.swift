public import Distill
public import Fields
public import NeRFCore

/// Holds one distillation step against the numbers of another implementation.
///
/// The parts of a step are compared in the order in which they are computed. Pixels, terms and the weighted
/// sum are computed from the dump's own earlier numbers where it has them, so that the first difference is
/// where it arises. A part that differs is tried again under every ``Convention`` that could explain it.
///
/// ```swift
/// let comparator = StepComparator(teacher: teacher, student: student, pool: pool)
/// let comparison = try comparator.compare(dump, with: try dump.input(replacing: input))
/// print(comparison.summary)
/// ```
public final class StepComparator {
  private let teacher: any RadianceField<Float>
  private let student: any RadianceField<Float>
  private let pool: WorkerPool
  /// How blocks are compared.
  public var kind: LossKind
  /// Weights of the terms.
  public var rates: LossRates
  /// Behaviour switches.
  public var compatibility: CompatibilityOptions
  /// Factor of σ in front of compositing, for both fields.
  public var densityScale = 1.0
  /// In which precision the dump was computed.
  public var precision = StepComparison.Precision.single
  /// What the march went through; nil for no comparison of samples.
  public var replay: MarchReplay?
  /// Signs of the roundings that are tried.
  public var seed: UInt64 = 0

  public init(
    teacher: any RadianceField<Float>, student: any RadianceField<Float>,
    kind: LossKind = .normL2, rates: LossRates = LossRates(),
    compatibility: CompatibilityOptions = .reference, pool: WorkerPool
  ) {
    self.teacher = teacher
    self.student = student
    self.kind = kind
    self.rates = rates
    self.compatibility = compatibility
    self.pool = pool
  }

  /// Compares everything in `dump` that has a name in ``StepDump``.
  ///
  /// - Parameter input: The step; its samples are those of the dump, if it has any, see
  ///   ``StepDump/input(replacing:rates:)``.
  /// - Throws: ``ShapeError`` or ``ValueError`` naming an array that does not fit.
  public func compare(_ dump: StepDump, with input: StepInput<Float>) throws -> StepComparison {
    let bounds = ComparisonBounds(precision: precision)
    let samples = dump.hasSamples ? try DumpedSamples(dump) : nil
    var quantities = try ParameterComparison(dump: dump).quantities([
      ("teacher", teacher), ("student", student),
    ])
    var teacherBatch = input.batch
    if let samples {
      let comparison = SampleComparison(dump: dump, samples: samples, bounds: bounds, pool: pool)
      if let replay,
        let march = try comparison.march(
          replay, bound: teacher.frame.bound, fixedJitter: compatibility.fixedMarchJitter)
      {
        quantities.append(march)
      }
      if let (quantity, batch) = try comparison.teacherPositions() {
        quantities.append(quantity)
        teacherBatch = batch
      }
    }
    let (teacherTaps, teacherQuantities) = try taps(
      "teacher", .teacherTaps, teacher, teacherBatch, dump, input, samples, bounds)
    let (studentTaps, studentQuantities) = try taps(
      "student", .studentTaps, student, input.batch, dump, input, samples, bounds)
    quantities += teacherQuantities + studentQuantities
    let l1 = try (student.copy(as: Double.self) as? VMField<Double>).map {
      $0.densityL1(pool: pool)
    }
    let terms = TermComparison(
      dump: dump, input: input.converted(), samples: samples, kind: kind, rates: rates,
      compatibility: compatibility, studentFrame: student.frame,
      hasFeatures: teacher.hasFeatures && student.hasFeatures, l1: l1, densityScale: densityScale,
      bounds: bounds, pool: pool, teacher: teacherTaps.values, student: studentTaps.values,
      ownError: max(teacherTaps.ownError, studentTaps.ownError))
    quantities += try terms.images()
    let (termQuantities, rule) = try terms.compare()
    quantities += termQuantities
    if let total = try TotalComparison(terms: terms, rule: rule).compare() {
      quantities.append(total)
    }
    // Gradients go through the taps of this library: they must differ where those do.
    let follows = quantities.contains {
      $0.verdict != .agrees && [.parameters, .teacherTaps, .studentTaps].contains($0.part)
        || $0.verdict == .differs || $0.conventions.contains(.otherSamples)
    }
    quantities += try gradients(dump, input, terms, rule, bounds).compare(follows: follows)
    let names = Set(quantities.map(\.name))
    return StepComparison(
      precision: precision, quantities: quantities,
      ignored: dump.tensors.keys.filter { name in
        !names.contains(name) && !["in.", "term."].contains { name.hasPrefix($0) }
      }.sorted())
  }

  /// The taps of one field, and the values that later parts start from.
  private func taps(
    _ role: String, _ part: StepComparison.Part, _ field: any RadianceField<Float>,
    _ batch: SampleBatch, _ dump: StepDump, _ input: StepInput<Float>, _ samples: DumpedSamples?,
    _ bounds: ComparisonBounds
  ) throws -> (
    taps: (values: TapValues, ownError: Double), quantities: [StepComparison.Quantity]
  ) {
    let detail = input.stage.detail
    let evaluator = FieldEvaluator(field, pool: pool)
    let exact = TapValues(
      FieldEvaluator(try field.copy(as: Double.self), pool: pool), at: batch, detail: detail)
    let single = TapValues(evaluator, at: batch, detail: detail)
    let rays = batch.rayOfRow
    let kinds = TapValues.kinds(in: input.stage, hasFeatures: field.hasFeatures)
    let comparison = TapComparison(
      role: role, part: part, field: evaluator, batch: batch, detail: detail, kinds: kinds,
      exact: exact, single: single, bounds: bounds
    ) { row, channel, channels in
      (channels * row + channel, row, rays[row].map { samples?.rays[$0] ?? $0 })
    }
    let dumped = try comparison.dumped(dump)
    var values = exact
    for (kind, columns) in dumped { values[kind] = columns }
    // What is not in the dump carries the roundings of both sides.
    let missing = kinds.filter { dumped[$0] == nil }
    let spread = missing.map { kind in
      zip(exact[kind], single[kind]).map { distance($0, $1) / max(distance($0, nil), 1e-30) }.max()
        ?? 0
    }.max()
    let quantities = comparison.quantities(dumped)
    return (
      (values, (spread ?? 0) * ComparisonBounds.margin * bounds.precision.unit / 0x1p-24),
      quantities
    )
  }

  private func gradients(
    _ dump: StepDump, _ input: StepInput<Float>, _ terms: TermComparison,
    _ rule: TermComparison.Rule, _ bounds: ComparisonBounds
  ) throws -> GradientComparison {
    var options = compatibility
    options.lossIncludesPaddingRows = rule.countsPadding
    options.clampEditedTargets = rule.clampsTargets
    var factors: [LossTerm: Double] = [:]
    for term in terms.terms where rule.squares && term != .l1 && term != .depth {
      // ∂(ℓ²) = 2 ℓ ∂ℓ
      factors[term] =
        2
        * (try terms.value(
          term,
          TermComparison.Rule(
            kind: rule.kind, countsPadding: rule.countsPadding, clampsTargets: rule.clampsTargets))?
          .value ?? 0)
    }
    return GradientComparison(
      dump: dump,
      exact: TermEvaluator(
        teacher: FieldEvaluator(try teacher.copy(as: Double.self), pool: pool),
        student: FieldEvaluator(try student.copy(as: Double.self), pool: pool),
        input: input.converted(), kind: rule.kind, rates: rates, compatibility: options,
        densityScale: densityScale),
      single: TermEvaluator(
        teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool),
        input: input, kind: rule.kind, rates: rates, compatibility: options,
        densityScale: Float(densityScale)),
      factors: factors, bounds: bounds, seed: seed)
  }
}
