import Distill
import Fields
public import NeRFCore

/// The gradients of one step, term by term and tensor by tensor.
///
/// A gradient is that of the weighted term, `rate · ∂ℓ/∂θ`: what the optimiser would see if there were no
/// other term. The gradient of the whole loss is their sum, up to rounding.
public struct TermGradients<T: RadianceScalar>: Sendable {
  /// Names of the student's parameters, in the field's order.
  public let names: [String]
  /// Their shapes.
  public let shapes: [[Int]]
  /// The terms of the step.
  public let terms: [LossTerm]
  /// For each term one array per parameter, in the order of storage.
  let parts: [LossTerm: [SparseArray<T>]]
  /// Where in the order of its shape an element of a parameter stands.
  let outerIndex: @Sendable (_ parameter: Int, _ index: Int) -> Int

  /// `rate · ∂ℓ/∂θ` for one parameter, in the order of its shape.
  ///
  /// Only what is not zero is kept; this makes the array anew every time.
  ///
  /// - Parameter parameter: Index into ``names``.
  public subscript(term: LossTerm, parameter: Int) -> [T] {
    parts[term]?[parameter].dense { outerIndex(parameter, $0) } ?? []
  }

  /// ‖rate · ∂ℓ/∂θ‖₂, over one parameter or over all.
  ///
  /// - Parameter parameter: Index into ``names``; nil for the whole field.
  public func norm(of term: LossTerm, parameter: Int? = nil) -> Double {
    dot(term, term, parameter: parameter).squareRoot()
  }

  /// Cosine of the angle between the gradients of two terms; nil where one of them is zero.
  ///
  /// 1: both pull the same way; 0: they do not meet; −1: one undoes the other.
  public func cosine(_ a: LossTerm, _ b: LossTerm, parameter: Int? = nil) -> Double? {
    let scale = norm(of: a, parameter: parameter) * norm(of: b, parameter: parameter)
    guard scale > 0, scale.isFinite else { return nil }
    return dot(a, b, parameter: parameter) / scale
  }

  /// The inner product of two gradients, summed in double precision in the order of the elements.
  public func dot(_ a: LossTerm, _ b: LossTerm, parameter: Int? = nil) -> Double {
    guard let a = parts[a], let b = parts[b] else { return 0 }
    var total = 0.0
    for index in parameter.map({ [$0] }) ?? Array(names.indices) {
      total += a[index].dot(b[index])
    }
    return total
  }
}

/// Evaluates single terms of a step, for inspection; training does not go through it.
///
/// The student's gradients are zero before and after every call.
struct TermEvaluator<T: RadianceScalar> {
  let teacher: FieldEvaluator<T>
  let student: FieldEvaluator<T>
  var input: StepInput<T>
  let kind: LossKind
  var rates: LossRates
  let compatibility: CompatibilityOptions
  let densityScale: T
  /// Which samples the terms of stage 3 compare; nil for all.
  var selection: SampleSelection?
  var activeStages = ActiveStages()

  /// Whether active learning has a part in the step.
  var isActive: Bool { activeStages.contains(input.stage) }

  var terms: [LossTerm] {
    input.stage.terms(
      hasFeatures: teacher.field.hasFeatures && student.field.hasFeatures,
      hasFactors: student.field is VMField<T>, hasDepth: rates.depth != 0)
  }

  /// A step with all terms, or with one.
  func step(only term: LossTerm? = nil) -> DistillationStep<T> {
    var rates = term.map { self.rates.keeping(only: $0) } ?? rates
    // A step leaves features without weight out of the comparison; their value is worth knowing.
    // What they weigh in this step is passed apart.
    if term == nil && rates.features == 0 { rates.features = 1 }
    let step = DistillationStep(
      teacher: teacher, student: student, kind: kind, rates: rates, compatibility: compatibility)
    step.densityScale = densityScale
    step.selection = selection
    step.activeStages = activeStages
    return step
  }

  /// The gradients of every term, and of each the gradients with respect to the taps.
  func gradients() throws -> (
    parameters: TermGradients<T>, taps: [LossTerm: FieldTaps<T>]
  ) {
    var parts: [LossTerm: [SparseArray<T>]] = [:]
    var taps: [LossTerm: FieldTaps<T>] = [:]
    let parameters = student.field.parameters
    for term in terms {
      let step = step(only: term)
      _ = try step.accumulateGradients(
        input.batch, stage: input.stage, featureRate: term == .features ? input.featureRate : 0,
        background: input.background)
      parts[term] = parameters.map { SparseArray($0.gradient.base, count: $0.count) }
      taps[term] = step.tapGradients
      for parameter in parameters { parameter.gradient.clear(student.pool) }
    }
    let gradients = TermGradients(
      names: parameters.map(\.name), shapes: parameters.map(\.shape), terms: terms,
      parts: parts, outerIndex: { parameters[$0].outerIndex(of: $1) })
    return (gradients, taps)
  }

  /// The terms of the step and their weighted sum.
  func losses() throws -> LossTerms<T.Sum> {
    try step().losses(
      input.batch, stage: input.stage, featureRate: input.featureRate,
      background: input.background)
  }
}
