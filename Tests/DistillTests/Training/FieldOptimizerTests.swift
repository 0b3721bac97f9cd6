import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Field optimiser")
struct FieldOptimizerTests {
  private let pool = WorkerPool(threads: 2)

  @Test("leaves tensors that never had a gradient alone, without counting steps")
  func untouched() throws {
    let field = TinyFields.make(.vm, as: Float.self)
    let before = field.parameters.map { $0.exported() }
    let optimizer = FieldOptimizer(field)
    for parameter in field.parameters { parameter.gradient.fill(0.5) }
    for _ in 0..<3 {
      optimizer.step(
        reached: field.parametersReached(by: .features), primary: 0.1, secondary: 0.1, pool: pool)
    }
    for (index, parameter) in field.parameters.enumerated() {
      let isColorNetwork = parameter.name.hasPrefix("color_net.")
      #expect((parameter.exported() == before[index]) == isColorNetwork, "\(parameter.name)")
      #expect(optimizer.stepCounts[index] == (isColorNetwork ? 0 : 3), "\(parameter.name)")
      #expect((optimizer.moments(of: index) == nil) == isColorNetwork, "\(parameter.name)")
    }
  }

  /// From zero, the first update of AdamW is −lr · sign of the gradient.
  @Test("gives each group its learning rate", arguments: Architecture.allCases)
  func rates(architecture: Architecture) throws {
    let field = TinyFields.make(architecture, as: Double.self)
    for parameter in field.parameters {
      parameter.values.fill(0)
      parameter.gradient.fill(3)
    }
    FieldOptimizer(field).step(
      reached: Array(field.parameters.indices), primary: 0.01, secondary: 0.001, pool: pool)
    let secondary = ["color_net.", "basis_mat."]
    for parameter in field.parameters {
      let isSecondary =
        architecture == .vm && secondary.contains { parameter.name.hasPrefix($0) }
      let expected = isSecondary ? -0.001 : -0.01
      #expect(
        parameter.exported().allSatisfy { $0.isClose(to: expected, .reference) },
        "\(parameter.name)")
    }
  }

  @Test("puts every parameter into exactly one group", arguments: Architecture.allCases)
  func groups(architecture: Architecture) {
    let field = TinyFields.make(architecture, as: Float.self)
    #expect(field.groups.flatMap(\.members).sorted() == Array(field.parameters.indices))
  }

  @Test("clears the gradients it has used, of frozen tensors too")
  func clears() {
    let field = TinyFields.make(.hash, as: Float.self)
    let frozen: Set<Int> = [1]
    let before = field.parameters[1].exported()
    let optimizer = FieldOptimizer(field, frozen: frozen)
    for parameter in field.parameters { parameter.gradient.fill(1) }
    optimizer.step(
      reached: Array(field.parameters.indices), primary: 0.1, secondary: 0.1, pool: pool)
    #expect(field.exportedGradients().allSatisfy { $0 == 0 })
    #expect(field.parameters[1].exported() == before)
    #expect(optimizer.stepCounts[1] == 0)
  }

  @Test("continues from restored moments to the same bits")
  func restored() throws {
    func makeRun() -> (any RadianceField<Float>, FieldOptimizer<Float>) {
      let field = TinyFields.make(.tensors, as: Float.self)
      return (field, FieldOptimizer(field))
    }
    func advance(_ field: any RadianceField<Float>, _ optimizer: FieldOptimizer<Float>, _ k: Int) {
      for i in 0..<field.parameters[0].count {
        field.parameters[0].gradient.base[i] = Float((i * 7 + k) % 11) - 5
      }
      optimizer.step(reached: [0], primary: 0.01, secondary: 0.01, pool: pool)
    }
    let (whole, wholeOptimizer) = makeRun()
    for k in 1...6 { advance(whole, wholeOptimizer, k) }

    let (first, firstOptimizer) = makeRun()
    for k in 1...3 { advance(first, firstOptimizer, k) }
    let (second, secondOptimizer) = makeRun()
    try second.loadParameters(first.exportedParameters())
    let moments = try #require(firstOptimizer.moments(of: 0))
    try secondOptimizer.restore(
      0, stepCount: firstOptimizer.stepCounts[0], firstMoments: moments.firstMoments.array,
      secondMoments: moments.secondMoments.array)
    for k in 4...6 { advance(second, secondOptimizer, k) }
    #expect(second.exportedParameters() == whole.exportedParameters())
  }

  @Test("refuses moments of another size")
  func wrongMoments() {
    let field = TinyFields.make(.tensors, as: Float.self)
    let count = field.parameters[0].count
    #expect(throws: ShapeError.self) {
      try FieldOptimizer(field).restore(
        0, stepCount: 1, firstMoments: [Float](repeating: 0, count: count - 1),
        secondMoments: [Float](repeating: 0, count: count))
    }
  }
}
