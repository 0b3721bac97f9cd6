public import Distill
public import Fields
public import NeRFCore

/// Takes one distillation step apart: every term, its gradients, and the samples behind it.
///
/// Fields are evaluated, never changed. With gradients of every term at once it needs as much memory as the
/// student has parameters, times the number of terms.
///
/// ```swift
/// let inspector = StepInspector(teacher: teacher, student: student, pool: pool)
/// let inspection = try inspector.inspect(
///   StepInput(stage: .image, featureRate: 0.002, batch: batch, background: [1, 1, 1]))
/// print(inspection.terms, inspection.findings)
/// ```
public final class StepInspector<T: RadianceScalar> {
  /// How much is reported.
  public struct Options: Equatable, Sendable {
    /// Rays to report sample by sample; nil for the ones that weigh most.
    public var rays: [Int]?
    /// How many rays and samples to rank, and how many rays to trace if ``rays`` is nil.
    public var ranked = 8
    /// Most samples of which gradients are verified in double precision; 0 for no verification.
    public var verifiedSamples = 1024
    /// Chooses the random directions of that.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
  }

  private let teacher: FieldEvaluator<T>
  private let student: FieldEvaluator<T>
  /// How blocks are compared.
  public var kind: LossKind
  /// Weights of the terms.
  public var rates: LossRates
  /// Behaviour switches.
  public var compatibility: CompatibilityOptions
  /// Factor of σ in front of compositing, for both fields.
  public var densityScale: T = 1
  /// Which samples the terms of stage 3 compare; nil for all.
  public var selection: SampleSelection?
  /// The stages in which ``selection`` and ``hardRays`` hold.
  public var activeStages = ActiveStages()
  /// Of which rays a report says that they are the hardest; nil for none.
  public var hardRays: HardRayReplay.Settings?

  /// - Parameter teacher: The frozen field, as the run evaluates it.
  public init(
    teacher: any RadianceField<T>, student: any RadianceField<T>, kind: LossKind = .normL2,
    rates: LossRates = LossRates(), compatibility: CompatibilityOptions = .reference,
    pool: WorkerPool
  ) {
    self.teacher = FieldEvaluator(teacher, pool: pool)
    self.student = FieldEvaluator(student, pool: pool)
    self.kind = kind
    self.rates = rates
    self.compatibility = compatibility
  }

  func evaluator(_ input: StepInput<T>) -> TermEvaluator<T> {
    TermEvaluator(
      teacher: teacher, student: student, input: input, kind: kind, rates: rates,
      compatibility: compatibility, densityScale: densityScale, selection: selection,
      activeStages: activeStages)
  }

  /// The gradients of every term; see ``TermGradients``.
  ///
  /// - Throws: ``ShapeError`` if the background does not fit, or if features differ in length.
  public func gradients(_ input: StepInput<T>) throws -> TermGradients<T> {
    try evaluator(input).gradients().parameters
  }

  /// Some rays sample by sample; see ``SampleTrace``.
  ///
  /// - Throws: ``ValueError`` for a ray that the batch does not have.
  public func traces(_ input: StepInput<T>, rays: [Int]) throws -> [SampleTrace] {
    let evaluator = evaluator(input)
    return try traces(
      rays, TracedFields(evaluator), evaluator, gradients: try evaluator.gradients().taps)
  }

  /// Taps of both fields at all samples, in full whatever the stage.
  public func taps(_ input: StepInput<T>) throws -> (teacher: FieldTaps<T>, student: FieldTaps<T>) {
    let fields = try TracedFields(evaluator(input))
    return (fields.teacher, fields.student)
  }

  /// Both images, and how much every ray contributes to every term of the stage that has a place in them.
  public func picture(_ input: StepInput<T>) throws -> StepPicture {
    let evaluator = evaluator(input)
    let fields = try TracedFields(evaluator)
    var shares: [LossTerm: [Double]] = [:]
    for term in evaluator.terms { shares[term] = rayShares(of: term, fields) }
    return StepPicture(
      teacher: try fields.teacherRays.pixels(over: input.background).map { Float($0.double) },
      student: try fields.studentRays.pixels(over: input.background).map { Float($0.double) },
      shares: shares,
      comparedOfRay: try StepSelection(
        fields, selection: selection, ray: nil, pool: student.pool)?.comparedOfRay)
  }

  /// Everything about one step.
  ///
  /// - Throws: ``ShapeError`` if the background does not fit, or if features differ in length;
  ///   ``ValueError`` for a ray that the batch does not have.
  public func inspect(_ input: StepInput<T>, options: Options = Options()) throws -> StepInspection
  {
    let evaluator = evaluator(input)
    let losses = try evaluator.losses()
    let gradients = try evaluator.gradients()
    let fields = try TracedFields(evaluator)
    let statistics = StepStatistics(fields, evaluator, gradients: gradients.taps)
    let rankings = rankings(gradients.parameters.terms, fields, most: options.ranked)
    let rays = options.rays ?? worstRays(rankings, most: options.ranked)
    let findings = FindingRules(
      evaluator: evaluator, fields: fields, gradients: gradients.parameters,
      statistics: statistics, losses: losses
    ).findings()
    let trap = NonFiniteSearch(
      evaluator: evaluator, fields: fields, losses: losses, gradients: gradients.parameters,
      taps: gradients.taps
    ).first()
    var inspection = StepInspection(
      step: input.step, stage: input.stage, loss: 0,
      terms: terms(losses, gradients.parameters, input), pairs: pairs(gradients.parameters),
      statistics: statistics, rankings: rankings,
      traces: try traces(rays, fields, evaluator, gradients: gradients.taps),
      selection: try StepSelection(
        fields, selection: selection, ray: hardRays, pool: student.pool),
      verification: options.verifiedSamples > 0 && trap == nil && statistics.samples > 0
        ? try GradientVerification(evaluator, samples: options.verifiedSamples, seed: options.seed)
        : nil, findings: findings, trap: trap)
    inspection.loss = inspection.terms.reduce(0) { $0 + $1.weighted }
    for index in inspection.terms.indices where inspection.loss != 0 {
      inspection.terms[index].share = inspection.terms[index].weighted / inspection.loss
    }
    if let worst = inspection.verification?.checks.max(by: { $0.relativeError < $1.relativeError }),
      !(worst.relativeError <= Finding.Limit.gradient)
    {
      inspection.findings.append(
        Finding(
          kind: .wrongGradient, subject: worst.term.rawValue,
          message: "Along \(worst.direction) the gradient of \(worst.term.rawValue) is "
            + "\(worst.analytic), its central difference \(worst.difference)."))
    }
    return inspection
  }

  private func terms(
    _ losses: LossTerms<T.Sum>, _ gradients: TermGradients<T>, _ input: StepInput<T>
  ) -> [StepInspection.Term] {
    gradients.terms.map { term in
      let value = losses[term].double
      let rate = rates.rate(of: term, featureRate: input.featureRate)
      let norms = gradients.names.indices.map { gradients.norm(of: term, parameter: $0) }
      return StepInspection.Term(
        term: term, value: value, rate: rate, weighted: rate == 0 ? 0 : rate * value, share: 0,
        gradientNorm: gradients.norm(of: term),
        parameterNorms: Dictionary(uniqueKeysWithValues: zip(gradients.names, norms)))
    }
  }

  private func pairs(_ gradients: TermGradients<T>) -> [StepInspection.Pair] {
    gradients.terms.enumerated().flatMap { index, first in
      gradients.terms[(index + 1)...].map { second in
        let cosines = gradients.names.indices.compactMap { parameter in
          gradients.cosine(first, second, parameter: parameter).map {
            (gradients.names[parameter], $0)
          }
        }
        return StepInspection.Pair(
          first: first, second: second, cosine: gradients.cosine(first, second),
          parameterCosines: Dictionary(uniqueKeysWithValues: cosines))
      }
    }
  }

  private func traces(
    _ rays: [Int], _ fields: TracedFields<T>, _ evaluator: TermEvaluator<T>,
    gradients: [LossTerm: FieldTaps<T>]
  ) throws -> [SampleTrace] {
    let count = fields.input.batch.rayCount
    if let outside = rays.first(where: { !(0..<count).contains($0) }) {
      throw ValueError(
        in: "StepInspector.traces", "rays", expected: "0 to \(count - 1)", actual: "\(outside)",
        fix: "Name rays of the batch.")
    }
    let shares = shares(gradients.keys.sorted { $0.rawValue < $1.rawValue }, fields)
    return try rays.map { try fields.trace(ray: $0, gradients: gradients, shares: shares) }
  }

  private func shares(_ terms: [LossTerm], _ fields: TracedFields<T>) -> [LossTerm: [Double]] {
    var result: [LossTerm: [Double]] = [:]
    for term in terms {
      result[term] = fields.shares(of: term, countsPadding: compatibility.lossIncludesPaddingRows)
    }
    return result
  }

  private func rayShares(of term: LossTerm, _ fields: TracedFields<T>) -> [Double]? {
    if term == .rgb { return fields.pixelShares() }
    guard
      let rows = fields.shares(of: term, countsPadding: compatibility.lossIncludesPaddingRows)
    else { return nil }
    return fields.input.batch.spans.map { rows[$0.offset..<$0.offset + $0.count].reduce(0, +) }
  }

  private func rankings(
    _ terms: [LossTerm], _ fields: TracedFields<T>, most: Int
  ) -> [StepInspection.Ranking] {
    let spans = fields.input.batch.spans
    let shares = shares(terms, fields)
    return terms.compactMap { term in
      typealias Entry = StepInspection.Ranking.Entry
      guard let perRay = rayShares(of: term, fields) else { return nil }
      var samples: [Entry] = []
      if let rows = shares[term] {
        for (ray, span) in spans.enumerated() {
          for row in span.offset..<span.offset + span.count {
            samples.append(Entry(ray: ray, row: row, share: rows[row]))
          }
        }
      }
      let rays = perRay.enumerated().map { Entry(ray: $0, row: nil, share: $1) }
      return StepInspection.Ranking(
        term: term, samples: worst(samples, most), rays: worst(rays, most))
    }
  }

  private func worst(
    _ entries: [StepInspection.Ranking.Entry], _ most: Int
  ) -> [StepInspection.Ranking.Entry] {
    // Equal shares in the order of rays, so that the same step gives the same report.
    Array(
      entries.sorted {
        ($1.share, $0.ray, $0.row ?? 0) < ($0.share, $1.ray, $1.row ?? 0)
      }.prefix(most))
  }

  /// The first of every ranking, then the second of each, …
  private func worstRays(_ rankings: [StepInspection.Ranking], most: Int) -> [Int] {
    var result: [Int] = []
    for place in 0..<most {
      for ranking in rankings where place < ranking.rays.count {
        let ray = ranking.rays[place].ray
        if !result.contains(ray) { result.append(ray) }
      }
    }
    return Array(result.prefix(most))
  }
}
