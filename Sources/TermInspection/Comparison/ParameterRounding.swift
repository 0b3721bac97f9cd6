import Fields
import NeRFCore

/// Moves the parameters of a field by one rounding of single precision each, and back.
///
/// What that does to a gradient is what another implementation may be off by where a kink (ReLU, clamp, cell) is
/// near: its numbers are rounded elsewhere, and it may stand on the other side.
struct ParameterRounding {
  private let field: any RadianceField<Double>
  private let seed: UInt64

  init(_ field: any RadianceField<Double>, seed: UInt64) {
    self.field = field
    self.seed = seed
  }

  func during<Result>(_ body: () throws -> Result) throws -> Result {
    let original = field.parameters.map { $0.exported() }
    for (index, (parameter, values)) in zip(field.parameters, original).enumerated() {
      let random = CounterRandom(seed: seed, purpose: .verification, stream: index)
      try parameter.load(
        values.enumerated().map { element, value in
          value * (random.uniform(at: element) < 0.5 ? 1 + 0x1p-23 : 1 - 0x1p-23)
        })
    }
    defer {
      for (parameter, values) in zip(field.parameters, original) { try? parameter.load(values) }
    }
    return try body()
  }
}
