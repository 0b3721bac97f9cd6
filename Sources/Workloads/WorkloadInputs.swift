import Fields
import NeRFCore

extension WorkloadRandom {
  /// ``uniform(_:_:_:)`` in the precision of a run.
  func numbers<T: RadianceScalar>(
    _ count: Int, _ low: Double = -1, _ high: Double = 1, as scalar: T.Type = T.self
  ) -> [T] {
    uniform(count, low, high).map { T($0) }
  }

  /// Points `[count, 3]` by component.
  func points(_ count: Int, _ low: Double = -1, _ high: Double = 1) -> [[Float]] {
    let flat = uniform(3 * count, low, high)
    return (0..<3).map { axis in (0..<count).map { flat[3 * $0 + axis] } }
  }

  /// Biases of a layer, uniform in ±√(1 / inputs).
  func biases(outputs: Int, inputs: Int) -> [Float] {
    let limit = (1 / Double(inputs)).squareRoot()
    return uniform(outputs, -limit, limit)
  }
}

/// Weights of the five small layers from five consecutive seeds.
func loadHeads<T: RadianceScalar>(_ parameters: ArraySlice<Parameter<T>>, seed: UInt32) throws {
  for (index, parameter) in parameters.enumerated() {
    try parameter.load(
      WorkloadRandom(seed: seed + UInt32(index)).weights(
        outputs: parameter.shape[0], inputs: parameter.shape[1]
      ).map { T($0) })
  }
}

/// Weights and biases of the trunk of a NeRF: layer i from the seeds `seed + 2i` and `seed + 2i + 1`.
func loadTrunk<T: RadianceScalar>(_ field: MLPField<T>, seed: UInt32) throws {
  for layer in 0..<field.options.layers {
    let (weight, bias) = (field.parameters[2 * layer], field.parameters[2 * layer + 1])
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let seed = seed + 2 * UInt32(layer)
    try weight.load(
      WorkloadRandom(seed: seed).weights(outputs: outputs, inputs: inputs).map { T($0) })
    try bias.load(
      WorkloadRandom(seed: seed + 1).biases(outputs: outputs, inputs: inputs).map { T($0) })
  }
}

/// Factors of a vector-matrix field from consecutive seeds, and its basis.
func loadFactors<T: RadianceScalar>(_ field: VMField<T>, seed: UInt32) throws {
  for index in 0..<12 {
    let parameter = field.parameters[index]
    try parameter.load(
      WorkloadRandom(seed: seed + UInt32(index)).numbers(parameter.count, -0.2, 0.2))
  }
  let basis = field.parameters[12]
  try basis.load(
    WorkloadRandom(seed: seed + 12).weights(outputs: basis.shape[0], inputs: basis.shape[1])
      .map { T($0) })
}

extension HashFieldOptions {
  /// PVD's sizes, with a table of 2¹² rows a level for a comparison.
  static func workload(_ size: WorkloadSize) -> HashFieldOptions {
    var options = HashFieldOptions()
    if size == .check { options.log2TableSize = 12 }
    return options
  }
}

extension SampleBatch {
  /// Points as one ray, or as rays of 64 samples; steps and directions where nothing needs them.
  static func workload(
    _ positions: [[Float]], directions: [[Float]]? = nil
  ) throws -> SampleBatch {
    let count = positions[0].count
    let ones = [Float](repeating: 1, count: count)
    return try SampleBatch(
      positions: positions,
      directions: directions ?? [[Float]](repeating: [Float](repeating: 0, count: count), count: 3),
      deltas: ones, gaps: ones,
      spans: stride(from: 0, to: count, by: 64).map {
        RaySpan(offset: $0, count: min(64, count - $0))
      })
  }
}

extension FieldTaps {
  /// Writes numbers `[count, number]` into rows.
  func fill(_ first: Int, _ number: Int, _ values: [T]) {
    for s in 0..<count { for k in 0..<number { row(first + k)[s] = values[number * s + k] } }
  }
}

extension RadianceField {
  /// Gradients to zero, so that a pass makes fresh ones.
  func clearGradients(_ pool: WorkerPool) {
    for parameter in parameters { parameter.gradient.clear(pool) }
  }

  /// The gradients of all parameters, for a comparison.
  func namedGradients() -> [(name: String, values: [Scalar])] {
    parameters.map { ("d " + $0.name, $0.exportedGradient()) }
  }
}
