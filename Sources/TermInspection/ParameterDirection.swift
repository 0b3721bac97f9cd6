import Distill
import Fields
import NeRFCore

/// A direction in the space of a field's parameters along which losses are differenced.
///
/// Lengths are in units of the root mean square of each parameter.
struct ParameterDirection {
  /// For reports.
  let name: String
  /// The term that it belongs to; nil for all.
  let term: LossTerm?
  private let shape: Shape

  private enum Shape {
    /// ±unit in every element; one bit per element and one unit per parameter.
    case signs(bits: [[UInt32]], units: [Double])
    /// One element.
    case element(parameter: Int, index: Int, unit: Double)
  }

  /// Random signs in all parameters.
  init(random index: Int, of field: any RadianceField<Double>, seed: UInt64) {
    name = "random signs \(index + 1)"
    term = nil
    let bits = field.parameters.enumerated().map { number, parameter in
      let random = CounterRandom(
        seed: seed, purpose: .verification, stream: field.parameters.count * index + number)
      var words: [UInt32] = []
      words.reserveCapacity((parameter.count + 127) / 128 * 4)
      // One bit of 128 for each element.
      for block in 0..<(parameter.count + 127) / 128 {
        let four = random.words(at: block)
        for lane in 0..<4 { words.append(four[lane]) }
      }
      return words
    }
    shape = .signs(bits: bits, units: field.parameters.map(Self.unit))
  }

  /// Along the parameter in which the term is steepest; nil if it is flat.
  init?(
    steepestIn gradients: TermGradients<Double>, term: LossTerm, of field: any RadianceField<Double>
  ) {
    guard let parts = gradients.parts[term] else { return nil }
    var best = (parameter: 0, index: 0, size: 0.0)
    for (parameter, part) in parts.enumerated() {
      for (index, value) in zip(part.indices, part.values) where abs(value) > best.size {
        best = (parameter, Int(index), abs(value))
      }
    }
    guard best.size > 0 else { return nil }
    let element = gradients.outerIndex(best.parameter, best.index)
    name = "\(gradients.names[best.parameter]), element \(element)"
    self.term = term
    shape = .element(
      parameter: best.parameter, index: best.index,
      unit: Self.unit(field.parameters[best.parameter]))
  }

  /// The root mean square of a parameter; 0.01 for one that is zero everywhere.
  private static func unit(_ parameter: Parameter<Double>) -> Double {
    var squares = 0.0
    for value in parameter.values.elements { squares += value * value }
    return squares > 0 ? (squares / Double(parameter.count)).squareRoot() : 0.01
  }

  /// ⟨∂ℓ/∂θ, v⟩.
  func product(_ gradients: TermGradients<Double>, _ term: LossTerm) -> Double {
    guard let parts = gradients.parts[term] else { return 0 }
    switch shape {
    case .element(let parameter, let index, let unit):
      let part = parts[parameter]
      return part.indices.firstIndex(of: Int32(index)).map { unit * part.values[$0] } ?? 0
    case .signs(let bits, let units):
      var sum = 0.0
      for (parameter, part) in parts.enumerated() {
        for (index, value) in zip(part.indices, part.values) {
          let isNegative = bits[parameter][Int(index) / 32] >> UInt32(index % 32) & 1 == 1
          sum += isNegative ? -units[parameter] * value : units[parameter] * value
        }
      }
      return sum
    }
  }

  /// The terms on both sides of the field's parameters, which are put back to those of `original`.
  func losses<T: RadianceScalar>(
    _ field: any RadianceField<Double>, original: any RadianceField<T>, step: Double,
    _ losses: () throws -> LossReport
  ) throws -> (ahead: LossReport, behind: LossReport) {
    func move(by distance: Double) {
      switch shape {
      case .element(let parameter, let index, let unit):
        field.parameters[parameter].values.base[index] =
          original.parameters[parameter].values.base[index].double + distance * unit
      case .signs(let bits, let units):
        for (index, parameter) in field.parameters.enumerated() {
          moved(
            original.parameters[index].values.base, by: distance * units[index], bits[index],
            into: parameter.values.base, count: parameter.count)
        }
      }
    }
    defer { move(by: 0) }
    move(by: step)
    let ahead = try losses()
    move(by: -step)
    return (ahead, try losses())
  }
}

/// `source ± distance`, − where a bit is set.
@specialized(where T == Float)
@specialized(where T == Double)
private func moved<T: RadianceScalar>(
  _ source: UnsafePointer<T>, by distance: Double, _ bits: [UInt32],
  into target: UnsafeMutablePointer<Double>, count: Int
) {
  // Bits come in blocks of 128.
  for block in 0..<(count + 31) / 32 {
    let word = bits[block]
    for i in 32 * block..<min(count, 32 * block + 32) {
      let sign = Double(1 - 2 * Int(word >> UInt32(i % 32) & 1))
      target[i] = Double(source[i]) + sign * distance
    }
  }
}
