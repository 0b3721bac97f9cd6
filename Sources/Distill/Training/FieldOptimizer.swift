public import Fields
public import NeRFCore

/// AdamW over the parameters of a field: one state and one step count per tensor, learning rates by
/// group.
public final class FieldOptimizer<T: RadianceScalar>: @unchecked Sendable {
  /// Constants of the update.
  public let configuration: AdamWConfiguration
  private let field: any RadianceField<T>
  private let rateOf: [ParameterGroup.Rate]
  private var states: [AdamWState<T>?]
  /// Updates each parameter has received; 0 for one that never had a gradient.
  public private(set) var stepCounts: [Int]
  /// Parameters that are never updated.
  public let frozen: Set<Int>

  /// An optimiser without history.
  public init(
    _ field: any RadianceField<T>, configuration: AdamWConfiguration = AdamWConfiguration(),
    frozen: Set<Int> = []
  ) {
    self.field = field
    self.configuration = configuration
    self.frozen = frozen
    var rates = [ParameterGroup.Rate](repeating: .primary, count: field.parameters.count)
    for group in field.groups { for index in group.members { rates[index] = group.rate } }
    rateOf = rates
    states = [AdamWState<T>?](repeating: nil, count: field.parameters.count)
    stepCounts = [Int](repeating: 0, count: field.parameters.count)
  }

  /// Updates the parameters that a pass reached, and clears their gradients.
  ///
  /// - Parameters:
  ///   - reached: Indices of the parameters whose gradients are valid.
  ///   - primary: Learning rate of the main groups.
  ///   - secondary: Learning rate of the groups of small networks.
  public func step(reached: [Int], primary: Double, secondary: Double, pool: WorkerPool) {
    for index in reached where !frozen.contains(index) {
      let parameter = field.parameters[index]
      let state = states[index] ?? AdamWState(count: parameter.count)
      states[index] = state
      stepCounts[index] += 1
      state.apply(
        AdamWUpdate(
          configuration, learningRate: rateOf[index] == .primary ? primary : secondary,
          count: stepCounts[index]),
        values: parameter.values, gradients: parameter.gradient, pool: pool)
    }
    for index in reached where frozen.contains(index) { field.parameters[index].gradient.fill(0) }
  }

  /// The moments of a parameter, or nil before its first update.
  public func moments(of index: Int) -> AdamWState<T>? { states[index] }

  /// Restores the state of one parameter, for a resumed run.
  ///
  /// - Throws: ``ShapeError`` if a count differs from the parameter's.
  public func restore(
    _ index: Int, stepCount: Int, firstMoments: [T], secondMoments: [T]
  ) throws(ShapeError) {
    let parameter = field.parameters[index]
    for (name, values) in [("first", firstMoments), ("second", secondMoments)] {
      guard values.count == parameter.count else {
        throw ShapeError(
          in: "FieldOptimizer.restore", "\(name) moments of \(parameter.name)",
          expected: [parameter.count], actual: [values.count],
          fix: "Resume from a checkpoint of this run.")
      }
    }
    let state = AdamWState<T>(count: parameter.count)
    for i in 0..<parameter.count {
      state.firstMoments.base[i] = firstMoments[i]
      state.secondMoments.base[i] = secondMoments[i]
    }
    states[index] = state
    stepCounts[index] = stepCount
  }
}
