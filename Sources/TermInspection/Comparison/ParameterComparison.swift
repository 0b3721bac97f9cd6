import Fields
import NeRFCore

/// Compares weights: nothing else can agree if they do not.
struct ParameterComparison {
  let dump: StepDump

  func quantities(
    _ fields: [(role: String, field: any RadianceField<Float>)]
  ) throws -> [StepComparison.Quantity] {
    try fields.flatMap { role, field in
      try field.parameters.compactMap { parameter -> StepComparison.Quantity? in
        let name = "param.\(role).\(parameter.name)"
        guard let tensor = dump.tensors[name] else { return nil }
        guard tensor.shape == parameter.shape else {
          throw ShapeError(
            in: "StepDump", name, expected: parameter.shape, actual: tensor.shape,
            fix: "Dump the parameters of the same fields as --teacher and --student.")
        }
        let values = parameter.exported().map(Double.init)
        func quantity(_ unit: Double) -> StepComparison.Quantity {
          StepComparison.Quantity(
            name, .parameters, expected: values, actual: tensor.values,
            bounds: values.map { max(unit * abs($0), unit * 0x1p-14) }
          ) { ($0, nil, nil) }
        }
        let plain = quantity(0x1p-24)
        // Numbers below 2⁻¹⁴ lose digits in half precision.
        let isHalf = plain.verdict == .differs && quantity(0x1p-11).verdict == .agrees
        return isHalf ? plain.explained(by: [.halfPrecisionParameters]) : plain
      }
    }
  }
}
