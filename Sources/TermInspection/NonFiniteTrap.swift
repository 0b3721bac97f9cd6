import Distill
import Fields
import NeRFCore

/// The first number of a step that is NaN or infinite, in the order in which numbers are computed.
///
/// Parameters of the teacher, its layers, its taps sample by sample, the same of the student, then compositing,
/// terms, gradients with respect to taps, and gradients of parameters from the last layer to the first.
public struct NonFiniteTrap: Sendable, Codable, Equatable {
  /// Where in a step a number was computed.
  public enum Operation: String, Sendable, Codable {
    case teacherParameter
    case teacherLayer
    case teacherTap
    case studentParameter
    case studentLayer
    case studentTap
    case compositing
    case term
    case tapGradient
    case parameterGradient
  }

  public var operation: Operation
  /// The parameter, layer, tap or term.
  public var name: String
  /// Index of the element, in the order of the parameter's shape, or of the layer's output; nil for taps.
  public var element: Int?
  /// Row of the sample, and its ray; nil for parameters, terms and padding.
  public var row: Int?
  public var ray: Int?
  /// "nan", "inf" or "-inf".
  public var value: String
  /// Numbers it was computed from, as far as they have names.
  public var inputs: [String: Double]

  /// One sentence.
  public var message: String {
    let place =
      (element.map { "\(row == nil ? "element" : "output") \($0) of \(name)" } ?? name)
      + (row.map { " at sample \($0)\(ray.map { " on ray \($0)" } ?? "")" } ?? "")
    let given = inputs.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return "First number that is not finite: \(place) is \(value) (\(operation.rawValue))"
      + (given.isEmpty ? "." : ", computed from \(given.joined(separator: ", ")).")
  }
}

/// Searches a step for the first number that is not finite.
struct NonFiniteSearch<T: RadianceScalar> {
  let evaluator: TermEvaluator<T>
  let fields: TracedFields<T>
  let losses: LossTerms<T.Sum>
  let gradients: TermGradients<T>
  let taps: [LossTerm: FieldTaps<T>]

  func first() -> NonFiniteTrap? {
    if let trap = parameter(of: evaluator.teacher.field, .teacherParameter) { return trap }
    if let trap = layer(of: evaluator.teacher, .teacherLayer) { return trap }
    if let trap = tap(of: fields.teacher, .teacherTap) { return trap }
    if let trap = parameter(of: evaluator.student.field, .studentParameter) { return trap }
    if let trap = layer(of: evaluator.student, .studentLayer) { return trap }
    if let trap = tap(of: fields.student, .studentTap) { return trap }
    return weight() ?? term() ?? tapGradient() ?? parameterGradient()
  }

  private func name<V: BinaryFloatingPoint>(_ value: V) -> String {
    value.isNaN ? "nan" : value > 0 ? "inf" : "-inf"
  }

  private func parameter(
    of field: any RadianceField<T>, _ operation: NonFiniteTrap.Operation
  ) -> NonFiniteTrap? {
    for parameter in field.parameters {
      guard !allFinite(parameter.values.base, count: parameter.count) else { continue }
      let values = parameter.exported()
      guard let element = values.firstIndex(where: { !$0.isFinite }) else { continue }
      return NonFiniteTrap(
        operation: operation, name: parameter.name, element: element, row: nil, ray: nil,
        value: name(values[element]), inputs: [:])
    }
    return nil
  }

  /// The first operation inside a field, and what went into it.
  private func layer(
    of field: FieldEvaluator<T>, _ operation: NonFiniteTrap.Operation
  ) -> NonFiniteTrap? {
    guard
      let found = field.firstActivation(
        fields.input.batch, detail: fields.input.stage.detail, where: { !$0.isFinite })
    else { return nil }
    var inputs = place(found.row)
    inputs["largest input"] = found.largestInput.double
    if let weight = field.field.parameter(named: "\(found.layer).weight") {
      inputs["largest weight"] = weight.values.elements.reduce(0) { max($0, abs($1.double)) }
    }
    var trap = sample(operation, found.layer, found.row, found.value, inputs)
    trap.element = found.unit
    return trap
  }

  /// The taps of a sample in the order in which a field computes them.
  private func tapRows(_ taps: FieldTaps<T>) -> [(row: Int, name: String)] {
    [(TapRow.logDensity, "S"), (TapRow.density, "σ")]
      + (0..<taps.featureCount).map { (TapRow.features + $0, "F[\($0)]") }
      + (0..<3).map { (TapRow.color + $0, "C[\($0)]") }
  }

  /// Those of which some sample's number is not finite.
  private func suspectRows(_ taps: FieldTaps<T>) -> [(row: Int, name: String)] {
    tapRows(taps).filter { !allFinite(taps.row($0.row), count: fields.input.batch.usedCount) }
  }

  private func tap(
    of taps: FieldTaps<T>, _ operation: NonFiniteTrap.Operation
  ) -> NonFiniteTrap? {
    let rows = suspectRows(taps)
    for row in 0..<(rows.isEmpty ? 0 : fields.input.batch.usedCount) {
      for (tap, name) in rows where !taps.row(tap)[row].isFinite {
        var inputs = place(row)
        if tap == TapRow.density { inputs["S"] = taps.row(TapRow.logDensity)[row].double }
        return sample(operation, name, row, taps.row(tap)[row], inputs)
      }
    }
    return nil
  }

  private func weight() -> NonFiniteTrap? {
    for (name, taps, rays) in [
      ("w of the teacher", fields.teacher, fields.teacherRays),
      ("w of the student", fields.student, fields.studentRays),
    ] {
      for row in 0..<fields.input.batch.usedCount where !rays.weights[row].isFinite {
        return sample(
          .compositing, name, row, rays.weights[row],
          [
            "σ": taps.row(TapRow.density)[row].double,
            "δ": fields.input.batch.deltas[row].double,
          ])
      }
    }
    return nil
  }

  private func term() -> NonFiniteTrap? {
    for term in gradients.terms where !losses[term].isFinite {
      return NonFiniteTrap(
        operation: .term, name: term.rawValue, element: nil, row: nil, ray: nil,
        value: name(losses[term]), inputs: [:])
    }
    return nil
  }

  private func tapGradient() -> NonFiniteTrap? {
    for term in gradients.terms {
      guard let gradient = taps[term] else { continue }
      let rows = suspectRows(gradient)
      for row in 0..<(rows.isEmpty ? 0 : fields.input.batch.usedCount) {
        for (tap, name) in rows where !gradient.row(tap)[row].isFinite {
          return sample(
            .tapGradient, "∂\(term.rawValue)/∂\(name)", row, gradient.row(tap)[row],
            [
              "student": fields.student.row(tap)[row].double,
              "teacher": tap < TapRow.features + fields.teacher.featureCount
                ? fields.teacher.row(tap)[row].double : 0,
            ])
        }
      }
    }
    return nil
  }

  private func parameterGradient() -> NonFiniteTrap? {
    for term in gradients.terms {
      // Backward, the last layer comes first.
      for (index, part) in (gradients.parts[term] ?? []).enumerated().reversed() {
        guard let place = part.values.firstIndex(where: { !$0.isFinite }) else { continue }
        let element = gradients.outerIndex(index, Int(part.indices[place]))
        return NonFiniteTrap(
          operation: .parameterGradient,
          name: "∂\(term.rawValue)/∂\(gradients.names[index])",
          element: element, row: nil, ray: nil, value: name(part.values[place]), inputs: [:])
      }
    }
    return nil
  }

  private func place(_ row: Int) -> [String: Double] {
    let batch = fields.input.batch
    return [
      "x": batch.positions[0][row].double, "y": batch.positions[1][row].double,
      "z": batch.positions[2][row].double,
    ]
  }

  private func sample(
    _ operation: NonFiniteTrap.Operation, _ name: String, _ row: Int, _ value: T,
    _ inputs: [String: Double]
  ) -> NonFiniteTrap {
    NonFiniteTrap(
      operation: operation, name: name, element: nil, row: row,
      ray: fields.input.batch.spans.firstIndex {
        $0.offset <= row && row < $0.offset + $0.count
      }, value: self.name(value), inputs: inputs)
  }
}

/// Whether none of the numbers is NaN or infinite.
@specialized(where T == Float)
@specialized(where T == Double)
func allFinite<T: RadianceScalar>(_ values: UnsafePointer<T>, count: Int) -> Bool {
  for i in 0..<count where !values[i].isFinite { return false }
  return true
}
