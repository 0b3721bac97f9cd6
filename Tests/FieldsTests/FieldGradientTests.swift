import Fields
import NeRFCore
import TestSupport
import Testing

/// One tap of a field.
enum Tap: CaseIterable, Sendable {
  case features, logDensities, densities, colors

  /// The given cotangents of this tap alone.
  func only<T: RadianceScalar>(_ all: TapCotangents<T>) -> TapCotangents<T> {
    switch self {
    case .features: TapCotangents(features: all.features)
    case .logDensities: TapCotangents(logDensities: all.logDensities)
    case .densities: TapCotangents(densities: all.densities)
    case .colors: TapCotangents(colors: all.colors)
    }
  }

  func values<T: RadianceScalar>(_ taps: TapValues<T>) -> [T] {
    switch self {
    case .features: taps.features
    case .logDensities: taps.logDensities
    case .densities: taps.densities
    case .colors: taps.colors
    }
  }

  func cotangents<T: RadianceScalar>(_ all: TapCotangents<T>) -> [T] {
    switch self {
    case .features: all.features ?? []
    case .logDensities: all.logDensities ?? []
    case .densities: all.densities ?? []
    case .colors: all.colors ?? []
    }
  }
}

@Suite("Gradients of fields")
struct FieldGradientTests {
  private static let details: [Tap: TapDetail] = [
    .features: .features, .logDensities: .features, .densities: .density, .colors: .full,
  ]

  /// The smallest derivative that differences can confirm: the sum of some twenty taps of size 1 rounds by
  /// about 1e-15, which over two steps of 6e-6 is 1e-10, and 1e-10 of 1e-4 is ``Tolerance/gradient``.
  private static let confirmable = 1e-4

  /// Parameters move, positions do not: cell borders are out of play. Densities and clamped features
  /// stay a tenth inside their range. Units near the kink of ReLU within the step of 6e-6 would make
  /// the test fail, never pass.
  @Test(
    "every parameter's gradient through every tap matches central differences",
    arguments: SmallFields.configurations, Tap.allCases)
  func centralDifferences(configuration: FieldConfiguration, tap: Tap) throws {
    let field = try SmallFields.field(configuration, as: Double.self)
    guard field.hasFeatures || tap != .features else { return }
    let batch = try randomBatch(7, seed: 3)
    let inside = field.taps(batch)
    #expect(inside.logDensities.allSatisfy { $0 > -1.9 && $0 < 6.9 })
    if configuration.architecture == .vm {
      #expect(inside.features.allSatisfy { $0 > -1.9 && $0 < 6.9 })
    }
    let cotangents = TapCotangents<Double>.random(batch.count, field, seed: 4)
    // The smallest pass that has the tap, and the full one.
    for detail in Set([Self.details[tap] ?? .full, .full]) {
      let gradients = field.gradients(batch, tap.only(cotangents), detail: detail)
      let reached = field.parametersReached(by: detail)
      for (index, parameter) in field.parameters.enumerated() {
        let gradient = gradients[index]
        let start = parameter.exported()
        let isZero = gradient.allSatisfy { $0 == 0 }
        if !reached.contains(index) {
          #expect(isZero, "\(parameter.name) is not reached by \(detail)")
          continue
        }
        let largest = gradient.reduce(0) { max($0, abs($1)) }
        let check = try GradientCheck(
          of: gradient, at: start, directions: 2, floor: max(largest * 1e-3, Self.confirmable)
        ) {
          try parameter.load($0)
          let values = tap.values(field.taps(batch, detail: detail))
          return zip(values, tap.cotangents(cotangents)).reduce(0) { $0 + $1.0 * $1.1 }
        }
        try parameter.load(start)
        #expect(check.passes(), "\(detail) \(parameter.name): \(check)")
      }
    }
  }

  /// The gradient through one tap alone must not be zero by accident: the check above would pass.
  @Test(
    "every tap reaches the parameters it is made of", arguments: SmallFields.configurations,
    Tap.allCases)
  func reach(configuration: FieldConfiguration, tap: Tap) throws {
    let field = try SmallFields.field(configuration, as: Double.self)
    guard field.hasFeatures || tap != .features else { return }
    let batch = try randomBatch(64, seed: 3)
    let gradients = field.gradients(
      batch, tap.only(TapCotangents.random(batch.count, field, seed: 4)))
    for (parameter, gradient) in zip(field.parameters, gradients) {
      let isColorOnly = parameter.name.hasPrefix("color_net")
      let isMoved = gradient.contains { $0 != 0 }
      switch (tap, configuration.architecture) {
      case (.colors, .vm): #expect(isMoved == !parameter.name.hasPrefix("sigma_"))
      case (.colors, _): #expect(isMoved, "\(parameter.name)")
      case (.features, _): #expect(isMoved == !isColorOnly, "\(parameter.name)")
      case (_, .vm): #expect(isMoved == parameter.name.hasPrefix("sigma_"), "\(parameter.name)")
      case (_, _): #expect(isMoved == !isColorOnly, "\(parameter.name)")
      }
    }
  }

  @Test("clamped densities pass no gradient", arguments: SmallFields.configurations)
  func clamped(configuration: FieldConfiguration) throws {
    let batch = try randomBatch(32, seed: 5)
    let open = try SmallFields.field(configuration, as: Double.self)
    let values = open.taps(batch).logDensities
    // A range above everything, and one below: all samples sit at its end.
    let highest = values.max() ?? 0
    let lowest = values.min() ?? 0
    for range in [(highest + 1, highest + 2), (lowest - 2, lowest - 1)] {
      let frame = FieldFrame(logDensityMinimum: range.0, logDensityMaximum: range.1)
      let field = try SmallFields.field(configuration, as: Double.self, frame: frame)
      let end = range.0 > highest ? range.0 : range.1
      #expect(field.taps(batch).logDensities.allSatisfy { $0 == end })
      let cotangents = TapCotangents<Double>.random(batch.count, field, seed: 6)
      for tap in [Tap.logDensities, .densities] {
        let gradients = field.gradients(batch, tap.only(cotangents))
        #expect(gradients.allSatisfy { $0.allSatisfy { $0 == 0 } })
      }
    }
  }

  /// Volumes leave such samples out. Those with a cotangent are every third; of these every other one has it
  /// in its colour only.
  @Test("samples of a volume without cotangents add nothing, and leave nothing out beside them")
  func withoutCotangents() throws {
    var options = TensorsFieldOptions()
    options.resolution = [5, 3, 6]
    let field = try SmallFields.field(.tensors(options), as: Float.self)
    let all = try randomBatch(600, seed: 8)
    var cotangents = TapCotangents<Float>.random(all.count, field, seed: 9)
    for s in 0..<all.count {
      if s % 3 != 0 { for k in 0..<3 { cotangents.colors?[3 * s + k] = 0 } }
      guard s % 6 != 0 else { continue }
      cotangents.densities?[s] = 0
      cotangents.logDensities?[s] = 0
    }
    let kept = (0..<all.count).filter { $0 % 3 == 0 }
    func chosen(_ rows: [[Float]]) -> [Float] { kept.flatMap { s in rows.map { $0[s] } } }
    let few = try sampleBatch(
      positions: chosen(all.positions), directions: chosen(all.directions))
    func chosen(_ values: [Float]?, _ width: Int) -> [Float]? {
      values.map { values in kept.flatMap { values[width * $0..<width * $0 + width] } }
    }
    let fewCotangents = TapCotangents<Float>(
      features: nil, logDensities: chosen(cotangents.logDensities, 1),
      densities: chosen(cotangents.densities, 1), colors: chosen(cotangents.colors, 3))
    let gradients = field.gradients(all, cotangents)
    let expected = field.gradients(few, fewCotangents)
    #expect(gradients == expected)
    #expect(gradients[0].contains { $0 != 0 })
    // What is no number is not nothing.
    cotangents.colors?[3] = .nan
    let poisoned = field.gradients(all, cotangents)[0]
    #expect(poisoned.contains { $0.isNaN })
  }

  /// At the centre of a volume of 2 × 2 × 2 every weight is an eighth, so the value is exact.
  @Test(
    "both ends of the clamp belong to it",
    arguments: [(-2.0, true), (7, true), (-2.5, false), (7.5, false)])
  func clampEnds(value: Double, passes: Bool) throws {
    var options = TensorsFieldOptions()
    options.resolution = [2, 2, 2]
    options.degree = 1
    let field = TensorsField<Double>(options: options, seed: 1)
    try field.parameters[0].load([Double](repeating: value, count: 32))
    let batch = try sampleBatch(positions: [0, 0, 0])
    for cotangents in [
      TapCotangents<Double>(logDensities: [1]), TapCotangents<Double>(densities: [1]),
    ] {
      let gradient = field.gradients(batch, cotangents)[0]
      #expect(gradient[0..<8].allSatisfy { ($0 != 0) == passes })
    }
  }

  @Test("gradients add up over calls", arguments: SmallFields.configurations)
  func accumulation(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Double.self)
    let batch = try randomBatch(300, seed: 7)
    let cotangents = TapCotangents<Double>.random(batch.count, field, seed: 8)
    let once = field.gradients(batch, cotangents)
    let evaluator = FieldEvaluator(field, pool: WorkerPool(threads: 2))
    let taps = FieldTaps<Double>(count: batch.count)
    evaluator.forward(batch, detail: .full, into: taps)
    evaluator.backward(
      batch, detail: .full, taps: taps, cotangents: cotangents.rows(count: batch.count, field))
    for (parameter, gradient) in zip(field.parameters, once) {
      let comparison = Comparison(
        parameter.name, actual: parameter.exportedGradient(), expected: gradient.map { 2 * $0 },
        .reference, scale: Double(batch.count))
      #expect(comparison.passed, "\(comparison)")
    }
  }
}
