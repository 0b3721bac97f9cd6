import Fields
import NeRFCore

/// A direction in the space of a field's parameters.
struct ParameterDirection {
  let name: String
  /// The term it was chosen for; nil for all.
  let term: LossTerm?
  /// For each parameter its elements, in the order of its storage; nil for zeros.
  private let parts: [[Double]?]

  init(random index: Int, of field: any RadianceField<Double>, seed: UInt64) {
    name = "random signs \(index + 1)"
    term = nil
    parts = field.parameters.enumerated().map { number, parameter in
      let random = CounterRandom(
        seed: seed, purpose: .verification, stream: field.parameters.count * index + number)
      let unit = Self.unit(parameter)
      var part = [Double](repeating: unit, count: parameter.count)
      for block in 0..<(parameter.count + 127) / 128 {
        // One bit of 128 each.
        let words = random.words(at: block)
        for i in 128 * block..<min(parameter.count, 128 * block + 128)
        where words[i % 128 / 32] >> UInt32(i % 32) & 1 == 1 {
          part[i] = -unit
        }
      }
      return part
    }
  }

  /// The root mean square of a parameter; 0.01 for one that is zero everywhere.
  private static func unit(_ parameter: Parameter<Double>) -> Double {
    var squares = 0.0
    for value in parameter.values.elements { squares += value * value }
    return squares > 0 ? (squares / Double(parameter.count)).squareRoot() : 0.01
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
    let element = field.parameters[best.parameter].outerIndex(of: best.element)
    name = "\(gradients.names[best.parameter]), element \(element)"
    self.term = term
    let unit = Self.unit(field.parameters[best.parameter])
    parts = values.enumerated().map { parameter, part in
      guard parameter == best.parameter else { return nil }
      var result = [Double](repeating: 0, count: part.count)
      result[best.element] = unit
      return result
    }
  }

  func product(_ gradients: TermGradients<Double>, _ term: LossTerm) -> Double {
    guard let values = gradients.values[term] else { return 0 }
    var sum = 0.0
    for (part, gradient) in zip(parts, values) {
      guard let part else { continue }
      for i in part.indices { sum += part[i] * gradient[i] }
    }
    return sum
  }

  /// The terms on both sides of the field's parameters, which are put back.
  func losses(
    _ field: any RadianceField<Double>, step: Double, _ losses: () throws -> LossReport
  ) throws -> (ahead: LossReport, behind: LossReport) {
    let saved = zip(field.parameters, parts).map { $1 == nil ? [] : $0.values.array }
    func move(by distance: Double) {
      for (index, part) in parts.enumerated() {
        guard let part else { continue }
        let values = field.parameters[index].values.base
        for i in part.indices { values[i] = saved[index][i] + distance * part[i] }
      }
    }
    defer { move(by: 0) }
    move(by: step)
    let ahead = try losses()
    move(by: -step)
    return (ahead, try losses())
  }
}
