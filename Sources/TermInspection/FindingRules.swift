import Distill
import Fields
import NeRFCore

/// Draws conclusions from the numbers of one step.
struct FindingRules<T: RadianceScalar> {
  let evaluator: TermEvaluator<T>
  let fields: TracedFields<T>
  let gradients: TermGradients<T>
  let statistics: StepStatistics
  let losses: LossTerms<T.Sum>

  private func rate(_ term: LossTerm) -> Double {
    evaluator.rates.rate(of: term, featureRate: evaluator.input.featureRate)
  }

  func findings() -> [Finding] {
    parameters() + samples() + terms() + parts() + transfer()
  }

  private func parameters() -> [Finding] {
    var result: [Finding] = []
    for (name, field) in [
      ("teacher", evaluator.teacher.field), ("student", evaluator.student.field),
    ] {
      for parameter in field.parameters {
        guard !allFinite(parameter.values.base, count: parameter.count) else { continue }
        let values = parameter.exported()
        guard let first = values.firstIndex(where: { !$0.isFinite }) else { continue }
        let number = values.count { !$0.isFinite }
        result.append(
          Finding(
            kind: .nonFiniteParameter, subject: "\(name) \(parameter.name)",
            message: "Element \(first) of \(parameter.name) of the \(name) is \(values[first]); "
              + "\(number) of \(values.count) elements are not finite."))
      }
    }
    return result
  }

  private func samples() -> [Finding] {
    guard statistics.samples > 0 else {
      return [
        Finding(
          kind: .noSamples, subject: "batch",
          message: "None of \(statistics.rays) rays meets an occupied cell.")
      ]
    }
    var result: [Finding] = []
    for (name, clamp) in [("teacher", statistics.teacher), ("student", statistics.student)] {
      if clamp.nonFinite > 0 {
        result.append(
          Finding(
            kind: .nonFiniteTap, subject: name,
            message: "\(clamp.nonFinite) taps of the \(name) are not finite."))
      }
      for (end, number) in [("lower", clamp.low), ("upper", clamp.high)]
      where Double(number) >= Finding.Limit.saturation * Double(statistics.samples) {
        result.append(
          Finding(
            kind: .saturatedClamp, subject: name,
            message: "\(number) of \(statistics.samples) log-densities of the \(name) lie at the "
              + "\(end) end of its clamp, beyond which the gradient is zero."))
      }
    }
    let rows = statistics.samples + statistics.padding
    if statistics.comparesPadding,
      Double(statistics.padding) >= Finding.Limit.padding * Double(rows)
    {
      result.append(
        Finding(
          kind: .paddingDominates, subject: "batch",
          message:
            "\(statistics.padding) of \(rows) compared rows are padding: they belong to no ray, "
            + "and the terms compare both fields at the origin."))
    }
    return result
  }

  private func terms() -> [Finding] {
    var result: [Finding] = []
    for term in gradients.terms {
      let value = losses[term].double
      guard value != 0 else { continue }
      if rate(term) == 0 {
        result.append(
          Finding(
            kind: .zeroRateTerm, subject: term.rawValue,
            message: "The term \(term.rawValue) is \(value), but its rate is 0."))
      } else if gradients.norm(of: term) == 0 {
        result.append(
          Finding(
            kind: .termWithoutGradient, subject: term.rawValue,
            message: "The term \(term.rawValue) is \(value), but changes no parameter."))
      }
    }
    for (index, first) in gradients.terms.enumerated() {
      for second in gradients.terms[(index + 1)...] {
        guard let cosine = gradients.cosine(first, second), cosine < Finding.Limit.opposition else {
          continue
        }
        result.append(
          Finding(
            kind: .opposingTerms, subject: "\(first.rawValue) \(second.rawValue)",
            message: "The gradients of \(first.rawValue) and \(second.rawValue) oppose each other: "
              + "cosine \(rounded(cosine))."))
      }
    }
    return result
  }

  /// Groups of parameters that the stage reaches, but no term moves.
  private func parts() -> [Finding] {
    let field = evaluator.student.field
    let reached = Set(field.parametersReached(by: evaluator.input.stage.detail))
    guard gradients.terms.contains(where: { gradients.norm(of: $0) > 0 }) else { return [] }
    return field.groups.compactMap { group in
      let members = group.members.filter(reached.contains)
      guard !members.isEmpty,
        members.allSatisfy({ index in
          gradients.terms.allSatisfy { gradients.norm(of: $0, parameter: index) == 0 }
        })
      else { return nil }
      return Finding(
        kind: .partWithoutGradient, subject: group.name,
        message: "No term changes \(group.name) of the student, which stage "
          + "\(evaluator.input.stage.rawValue) evaluates.")
    }
  }

  /// Compares colours behind the sRGB curve, both ways round.
  private func transfer() -> [Finding] {
    guard evaluator.input.stage != .features, statistics.samples > 0 else { return [] }
    func difference(_ map: (Double) -> (Double), of changed: FieldTaps<T>, to other: FieldTaps<T>)
      -> Double
    {
      var sum = 0.0
      for channel in 0..<3 {
        let (a, b) = (changed.row(TapRow.color + channel), other.row(TapRow.color + channel))
        for row in 0..<statistics.samples {
          let e = map(a[row].double) - b[row].double
          sum += e * e
        }
      }
      return (sum / Double(3 * statistics.samples)).squareRoot()
    }
    let plain = difference({ $0 }, of: fields.student, to: fields.teacher)
    guard plain > Finding.Limit.visible else { return [] }
    let curve = { (x: Double) in ColorSpace.sRGB(fromLinear: x) }
    let tries = [
      ("student", "teacher", difference(curve, of: fields.student, to: fields.teacher)),
      ("teacher", "student", difference(curve, of: fields.teacher, to: fields.student)),
    ]
    return tries.filter { $0.2 < Finding.Limit.transfer * plain }.map { linear, encoded, rest in
      Finding(
        kind: .transferMismatch, subject: linear,
        message: "Colours differ by \(rounded(plain)), and by \(rounded(rest)) once those of the "
          + "\(linear) go through the sRGB curve: the \(linear) has linear colours, the \(encoded) encoded ones."
      )
    }
  }

  private func rounded(_ value: Double) -> String {
    let scaled = (value * 10_000).rounded() / 10_000
    return "\(scaled)"
  }
}
