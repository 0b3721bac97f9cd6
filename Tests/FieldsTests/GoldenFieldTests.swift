import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Golden fields")
struct GoldenFieldTests {
  /// Compares taps, density and gradients of one case in one precision.
  private func check<T: RadianceScalar>(
    _ golden: GoldenCase, read: (String) throws -> [T],
    compare: (String, [T]) throws -> Comparison
  ) throws {
    let field = try GoldenFields.field(golden, read: read)
    let positions = try golden.floats("in.x")
    let batch = try sampleBatch(positions: positions, directions: try golden.floats("in.d"))
    let taps = field.taps(batch, threads: 2)
    var comparisons = [
      try compare("out.sigma_l", taps.logDensities), try compare("out.sigma", taps.densities),
      try compare("out.color", taps.colors), try compare("out.color_l", taps.colors),
    ]
    #expect(field.hasFeatures == golden.has("out.feature_sigma_color"))
    if field.hasFeatures {
      comparisons.append(try compare("out.feature_sigma_color", taps.features))
    }
    let evaluator = FieldEvaluator(field, pool: WorkerPool(threads: 1))
    let densities = evaluator.occupancyDensities(
      x: batch.positions[0], y: batch.positions[1], z: batch.positions[2])
    // The occupancy grid is single precision in either run.
    comparisons.append(try golden.compare("out.density", actual: densities))
    let cotangents = TapCotangents(
      features: field.hasFeatures ? try read("cotangent.feature_sigma_color") : nil,
      densities: try read("cotangent.sigma"), colors: try read("cotangent.color"))
    let gradients = field.gradients(batch, cotangents, threads: 2, budget: 1 << 30)
    for (parameter, gradient) in zip(field.parameters, gradients)
    where golden.has("grad.param.\(parameter.name)") {
      comparisons.append(try compare("grad.param.\(parameter.name)", gradient))
    }
    for comparison in comparisons { #expect(comparison.passed, "\(comparison)") }
  }

  @Test(
    "taps, density and gradients agree in Float",
    arguments: GoldenCase.names(operation: "field_forward"))
  func single(name: String) throws {
    let golden = try GoldenCase(named: name)
    try check(golden, read: { try golden.floats($0) }) { try golden.compare($0, actual: $1) }
  }

  @Test(
    "taps, density and gradients agree in Double",
    arguments: GoldenCase.names(operation: "field_forward"))
  func double(name: String) throws {
    let golden = try GoldenCase(named: name)
    try check(golden, read: { try golden.doubles($0) }) { try golden.compare($0, actual: $1) }
  }

  @Test("cases of all four architectures are there, and of all but one wide field with gradients")
  func coverage() throws {
    let cases = try GoldenCase.all(operation: "field_forward")
    let types = Set(try cases.map { try $0.config.string("model_type") })
    #expect(types == Set(Architecture.allCases.map(\.rawValue)))
    #expect(cases.filter { $0.tensorNames("grad.").isEmpty }.map(\.name) == ["field_mlp_full256"])
  }

  // MARK: Parts of fields

  @Test("the trunk of the NeRF network and its gradients agree")
  func trunk() throws {
    let golden = try GoldenCase(
      named: try #require(GoldenCase.names(operation: "nerf_mlp_trunk").first))
    let config = golden.config
    var options = MLPFieldOptions()
    options.bands = try config.int("PE")
    options.layers = try config.int("nerf_layer_num")
    options.width = try config.int("nerf_layer_wide")
    options.skip = try config.int("skip")
    options.trunkOutputs = try config.int("out_dim")
    func run<T: RadianceScalar>(
      _ read: (String) throws -> [T], _ compare: (String, [T]) throws -> Comparison
    ) throws {
      let field = MLPField<T>(options: options, seed: 0)
      let heads = field.parameters.map(\.name).filter { !$0.hasPrefix("nerf_mlp") }
      try GoldenFields.load(golden, into: field, except: Set(heads), read: read)
      let points = try read("in.x")
      let gradients = try field.trunkGradients(
        at: points, cotangents: try read("cotangent.features"))
      var comparisons = [
        try compare("out.features", try field.trunkFeatures(at: points)),
        try compare("grad.in.x", gradients.points),
      ]
      for (parameter, gradient) in zip(field.parameters, gradients.parameters) {
        comparisons.append(try compare("grad.param.\(parameter.name)", gradient))
      }
      #expect(comparisons.count == 2 + 2 * options.layers)
      #expect(throws: ShapeError.self) { try field.trunkFeatures(at: [1, 2]) }
      #expect(throws: ShapeError.self) {
        try field.trunkGradients(at: points, cotangents: [1, 2, 3])
      }
      for comparison in comparisons { #expect(comparison.passed, "\(comparison)") }
    }
    try run({ try golden.floats($0) }, { try golden.compare($0, actual: $1) })
    try run({ try golden.doubles($0) }, { try golden.compare($0, actual: $1) })
  }

  /// Raw sums are the taps of a field whose clamp is out of the way and whose box is −1...1.
  @Test("vector-matrix features, their gradients and the L1 term agree")
  func vectorMatrix() throws {
    let golden = try GoldenCase(named: try #require(GoldenCase.names(operation: "vm_field").first))
    var options = VMFieldOptions()
    options.resolution = try golden.config.ints("resolution")
    options.densityRanks = try golden.config.ints("sigma_rank")
    options.colorRanks = try golden.config.ints("color_rank")
    options.clampsColorFeatures = false
    let frame = FieldFrame(logDensityMinimum: -1e6, logDensityMaximum: 1e6)
    let batch = try sampleBatch(positions: try golden.floats("in.x"))
    func run<T: RadianceScalar>(
      _ read: (String) throws -> [T], _ compare: (String, [T]) throws -> Comparison
    ) throws {
      let field = VMField<T>(options: options, frame: frame, seed: 0)
      let network = field.parameters.map(\.name).filter { $0.hasPrefix("color_net") }
      try GoldenFields.load(golden, into: field, except: Set(network), read: read)
      let taps = field.taps(batch, detail: .features)
      let colors = try read("cotangent.color_feat")
      let gradients = field.gradients(
        batch,
        TapCotangents(
          features: (0..<batch.count).flatMap { [0] + colors[15 * $0..<15 * $0 + 15] },
          logDensities: try read("cotangent.sigma_feat")), detail: .features)
      var comparisons = [
        try compare("out.sigma_feat", taps.logDensities),
        try compare(
          "out.color_feat", (0..<batch.count).flatMap { taps.features[16 * $0 + 1..<16 * $0 + 16] }),
      ]
      for (parameter, gradient) in zip(field.parameters, gradients).prefix(13) {
        comparisons.append(try compare("grad.param.\(parameter.name)", gradient))
      }
      let pool = WorkerPool(threads: 2)
      comparisons.append(
        try golden.compare("out.density_l1", actual: [field.densityL1(pool: pool)]))
      for parameter in field.parameters { parameter.gradient.fill(0) }
      field.accumulateDensityL1Gradient(weight: 1, pool: pool)
      for parameter in field.parameters.prefix(6) {
        comparisons.append(
          try compare("grad.density_l1.\(parameter.name)", parameter.exportedGradient()))
      }
      for comparison in comparisons { #expect(comparison.passed, "\(comparison)") }
    }
    try run({ try golden.floats($0) }, { try golden.compare($0, actual: $1) })
    try run({ try golden.doubles($0) }, { try golden.compare($0, actual: $1) })
  }

  @Test("dense volumes and their gradients agree, with respect to the point too")
  func denseVolume() throws {
    let golden = try GoldenCase(
      named: try #require(GoldenCase.names(operation: "plenoxel_field").first))
    let sizes = try golden.config.ints("res")
    let degree = try golden.config.int("degree")
    let shape = VolumeShape(
      depth: sizes[0], height: sizes[1], width: sizes[2], channels: 1 + 3 * degree * degree)
    func run<T: RadianceScalar>(
      _ read: (String) throws -> [T], _ compare: (String, [T]) throws -> Comparison
    ) throws {
      let channels = shape.channels
      let volume = Parameter<T>(
        name: "tensor_volume", shape: [1, channels] + sizes, layout: .channelsLast, owner: .field)
      try volume.load(try read("param.tensor_volume"))
      let x = try read("in.x")
      let cotangents = try read("cotangent.features")
      let count = x.count / 3
      let padded = Tile.padded(count)
      var points = [T](repeating: 0, count: 3 * padded)
      for s in 0..<count { for axis in 0..<3 { points[axis * padded + s] = x[3 * s + axis] } }
      var output = [T](repeating: 9, count: channels * Tile.stride)
      var pointGradient = [T](repeating: 0, count: 3 * padded)
      points.withUnsafeBufferPointer { buffer in
        pointGradient.withUnsafeMutableBufferPointer { target in
          guard let p = buffer.baseAddress, let g = target.baseAddress else { return }
          let pointers = PointPointers(p, p + padded, p + 2 * padded)
          T.Kernels.volume(
            shape, values: volume.values.base, points: pointers, output: &output, count: padded)
          T.Kernels.accumulateVolumeGradients(
            shape, slices: 0..<shape.depth, points: pointers, gradients: cotangents,
            samples: (0..<count).map { Int32($0) }, count: count,
            volumeGradient: volume.gradient.base)
          ReferenceKernels<T>.accumulateVolumePointGradients(
            shape, values: volume.values.base, points: pointers, gradients: cotangents,
            count: count, pointGradients: (0..<3).map { g + $0 * padded })
        }
      }
      for comparison in [
        try compare(
          "out.features",
          (0..<count).flatMap { s in (0..<channels).map { output[$0 * Tile.stride + s] } }),
        try compare("grad.param.tensor_volume", volume.exportedGradient()),
        try compare(
          "grad.in.x",
          (0..<count).flatMap { s in (0..<3).map { pointGradient[$0 * padded + s] } }),
      ] {
        #expect(comparison.passed, "\(comparison)")
      }
    }
    try run({ try golden.floats($0) }, { try golden.compare($0, actual: $1) })
    try run({ try golden.doubles($0) }, { try golden.compare($0, actual: $1) })
  }
}
