import Fields
import NeRFCore
import TestSupport
import Testing

/// A batch of samples that belong to one ray, from positions and directions `[count, 3]`.
func sampleBatch(positions: [Float], directions: [Float]? = nil) throws -> SampleBatch {
  let count = positions.count / 3
  func rows(_ values: [Float]) -> [[Float]] {
    (0..<3).map { axis in (0..<count).map { values[3 * $0 + axis] } }
  }
  let ones = [Float](repeating: 1, count: count)
  return try SampleBatch(
    positions: rows(positions), directions: rows(directions ?? positions.map { _ in 0 }),
    deltas: ones, gaps: ones, spans: [RaySpan(offset: 0, count: count)])
}

/// Random samples in ±0.9 with unit directions.
func randomBatch(_ count: Int, seed: UInt64) throws -> SampleBatch {
  var random = SplitMix64(seed: seed)
  let positions = random.floats(3 * count, in: -0.9...0.9)
  var directions = random.floats(3 * count, in: -1...1)
  for s in 0..<count {
    let length = (0..<3).reduce(Float(0)) { $0 + directions[3 * s + $1] * directions[3 * s + $1] }
      .squareRoot()
    for axis in 0..<3 { directions[3 * s + axis] /= max(length, 1e-3) }
  }
  return try sampleBatch(positions: positions, directions: directions)
}

/// The taps of a batch, sample by sample as cases store them.
struct TapValues<T: RadianceScalar>: Equatable {
  var features: [T]
  var logDensities: [T]
  var densities: [T]
  var colors: [T]

  init(_ taps: FieldTaps<T>) {
    func interleave(_ rows: [[T]]) -> [T] {
      (0..<taps.count).flatMap { s in rows.map { $0[s] } }
    }
    features = interleave(taps.features)
    logDensities = taps.logDensities
    densities = taps.densities
    colors = interleave(taps.colors)
  }
}

/// Gradients with respect to the taps of a batch, sample by sample; a missing one is zero.
struct TapCotangents<T: RadianceScalar> {
  var features: [T]?
  var logDensities: [T]?
  var densities: [T]?
  var colors: [T]?

  /// Random ones for every tap.
  static func random(
    _ count: Int, _ field: any RadianceField<T>, seed: UInt64
  ) -> TapCotangents {
    var random = SplitMix64(seed: seed)
    func numbers(_ n: Int) -> [T] { random.floats(n, in: -1...1).map { T($0) } }
    return TapCotangents(
      features: numbers(field.featureCount * count), logDensities: numbers(count),
      densities: numbers(count),
      colors: numbers(3 * count))
  }

  func rows(count: Int, _ field: any RadianceField<T>) -> FieldTaps<T> {
    let taps = FieldTaps<T>(count: count, featureCount: field.featureCount)
    func fill(_ first: Int, _ rows: Int, _ values: [T]?) {
      guard let values else { return }
      for s in 0..<count { for k in 0..<rows { taps.row(first + k)[s] = values[rows * s + k] } }
    }
    withExtendedLifetime(taps) {
      fill(TapRow.features, field.featureCount, features)
      fill(TapRow.logDensity, 1, logDensities)
      fill(TapRow.density, 1, densities)
      fill(TapRow.color, 3, colors)
    }
    return taps
  }
}

extension RadianceField {
  /// Evaluates a batch on a number of threads.
  func taps(_ batch: SampleBatch, detail: TapDetail = .full, threads: Int = 1) -> TapValues<Scalar>
  {
    let taps = FieldTaps<Scalar>(count: batch.count)
    FieldEvaluator(self, pool: WorkerPool(threads: threads))
      .forward(batch, detail: detail, into: taps)
    return TapValues(taps)
  }

  /// The gradients of all parameters, in the outer order of each, by a forward and a backward pass.
  ///
  /// - Parameter budget: Bytes of activations to keep between the passes; nil keeps none.
  func gradients(
    _ batch: SampleBatch, _ cotangents: TapCotangents<Scalar>, detail: TapDetail = .full,
    threads: Int = 1, budget: Int? = nil
  ) -> [[Scalar]] {
    for parameter in parameters { parameter.gradient.fill(0) }
    let evaluator = FieldEvaluator(self, pool: WorkerPool(threads: threads))
    let taps = FieldTaps<Scalar>(count: batch.count)
    let store = budget.map { ActivationStore<Scalar>(budget: $0) }
    evaluator.forward(batch, detail: detail, into: taps, keeping: store)
    evaluator.backward(
      batch, detail: detail, taps: taps, cotangents: cotangents.rows(count: batch.count, self),
      store: store)
    return parameters.map { $0.exportedGradient() }
  }
}

/// Small fields of every architecture, with parameters large enough to see.
enum SmallFields {
  static let configurations: [FieldConfiguration] = {
    var hash = HashFieldOptions()
    hash.levels = 3
    hash.baseResolution = 4
    hash.log2TableSize = 7
    hash.finestResolution = 20
    hash.hiddenWidth = 6
    var mlp = MLPFieldOptions()
    mlp.bands = 2
    mlp.layers = 4
    mlp.width = 7
    mlp.skip = 1
    mlp.trunkOutputs = 5
    mlp.hiddenWidth = 6
    var vm = VMFieldOptions()
    vm.resolution = [5, 6, 4]
    vm.densityRanks = [3, 2, 1]
    vm.colorRanks = [2, 19, 4]
    vm.hiddenWidth = 6
    var tensors = TensorsFieldOptions()
    tensors.resolution = [5, 3, 6]
    tensors.degree = 2
    // Heads that PVD does not have: deeper, wider than their inputs, one layer only, with biases.
    var deep = hash
    deep.levelFeatures = 4
    deep.alignCorners = true
    deep.heads.densityLayers = 4
    deep.heads.densityWidth = 9
    deep.heads.colorLayers = 2
    deep.heads.colorWidth = 40
    deep.heads.colorFeatures = 5
    deep.heads.bias = true
    var flat = mlp
    flat.heads.densityLayers = 1
    flat.heads.colorLayers = 1
    flat.heads.colorFeatures = 18
    var mixed = vm
    mixed.heads.colorFeatures = 3
    mixed.heads.colorLayers = 4
    return [
      .hash(hash), .mlp(mlp), .vm(vm), .tensors(tensors), .hash(deep), .mlp(flat), .vm(mixed),
    ]
  }()

  /// A field whose grids hold numbers up to 0.5 and whose colour network holds numbers up to 1, instead
  /// of PVD's small ones, so that every derivative stands out from rounding.
  static func field<T: RadianceScalar>(
    _ configuration: FieldConfiguration, as scalar: T.Type = T.self, seed: UInt64 = 1,
    frame: FieldFrame = FieldFrame()
  ) throws -> any RadianceField<T> {
    let field: any RadianceField<T> = configuration.makeField(frame: frame, seed: seed)
    var random = SplitMix64(seed: seed &+ 100)
    for parameter in field.parameters {
      let isNetwork = parameter.name.hasPrefix("color_net")
      guard isNetwork || parameter.owner == .field else { continue }
      let limit: Float = isNetwork ? 1 : 0.5
      try parameter.load(random.floats(parameter.count, in: -limit...limit).map { T($0) })
    }
    return field
  }
}

extension FieldConfiguration: CustomTestStringConvertible {
  public var testDescription: String {
    let heads = (options as? any HeadedOptions)?.heads
    return architecture.rawValue + (heads.map { " \($0.densityLayers) \($0.colorLayers)" } ?? "")
  }
}
