import Fields
import NeRFCore

/// Gradients of a step held against central differences of the same step in double precision.
///
/// For a direction v of the student's parameters,
///
///     (ℓ(θ + hv) − ℓ(θ − hv)) / 2h   against   ⟨∂ℓ/∂θ, v⟩,     h = 10⁻⁵
///
/// with v of random signs in all parameters, or along the one element in which a term is steepest, in units
/// of the root mean square of each parameter: a fresh table of 10⁻⁴ beside weights of 0.1 would leave its
/// linear piece with a common step. Both fields are copied to double precision, so what is verified is the
/// derivation; how far the gradients of the run are from it is ``singleAgainstDouble``.
///
/// A loss ℓ carries roundings of about 10⁻¹⁶ ℓ, its difference of 10⁻¹¹ ℓ: derivatives below 10⁻⁶ ℓ are not
/// compared relatively.
public struct GradientVerification: Sendable, Codable, Equatable {
  /// One derivative along one direction.
  public struct Check: Sendable, Codable, Equatable {
    public var term: LossTerm
    /// "random signs" or the name of a parameter with the number of its element.
    public var direction: String
    /// ⟨∂ℓ/∂θ, v⟩ of the term before its rate.
    public var analytic: Double
    /// The central difference.
    public var difference: Double
    /// Their distance, relative to the larger of the two or to 10⁻⁶ of the term.
    public var relativeError: Double
  }

  /// Rays and samples that were looked at: the first of the step.
  public var rays: Int
  public var samples: Int
  public var checks: [Check]
  /// ‖g − g₆₄‖ / ‖g₆₄‖ of the weighted gradients on those rays.
  public var singleAgainstDouble: [LossTerm: Double]
  /// The largest relative error of ``checks``.
  public var worst: Double { checks.map(\.relativeError).max() ?? 0 }

  static let step = 1e-5
  /// Random directions.
  static let directions = 2

  /// Verifies the gradients of `evaluator` on its first rays.
  init<T: RadianceScalar>(_ evaluator: TermEvaluator<T>, samples limit: Int, seed: UInt64) throws {
    let pool = evaluator.student.pool
    let student = try evaluator.student.field.copy(as: Double.self)
    var rates = evaluator.rates
    let double = TermEvaluator(
      teacher: FieldEvaluator(try evaluator.teacher.field.copy(as: Double.self), pool: pool),
      student: FieldEvaluator(student, pool: pool),
      input: try evaluator.input.prefix(samples: limit, as: Double.self), kind: evaluator.kind,
      rates: rates, compatibility: evaluator.compatibility,
      densityScale: evaluator.densityScale.double)
    let single = TermEvaluator(
      teacher: evaluator.teacher, student: evaluator.student,
      input: try evaluator.input.prefix(samples: limit, as: T.self), kind: evaluator.kind,
      rates: rates, compatibility: evaluator.compatibility, densityScale: evaluator.densityScale)
    rays = double.input.batch.rayCount
    samples = double.input.batch.usedCount
    // Terms are verified as if every rate were 1, so that those without weight are verified, too.
    rates.rgb = 1
    rates.color = 1
    rates.density = 1
    rates.l1 = 1
    rates.features = 1
    var unweighted = double
    unweighted.rates = rates
    unweighted.input.featureRate = 1
    let gradients = try unweighted.gradients().parameters
    singleAgainstDouble = try Self.distances(
      single.gradients().parameters, double.gradients().parameters)
    var checks: [Check] = []
    let directions =
      (0..<Self.directions).map { Direction(random: $0, of: student, seed: seed) }
      + gradients.terms.compactMap { Direction(steepestIn: gradients, term: $0, of: student) }
    for direction in directions {
      let values = try direction.differences(student, step: Self.step) { try unweighted.losses() }
      for term in gradients.terms where direction.term == nil || direction.term == term {
        let analytic = direction.product(gradients, term)
        let difference = (values.ahead[term] - values.behind[term]) / (2 * Self.step)
        let scale = max(abs(analytic), abs(difference), 1e-6 * abs(values.ahead[term]))
        checks.append(
          Check(
            term: term, direction: direction.name, analytic: analytic, difference: difference,
            relativeError: scale > 0 ? abs(analytic - difference) / scale : 0))
      }
    }
    self.checks = checks
  }

  private static func distances<T: RadianceScalar>(
    _ single: TermGradients<T>, _ double: TermGradients<Double>
  ) -> [LossTerm: Double] {
    var result: [LossTerm: Double] = [:]
    for term in double.terms {
      guard let a = single.values[term], let b = double.values[term] else { continue }
      var distance = 0.0
      for index in a.indices {
        for i in a[index].indices {
          let e = a[index][i].double - b[index][i]
          distance += e * e
        }
      }
      let norm = double.norm(of: term)
      result[term] = norm > 0 ? distance.squareRoot() / norm : distance.squareRoot()
    }
    return result
  }
}

/// A direction in the space of a field's parameters.
private struct Direction {
  let name: String
  /// The term it was chosen for; nil for all.
  let term: LossTerm?
  /// For each parameter its elements, in the order of its shape; nil for zeros.
  private let parts: [[Double]?]

  init(random index: Int, of field: any RadianceField<Double>, seed: UInt64) {
    name = "random signs \(index + 1)"
    term = nil
    parts = field.parameters.enumerated().map { number, parameter in
      let random = CounterRandom(
        seed: seed, purpose: .verification, stream: field.parameters.count * index + number)
      let unit = Self.unit(parameter.exported())
      return (0..<parameter.count).map { random.words(at: $0 / 4)[$0 % 4] & 1 == 0 ? unit : -unit }
    }
  }

  /// The root mean square of a parameter; 0.01 for one that is zero everywhere.
  private static func unit(_ values: [Double]) -> Double {
    let squares = values.reduce(0) { $0 + $1 * $1 }
    return squares > 0 ? (squares / Double(values.count)).squareRoot() : 0.01
  }

  /// Along the parameter in which the term is steepest; nil if it is flat.
  init?(
    steepestIn gradients: TermGradients<Double>, term: LossTerm, of field: any RadianceField<Double>
  ) {
    guard let values = gradients.values[term] else { return nil }
    var best = (parameter: 0, element: 0, size: 0.0)
    for (parameter, part) in values.enumerated() {
      for (element, value) in part.enumerated() where abs(value) > best.size {
        best = (parameter, element, abs(value))
      }
    }
    guard best.size > 0 else { return nil }
    name = "\(gradients.names[best.parameter])[\(best.element)]"
    self.term = term
    let unit = Self.unit(field.parameters[best.parameter].exported())
    parts = values.enumerated().map { parameter, part in
      guard parameter == best.parameter else { return nil }
      var result = [Double](repeating: 0, count: part.count)
      result[best.element] = unit
      return result
    }
  }

  func product(_ gradients: TermGradients<Double>, _ term: LossTerm) -> Double {
    guard let values = gradients.values[term] else { return 0 }
    return zip(parts, values).reduce(0.0) { sum, pair in
      guard let part = pair.0 else { return sum }
      return zip(part, pair.1).reduce(sum) { $0 + $1.0 * $1.1 }
    }
  }

  /// The terms on both sides of the field's parameters, which are put back.
  func differences(
    _ field: any RadianceField<Double>, step: Double, _ losses: () throws -> LossReport
  ) throws -> (ahead: LossReport, behind: LossReport) {
    let saved = field.parameters.map { $0.exported() }
    func moved(by distance: Double) throws -> LossReport {
      for (index, part) in parts.enumerated() {
        guard let part else { continue }
        try field.parameters[index].load(zip(saved[index], part).map { $0 + distance * $1 })
      }
      return try losses()
    }
    let ahead = try moved(by: step)
    let behind = try moved(by: -step)
    for (index, values) in saved.enumerated() where parts[index] != nil {
      try field.parameters[index].load(values)
    }
    return (ahead, behind)
  }
}
