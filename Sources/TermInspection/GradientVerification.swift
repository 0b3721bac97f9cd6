import Distill
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
/// compared relatively. Where the two disagree, smaller steps are tried, which meet fewer kinks (ReLU, clamps,
/// cells of a grid), and larger ones, which round less; a gradient that is wrong agrees with none of them.
public struct GradientVerification: Sendable, Codable, Equatable {
  /// One derivative along one direction.
  public struct Check: Sendable, Codable, Equatable {
    public var term: LossTerm
    /// "random signs" or the name of a parameter with the number of its element.
    public var direction: String
    /// h.
    public var step: Double
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

  /// In the order in which they are tried.
  static let steps = [1e-5, 1e-6, 1e-4, 1e-7]
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
      densityScale: evaluator.densityScale.double, selection: evaluator.selection,
      activeStages: evaluator.activeStages)
    let single = TermEvaluator(
      teacher: evaluator.teacher, student: evaluator.student,
      input: try evaluator.input.prefix(samples: limit, as: T.self), kind: evaluator.kind,
      rates: rates, compatibility: evaluator.compatibility, densityScale: evaluator.densityScale,
      selection: evaluator.selection, activeStages: evaluator.activeStages)
    rays = double.input.batch.rayCount
    samples = double.input.batch.usedCount
    // Terms are verified as if every rate were 1, so that those without weight are verified, too.
    rates.rgb = 1
    rates.color = 1
    rates.density = 1
    rates.l1 = 1
    // A term that is not there stays away.
    if rates.depth != 0 { rates.depth = 1 }
    rates.features = 1
    var unweighted = double
    unweighted.rates = rates
    unweighted.input.featureRate = 1
    let gradients = try unweighted.gradients().parameters
    singleAgainstDouble = try Self.distances(
      single.gradients().parameters, double.gradients().parameters)
    let directions =
      (0..<Self.directions).map { ParameterDirection(random: $0, of: student, seed: seed) }
      + gradients.terms.compactMap {
        ParameterDirection(steepestIn: gradients, term: $0, of: student)
      }
    checks = try directions.flatMap { direction in
      try Self.checks(along: direction, student, original: evaluator.student.field, gradients) {
        try unweighted.losses()
      }
    }
  }

  /// One check per term; where the first step disagrees, the best of all steps.
  private static func checks<T: RadianceScalar>(
    along direction: ParameterDirection, _ student: any RadianceField<Double>,
    original: any RadianceField<T>, _ gradients: TermGradients<Double>,
    _ losses: () throws -> LossReport
  ) throws -> [Check] {
    let values = try losses()
    // Where teacher and student are equal, norms have a kink, and no derivative.
    let terms = gradients.terms.filter {
      (direction.term == nil || direction.term == $0) && values[$0] != 0
    }
    var best: [LossTerm: Check] = [:]
    for step in steps {
      let values = try direction.losses(student, original: original, step: step, losses)
      for term in terms {
        let analytic = direction.product(gradients, term)
        let difference = (values.ahead[term] - values.behind[term]) / (2 * step)
        let scale = max(abs(analytic), abs(difference), 1e-6 * abs(values.ahead[term]))
        let error = scale > 0 ? abs(analytic - difference) / scale : 0
        if let old = best[term], !(error < old.relativeError) { continue }
        best[term] = Check(
          term: term, direction: direction.name, step: step, analytic: analytic,
          difference: difference, relativeError: error)
      }
      if best.values.allSatisfy({ $0.relativeError <= Finding.Limit.gradient / 10 }) { break }
    }
    return terms.compactMap { best[$0] }
  }

  private static func distances<T: RadianceScalar>(
    _ single: TermGradients<T>, _ double: TermGradients<Double>
  ) -> [LossTerm: Double] {
    var result: [LossTerm: Double] = [:]
    for term in double.terms {
      guard let a = single.parts[term], let b = double.parts[term] else { continue }
      let distance = zip(a, b).reduce(0) { $0 + $1.0.squaredDistance($1.1) }
      let norm = double.norm(of: term)
      result[term] = norm > 0 ? distance.squareRoot() / norm : distance.squareRoot()
    }
    return result
  }
}
