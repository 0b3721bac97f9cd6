import Fields
import NeRFCore

/// The first number of a step that is NaN or infinite, in the order in which numbers are computed.
///
/// Parameters of the teacher and the student, then the taps of each sample by sample, then compositing, terms,
/// gradients with respect to taps, and gradients of parameters.
public struct NonFiniteTrap: Sendable, Codable, Equatable {
  /// Where in a step a number was computed.
  public enum Operation: String, Sendable, Codable {
    case teacherParameter
    case teacherTap
    case studentParameter
    case studentTap
    case compositing
    case term
    case tapGradient
    case parameterGradient
  }

  public var operation: Operation
  /// The parameter, tap or term.
  public var name: String
  /// Index of the element, in the order of the parameter's shape; nil where a sample is named.
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
      element.map { "element \($0) of \(name)" }
      ?? row.map { "\(name) of sample \($0)\(ray.map { " on ray \($0)" } ?? "")" } ?? name
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
    parameter(of: evaluator.teacher.field, .teacherParameter)
      ?? tap(of: fields.teacher, .teacherTap)
      ?? parameter(of: evaluator.student.field, .studentParameter)
      ?? tap(of: fields.student, .studentTap) ?? weight() ?? term() ?? tapGradient()
      ?? parameterGradient()
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

  /// The taps of a sample in the order in which a field computes them.
  private func tapRows(_ taps: FieldTaps<T>) -> [(row: Int, name: String)] {
    [(TapRow.logDensity, "S"), (TapRow.density, "σ")]
      + (0..<taps.featureCount).map { (TapRow.features + $0, "F[\($0)]") }
      + (0..<3).map { (TapRow.color + $0, "C[\($0)]") }
  }

  private func tap(
    of taps: FieldTaps<T>, _ operation: NonFiniteTrap.Operation
  ) -> NonFiniteTrap? {
    for row in 0..<fields.input.batch.usedCount {
      for (tap, name) in tapRows(taps) where !taps.row(tap)[row].isFinite {
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
      for row in 0..<fields.input.batch.usedCount {
        for (tap, name) in tapRows(fields.student) where !gradient.row(tap)[row].isFinite {
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
      for (index, values) in (gradients.values[term] ?? []).enumerated() {
        let isFinite = values.withUnsafeBufferPointer { values in
          values.baseAddress.map { allFinite($0, count: values.count) } ?? true
        }
        guard !isFinite else { continue }
        // Gradients are kept in the order of memory here, so the name says so.
        let element = values.firstIndex { !$0.isFinite } ?? 0
        return NonFiniteTrap(
          operation: .parameterGradient,
          name: "∂\(term.rawValue)/∂\(gradients.names[index]) (in the order of memory)",
          element: element, row: nil, ray: nil, value: name(values[element]), inputs: [:])
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
