import Distill
import Fields
import NeRFCore

/// Compares the gradient of the whole loss, parameter by parameter, and finds the rates it was made with.
struct GradientComparison {
  let dump: StepDump
  /// In double precision, with the rule under which the terms agree.
  let exact: TermEvaluator<Double>
  /// The same in the precision of runs.
  let single: TermEvaluator<Float>
  /// What every term's gradient is multiplied by; 1 unless a loss is squared.
  let factors: [LossTerm: Double]
  let bounds: ComparisonBounds
  let seed: UInt64

  static func name(_ parameter: String) -> String { "grad.param.student.\(parameter)" }

  /// Gradients of every term before its rate, for one parameter.
  private struct Parameter {
    let name: String
    let actual: [Double]
    let terms: [[Double]]
    let bound: Double
    let values: [Double]

    /// Σ rate · gradient.
    func combination(_ rates: [Double]) -> [Double] { Self.combination(terms, rates) }

    static func combination(_ terms: [[Double]], _ rates: [Double]) -> [Double] {
      var sum = [Double](repeating: 0, count: terms.first?.count ?? 0)
      for (gradient, rate) in zip(terms, rates) where rate != 0 {
        for i in sum.indices { sum[i] += rate * gradient[i] }
      }
      return sum
    }
  }

  private var terms: [LossTerm] { exact.terms }
  private var rates: [Double] {
    terms.map {
      exact.rates.rate(of: $0, featureRate: exact.input.featureRate) * (factors[$0] ?? 1)
    }
  }

  func compare(follows: Bool) throws -> [StepComparison.Quantity] {
    let names = exact.student.field.parameters.map(\.name)
    guard names.contains(where: { dump.tensors[Self.name($0)] != nil }) else { return [] }
    let parameters = try parameters()
    var result = parameters.map { quantity($0, rates: rates) }
    guard result.contains(where: { $0.verdict == .differs }) else { return result }
    let explanation = follows ? nil : explanation(parameters)
    for index in result.indices where result[index].verdict == .differs {
      if let explanation {
        result[index] = result[index].explained(
          by: [explanation.convention], note: explanation.note)
      } else if follows {
        result[index].verdict = .follows
      }
    }
    return result
  }

  private func parameters() throws -> [Parameter] {
    func unweighted<T: RadianceScalar>(_ evaluator: TermEvaluator<T>) throws -> TermGradients<T> {
      var copy = evaluator
      copy.rates = .ones
      if evaluator.rates.depth == 0 { copy.rates.depth = 0 }
      copy.input.featureRate = 1
      return try copy.gradients().parameters
    }
    let gradients = try unweighted(exact)
    let measured = try unweighted(single)
    let moved = try ParameterRounding(exact.student.field, seed: seed).during {
      try unweighted(exact)
    }
    let rates = rates
    return try gradients.names.indices.compactMap { index -> Parameter? in
      let name = Self.name(gradients.names[index])
      guard let tensor = dump.tensors[name] else { return nil }
      guard tensor.shape == gradients.shapes[index] else {
        throw ShapeError(
          in: "StepDump", name, expected: gradients.shapes[index], actual: tensor.shape,
          fix: "Dump the gradient in the shape of the parameter.")
      }
      func all<T: RadianceScalar>(_ gradients: TermGradients<T>) -> [[Double]] {
        terms.map { gradients[$0, index].map(\.double) }
      }
      let own = all(gradients)
      return Parameter(
        name: name, actual: tensor.values, terms: own,
        bound: bounds.norm(
          Parameter.combination(own, rates),
          measured: [all(measured), all(moved)].map { Parameter.combination($0, rates) }),
        values: exact.student.field.parameters[index].exported())
    }
  }

  /// One quantity, judged by the norm of the difference.
  private func quantity(_ parameter: Parameter, rates: [Double]) -> StepComparison.Quantity {
    let expected = parameter.combination(rates)
    let off = distance(expected, parameter.actual)
    let ratio =
      off == 0 ? 0 : off.isFinite && parameter.bound > 0 ? off / parameter.bound : .infinity
    let furthest = expected.indices.max {
      abs(expected[$0] - parameter.actual[$0]) < abs(expected[$1] - parameter.actual[$1])
    }
    return StepComparison.Quantity(
      name: parameter.name, part: .gradients, count: expected.count,
      differing: ratio > 1 ? expected.count : 0, ratio: ratio,
      worst: furthest.map {
        StepComparison.Element(
          index: $0, row: nil, ray: nil, expected: expected[$0], actual: parameter.actual[$0],
          bound: parameter.bound)
      }, verdict: ratio > 1 ? .differs : .agrees)
  }

  // MARK: Explanations

  /// The rates under which the gradients agree, found by least squares.
  ///
  /// With the gradients gₜ of the terms and the parameters θ, minimises ‖Σ cₜ gₜ + c θ − d‖ over all parameters of
  /// the dump d. A dump that is a combination of these leaves nothing.
  private func explanation(_ parameters: [Parameter]) -> (convention: Convention, note: String?)? {
    let columns = terms.indices.map { term in parameters.flatMap { $0.terms[term] } }
    let target = parameters.flatMap(\.actual)
    let decay = parameters.flatMap(\.values)
    guard target.allSatisfy(\.isFinite) else { return nil }
    let limit = parameters.reduce(0) { $0 + $1.bound * $1.bound }.squareRoot()
    func fit(_ columns: [[Double]]) -> [Double]? {
      guard let found = leastSquares(columns, target) else { return nil }
      let rest = distance(Parameter.combination(columns, found), target)
      // A gradient that is larger by a factor is rounded by as much more.
      let size = max(1, distance(target, nil) / max(distance(own, nil), .leastNormalMagnitude))
      return rest <= limit * size ? found : nil
    }
    let own = Parameter.combination(columns, rates)
    if let found = fit(columns) { return named(found) }
    guard let found = fit(columns + [decay]), let last = found.last else { return nil }
    return (.weightDecayInGradient, "The gradient holds \(digits(last)) times the parameters")
  }

  /// A name for rates that were found.
  private func named(_ found: [Double]) -> (convention: Convention, note: String?) {
    let pairs = zip(terms, zip(found, rates)).filter { $0.1.0 != 0 || $0.1.1 != 0 }
    let note =
      "Rates that fit: "
      + pairs.map { "\($0.0.rawValue) \(digits($0.1.0)) (here \(digits($0.1.1)))" }
      .joined(separator: ", ")
    func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-3 * max(abs(a), abs(b)) }
    let quotients = pairs.map { $0.1.1 == 0 ? Double.infinity : $0.1.0 / $0.1.1 }
    if pairs.count > 1 || terms == [.features], let first = quotients.first, first.isFinite,
      quotients.allSatisfy({ isNear($0, first) })
    {
      // One term alone cannot tell a rate from a scale, unless the rate is a known one.
      if let known = knownFeatureRate(found, isNear) { return (known, note) }
      return (.lossScale, "The number is \(digits(first))")
    }
    let others = zip(pairs, quotients).filter { !isNear($0.1, 1) }
    if others.count == 1 {
      let term = others[0].0.0
      if abs(others[0].1) < 1e-3 { return (.without(term), note) }
      if term == .features, let known = knownFeatureRate(found, isNear) { return (known, note) }
    }
    return (.otherRates, note)
  }

  private func knownFeatureRate(
    _ found: [Double], _ isNear: (Double, Double) -> Bool
  ) -> Convention? {
    guard let index = terms.firstIndex(of: .features) else { return nil }
    return TotalComparison.featureRates(exact.rates, exact.input).first {
      isNear(found[index], $0.1 * (factors[.features] ?? 1))
    }?.0
  }
}

extension LossRates {
  /// All 1.
  fileprivate static var ones: LossRates {
    var rates = LossRates()
    rates.rgb = 1
    rates.features = 1
    rates.color = 1
    rates.density = 1
    rates.depth = 1
    rates.l1 = 1
    return rates
  }
}
