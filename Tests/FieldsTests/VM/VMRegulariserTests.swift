import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Regulariser of vector-matrix fields")
struct VMRegulariserTests {
  private func field() -> VMField<Double> {
    var options = VMFieldOptions()
    options.resolution = [4, 3, 5]
    options.densityRanks = [2, 1, 3]
    options.colorRanks = [1, 2, 1]
    options.hiddenWidth = 4
    return VMField<Double>(options: options, seed: 2)
  }

  @Test("constant factors give the sum of their magnitudes")
  func constants() {
    let field = field()
    for (index, parameter) in field.parameters.prefix(6).enumerated() {
      parameter.values.fill(index % 2 == 0 ? 0.5 : -0.25)
    }
    #expect(field.densityL1(pool: WorkerPool(threads: 2)).isClose(to: 3 * 0.75, .reference))
  }

  /// Values are at least a step away from the kink at zero.
  @Test("the gradient matches central differences and spares colour factors")
  func gradient() throws {
    let field = field()
    let pool = WorkerPool(threads: 1)
    field.accumulateDensityL1Gradient(weight: 0.5, pool: pool)
    for parameter in field.parameters.prefix(6) {
      let start = parameter.exported().map { abs($0) < 1e-3 ? 1e-3 : $0 }
      try parameter.load(start)
      let check = try GradientCheck(of: parameter.exportedGradient(), at: start, directions: 0) {
        try parameter.load($0)
        return 0.5 * field.densityL1(pool: pool)
      }
      try parameter.load(start)
      #expect(check.passes(), "\(parameter.name): \(check)")
    }
    for parameter in field.parameters.dropFirst(6) {
      #expect(parameter.exportedGradient().allSatisfy { $0 == 0 })
    }
  }

  @Test("the gradient at zero is zero")
  func zero() {
    let field = field()
    field.parameters[0].values.fill(0)
    field.accumulateDensityL1Gradient(weight: 1, pool: WorkerPool(threads: 1))
    #expect(field.parameters[0].exportedGradient().allSatisfy { $0 == 0 })
  }
}
