import Distill
import Fields
import NeRFCore

/// Compares pixels, terms and their weighted sum, computed from the taps that the dump itself has.
///
/// So a difference here is one of this part, and not what an earlier one left behind.
struct TermComparison {
  let dump: StepDump
  let input: StepInput<Double>
  let samples: DumpedSamples?
  let kind: LossKind
  let rates: LossRates
  let compatibility: CompatibilityOptions
  let studentFrame: FieldFrame
  let hasFeatures: Bool
  /// The regulariser of the student; nil for fields without.
  let l1: Double?
  let densityScale: Double
  let bounds: ComparisonBounds
  let pool: WorkerPool
  /// The dump's taps where it has them, else this library's.
  let teacher: TapValues
  let student: TapValues
  /// Largest relative error of what is not from the dump.
  let ownError: Double

  var terms: [LossTerm] {
    input.stage.terms(hasFeatures: hasFeatures, hasFactors: l1 != nil, hasDepth: rates.depth != 0)
  }

  // MARK: Pixels

  func images() throws -> [StepComparison.Quantity] {
    guard input.stage == .image else { return [] }
    return try [("teacher", teacher), ("student", student)].compactMap { role, taps in
      let name = "out.\(role).image"
      guard let columns = try dump.columns(name, 3, count: input.batch.rayCount) else { return nil }
      let actual = inBatchOrder(columns)
      let most = input.batch.spans.map(\.count).max() ?? 0
      func quantity(_ expected: [Double]) -> StepComparison.Quantity {
        let limit = bounds.pixel(samples: most) + ownError
        return StepComparison.Quantity(
          name, .images, expected: expected, actual: actual,
          bounds: expected.map { limit * max(1, abs($0)) }
        ) { index in
          let ray = samples?.rays[index / 3] ?? index / 3
          return (3 * ray + index % 3, nil, ray)
        }
      }
      let plain = quantity(try pixels(taps))
      guard plain.verdict == .differs else { return plain }
      let gaps = try SampleBatch(
        positions: input.batch.positions, directions: input.batch.directions,
        deltas: input.batch.gaps, gaps: input.batch.gaps, spans: input.batch.spans)
      for (convention, pixels) in [
        (Convention.whiteBackground, try pixels(taps, background: [1, 1, 1])),
        (.blackBackground, try pixels(taps, background: [0, 0, 0])),
        (.gapsForIntervals, try pixels(taps, batch: gaps)),
      ] where quantity(pixels).verdict == .agrees {
        return plain.explained(by: [convention])
      }
      return plain
    }
  }

  private func pixels(
    _ taps: TapValues, background: [Double]? = nil, batch: SampleBatch? = nil
  ) throws -> [Double] {
    try composited(taps, batch: batch).pixels(over: background ?? input.background)
  }

  private func composited(
    _ taps: TapValues, batch: SampleBatch? = nil
  ) throws -> CompositedRays<Double> {
    let densities = taps.logDensity.map { densityScale * Double.exp($0) }
    let colors = taps.logDensity.indices.flatMap { row in taps.colors.map { $0[row] } }
    return try (batch ?? input.batch).composite(
      densities: densities.span, colors: colors.span, pool: pool)
  }

  private func inBatchOrder(_ columns: [[Double]]) -> [Double] {
    (samples?.rays ?? Array(0..<input.batch.rayCount)).flatMap { ray in columns.map { $0[ray] } }
  }

  // MARK: Terms

  /// How the terms are computed; every field may differ from that of the run.
  struct Rule: Equatable {
    var kind: LossKind
    var countsPadding: Bool
    var clampsTargets: Bool
    var squares = false

    /// What is different from another rule.
    func conventions(beside other: Rule) -> [Convention] {
      (squares && !other.squares ? [.squaredNorm] : kind == other.kind ? [] : [.kind(kind)])
        + (countsPadding == other.countsPadding
          ? [] : [countsPadding ? .paddingIncluded : .paddingExcluded])
        + (clampsTargets == other.clampsTargets
          ? [] : [clampsTargets ? .targetsClamped : .targetsNotClamped])
    }
  }

  var ownRule: Rule {
    Rule(
      kind: kind, countsPadding: compatibility.lossIncludesPaddingRows,
      clampsTargets: compatibility.clampEditedTargets)
  }

  /// This rule, then those with one thing changed, then two, …
  private var rules: [Rule] {
    let own = ownRule
    var result: [Rule] = []
    for kind in [own.kind] + LossKind.allCases.filter({ $0 != own.kind }) {
      for padding in [own.countsPadding, !own.countsPadding] {
        for clamp in [own.clampsTargets, !own.clampsTargets] {
          let rule = Rule(kind: kind, countsPadding: padding, clampsTargets: clamp)
          result.append(rule)
          if kind == .normL2 {
            var squared = rule
            squared.squares = true
            result.append(squared)
          }
        }
      }
    }
    return result.enumerated().sorted {
      ($0.element.conventions(beside: own).count, $0.offset)
        < ($1.element.conventions(beside: own).count, $1.offset)
    }.map(\.element)
  }

  /// The value of a term under a rule, and how many numbers it sums.
  func value(_ term: LossTerm, _ rule: Rule) throws -> (value: Double, count: Int)? {
    let (a, b): ([Double], [Double])
    let rows = rule.countsPadding ? input.batch.count : input.batch.usedCount
    let targets = rule.clampsTargets ? teacher.clamped(to: studentFrame) : teacher
    func pair(_ kind: TapValues.Kind) -> ([Double], [Double]) {
      (student[kind].flatMap { $0.prefix(rows) }, targets[kind].flatMap { $0.prefix(rows) })
    }
    switch term {
    case .features: (a, b) = pair(.features)
    case .density: (a, b) = pair(.logDensity)
    case .color: (a, b) = pair(.color)
    case .rgb:
      func image(_ role: String, _ taps: TapValues) throws -> [Double] {
        let columns = try dump.columns("out.\(role).image", 3, count: input.batch.rayCount)
        return try columns.map(inBatchOrder) ?? pixels(taps)
      }
      (a, b) = (try image("student", student), try image("teacher", teacher))
    case .depth:
      let (own, target) = (try composited(student), try composited(teacher))
      return (try LossKind.normL2.value(student: own.depth, teacher: target.depth), own.depth.count)
    case .l1: return l1.map { ($0, 1) }
    }
    let value = try rule.kind.value(student: a, teacher: b)
    return (rule.squares ? value * value : value, a.count)
  }

  /// Terms of the dump, and the rule under which most of them agree.
  func compare() throws -> (quantities: [StepComparison.Quantity], rule: Rule) {
    let dumped = terms.filter { dump.scalar(StepDump.name(of: $0)) != nil }
    func quantities(_ rule: Rule) throws -> [StepComparison.Quantity] {
      try dumped.compactMap { term in
        try value(term, rule).flatMap { scalar(StepDump.name(of: term), .terms, $0) }
      } + meanSquaredError()
    }
    let own = try quantities(ownRule)
    guard own.contains(where: { $0.verdict == .differs }) else { return (own, ownRule) }
    var best = (quantities: own, rule: ownRule, differing: own.count { $0.verdict != .agrees })
    for rule in rules.dropFirst() {
      let tried = try quantities(rule)
      let differing = tried.count { $0.verdict != .agrees }
      if differing < best.differing { best = (tried, rule, differing) }
    }
    let conventions = best.rule.conventions(beside: ownRule)
    let result = zip(own, best.quantities).map { plain, tried in
      plain.verdict == .differs && tried.verdict == .agrees
        ? plain.explained(by: conventions) : plain
    }
    return (result, best.rule)
  }

  private func meanSquaredError() throws -> [StepComparison.Quantity] {
    guard input.stage == .image,
      let value = try value(
        .rgb, Rule(kind: .meanL2, countsPadding: false, clampsTargets: false))
    else { return [] }
    return [scalar("out.loss_rgb_mse", .terms, value)].compactMap { $0 }
  }

  func scalar(
    _ name: String, _ part: StepComparison.Part, _ expected: (value: Double, count: Int)
  ) -> StepComparison.Quantity? {
    guard let actual = dump.scalar(name) else { return nil }
    let limit =
      bounds.sum(expected.value, count: expected.count) + ownError * abs(expected.value)
    return StepComparison.Quantity(
      name, part, expected: [expected.value], actual: [actual], bounds: [limit]
    ) { ($0, nil, nil) }
  }
}
