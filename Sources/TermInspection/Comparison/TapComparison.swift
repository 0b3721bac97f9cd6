import Fields
import NeRFCore

/// Compares the taps of one field with those of a dump, and looks for what could explain a difference.
struct TapComparison {
  let role: String
  let part: StepComparison.Part
  /// In the precision of runs: conventions are tried with it.
  let field: FieldEvaluator<Float>
  let batch: SampleBatch
  let detail: TapDetail
  let kinds: [TapValues.Kind]
  /// In double precision.
  let exact: TapValues
  /// In single precision.
  let single: TapValues
  let bounds: ComparisonBounds
  let place: (_ row: Int, _ channel: Int, _ channels: Int) -> ElementPlace

  /// What the dump says, kind by kind, in the order of the batch; kinds that it leaves out are missing.
  func dumped(_ dump: StepDump) throws -> [TapValues.Kind: [[Double]]] {
    var result: [TapValues.Kind: [[Double]]] = [:]
    for kind in kinds {
      result[kind] = try dump.columns(name(kind), exact[kind].count, count: batch.count)
    }
    return result
  }

  func name(_ kind: TapValues.Kind) -> String { "out.\(role).\(kind.rawValue)" }

  /// One quantity for every kind in the dump.
  func quantities(_ dumped: [TapValues.Kind: [[Double]]]) -> [StepComparison.Quantity] {
    let present = kinds.compactMap { kind in dumped[kind].map { (kind, $0) } }
    var result = present.map { kind, actual in quantity(kind, exact[kind], actual) }
    for (index, (kind, actual)) in present.enumerated() where result[index].verdict == .differs {
      if let convention = convention(kind, actual) {
        result[index] = result[index].explained(by: [convention])
      }
    }
    if result.contains(where: { $0.verdict == .differs }), let note = elsewhere(dumped) {
      for index in result.indices where result[index].verdict == .differs {
        result[index] = result[index].explained(by: [.otherSamples], note: note)
      }
    }
    return result
  }

  /// - Parameter slope: By how much a bound grows at an element, where `expected` was transformed.
  private func quantity(
    _ kind: TapValues.Kind, _ expected: [[Double]], _ actual: [[Double]],
    slope: (Double) -> Double = { _ in 1 }
  ) -> StepComparison.Quantity {
    let channels = expected.count
    let limits = zip(exact[kind], single[kind]).map { exact, single in
      zip(exact, bounds.elements(exact, measured: single)).map { slope($0) * $1 }
    }
    func interleaved(_ columns: [[Double]]) -> [Double] {
      (0..<batch.count).flatMap { row in columns.map { $0[row] } }
    }
    return StepComparison.Quantity(
      name(kind), part, expected: interleaved(expected), actual: interleaved(actual),
      bounds: interleaved(limits)
    ) { place($0 / channels, $0 % channels, channels) }
  }

  /// The first convention under which a kind of taps agrees.
  private func convention(_ kind: TapValues.Kind, _ actual: [[Double]]) -> Convention? {
    let own = exact[kind]
    func agrees(
      _ expected: [[Double]], with actual: [[Double]], slope: (Double) -> Double = { _ in 1 }
    ) -> Bool { quantity(kind, expected, actual, slope: slope).verdict == .agrees }
    switch kind {
    case .features, .logDensity:
      let frame = field.field.frame
      // The first feature is S, clamped like it; those of vm are clamped too, if the field says so.
      let vm = field.field as? VMField<Float>
      let clamped = actual.enumerated().map { channel, values in
        channel > 0 && vm?.options.clampsColorFeatures != true
          ? values
          : values.map { min(max($0, frame.logDensityMinimum), frame.logDensityMaximum) }
      }
      if agrees(own, with: clamped) {
        return clamped[0] == actual[0] ? .unclampedColorFeatures : .unclampedLogDensity
      }
      if kind == .logDensity,
        agrees(own.map { $0.map(Double.exp) }, with: actual, slope: { 2 * Double.exp($0) })
      {
        return .densityForLogDensity
      }
    case .color:
      // The curve is steepest at its linear end.
      let steepest = ColorSpace.sRGB(fromLinear: 1e-3) / 1e-3
      for (convention, curve) in [
        (Convention.encodedColors, { ColorSpace.sRGB(fromLinear: $0) }),
        (.linearColors, { ColorSpace.linear(fromSRGB: $0) }),
      ] as [(Convention, (Double) -> Double)]
      where agrees(own.map { $0.map(curve) }, with: actual, slope: { _ in steepest }) {
        return convention
      }
    }
    // What is tried is in single precision, which takes its own share of the bound.
    return evaluated().first { agrees($0.values[kind], with: actual, slope: { _ in 2 }) }?
      .convention
  }

  /// Conventions that ask for another evaluation.
  private func evaluated() -> [(convention: Convention, values: TapValues)] {
    var result: [(convention: Convention, values: TapValues)] = []
    func add(_ convention: Convention, _ field: FieldEvaluator<Float>, _ batch: SampleBatch?) {
      guard let batch else { return }
      result.append((convention, TapValues(field, at: batch, detail: detail)))
    }
    add(.reversedDirections, field, batch.moved(by: 0, reversed: true))
    add(.intervalMidpoints, field, batch.moved(by: 0.5))
    add(.intervalEnds, field, batch.moved(by: 1))
    if let vm = field.field as? VMField<Float>, let other = try? vm.withOtherFeatureClamp() {
      add(
        vm.options.clampsColorFeatures ? .unclampedColorFeatures : .clampedColorFeatures,
        FieldEvaluator(other, pool: field.pool), batch)
    }
    return result
  }

  /// Rows that are looked for along their rays.
  private static let searched = 24

  /// Looks along the rays for the places where this field says what the dump says.
  ///
  /// - Returns: What was found, if most rows have such a place.
  private func elsewhere(_ dumped: [TapValues.Kind: [[Double]]]) -> String? {
    let rows = (0..<batch.usedCount).filter { row in
      batch.deltas[row] > 0 && mismatch(exact, row, dumped, row) > 0
    }
    guard rows.count * 2 > batch.usedCount, !rows.isEmpty else { return nil }
    let step = max(1, rows.count / Self.searched)
    var shifts: [Double] = []
    var remaining: [Double] = []
    for row in stride(from: 0, to: rows.count, by: step).map({ rows[$0] }) {
      var best = (shift: 0.0, distance: Double.infinity)
      var reach = 1.5
      for _ in 0..<3 {
        let center = best.shift
        let offsets = (-100...100).map { center + reach * Double($0) / 100 }
        guard let line = batch.line(through: row, offsets: offsets) else { return nil }
        let values = TapValues(field, at: line, detail: detail)
        for (index, offset) in offsets.enumerated() {
          let distance = mismatch(values, index, dumped, row)
          if distance < best.distance { best = (offset, distance) }
        }
        reach /= 50
      }
      shifts.append(best.shift)
      remaining.append(best.distance / mismatch(exact, row, dumped, row))
    }
    let middle = remaining.sorted()[remaining.count / 2]
    guard middle < 0.02 else { return nil }
    let range = "\(digits(shifts.min() ?? 0)) to \(digits(shifts.max() ?? 0))"
    return "Samples \(range) δ further along their rays have the dumped values, of "
      + "\(remaining.count) rows that were searched"
  }

  /// Distance between the taps of two rows.
  private func mismatch(
    _ values: TapValues, _ row: Int, _ dumped: [TapValues.Kind: [[Double]]], _ other: Int
  ) -> Double {
    var sum = 0.0
    for (kind, actual) in dumped {
      for (own, theirs) in zip(values[kind], actual) {
        let e = own[row] - theirs[other]
        sum += e * e
      }
    }
    return sum.squareRoot()
  }
}

extension VMField {
  /// The same tensors, with the other choice of ``VMFieldOptions/clampsColorFeatures``.
  fileprivate func withOtherFeatureClamp() throws(ShapeError) -> any RadianceField<T> {
    var other = options
    other.clampsColorFeatures.toggle()
    let field = FieldConfiguration.vm(other).makeField(as: T.self, frame: frame, seed: nil)
    for (source, target) in zip(parameters, field.parameters) {
      try target.load(source.exported())
    }
    return field
  }
}

extension SampleBatch {
  /// The samples moved along their rays by a multiple of δ.
  fileprivate func moved(by share: Float, reversed: Bool = false) -> SampleBatch? {
    try? SampleBatch(
      positions: (0..<3).map { axis in
        (0..<count).map { positions[axis][$0] + share * deltas[$0] * directions[axis][$0] }
      }, directions: reversed ? directions.map { $0.map { -$0 } } : directions, deltas: deltas,
      gaps: gaps, spans: spans)
  }

  /// Samples around one row, at multiples of its δ.
  fileprivate func line(through row: Int, offsets: [Double]) -> SampleBatch? {
    let count = offsets.count
    func column(_ values: [Float]) -> [Float] { [Float](repeating: values[row], count: count) }
    return try? SampleBatch(
      positions: (0..<3).map { axis in
        offsets.map { positions[axis][row] + Float($0) * deltas[row] * directions[axis][row] }
      }, directions: directions.map(column), deltas: column(deltas), gaps: column(gaps),
      spans: [RaySpan(offset: 0, count: count)])
  }
}
