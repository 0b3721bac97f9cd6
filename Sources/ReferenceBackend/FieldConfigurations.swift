import Fields
import GoldenKit
import NeRFCore

extension OperationCall {
  /// The field options that a `field_forward` case expresses.
  func fieldConfiguration() throws -> FieldConfiguration {
    try requireFixedParts()
    let name = try config.string("model_type")
    switch Architecture(rawValue: name) {
    case .hash:
      var options = HashFieldOptions()
      options.levelFeatures = try config.int("level_dim")
      options.alignCorners = try config.bool("align_corners")
      options.levels = try config.int("num_levels")
      options.baseResolution = try config.int("base_resolution")
      options.log2TableSize = try config.int("log2_hashmap_size")
      options.finestResolution =
        try config.double("desired_resolution") / (try config.double("bound"))
      options.heads = try headOptions()
      return .hash(options)
    case .mlp:
      return .mlp(try trunkOptions())
    case .vm:
      return .vm(try vectorMatrixOptions())
    case .tensors:
      var options = TensorsFieldOptions()
      options.resolution = try config.ints("plenoxel_res")
      options.degree = try config.int("plenoxel_degree")
      options.unclampedOccupancy = true
      return .tensors(options)
    case nil: throw UnsupportedSetting("`model_type` is \(name)")
    }
  }

  /// The trunk of the `mlp` field.
  func trunkOptions() throws -> MLPFieldOptions {
    var options = MLPFieldOptions()
    options.bands = try config.int("PE")
    options.layers = try config.int("nerf_layer_num")
    options.width = try config.int("nerf_layer_wide")
    options.skip = try config.int("skip")
    options.heads = try headOptions()
    if config.has("in_dim_after_trunk") {
      options.trunkOutputs = try config.int("in_dim_after_trunk")
    }
    return options
  }

  /// The axes of planes and lines, which a case may state.
  private func requireAxes() throws {
    let planes: ConfigValue = [[0, 1], [0, 2], [1, 2]]
    for (key, value) in [("mat_ids", planes), ("vec_ids", [2, 1, 0])] where config.has(key) {
      try require(key, config.values[key], isOneOf: [value])
    }
  }

  /// Grid and ranks of a `vm` field.
  func vectorMatrixOptions() throws -> VMFieldOptions {
    try requireAxes()
    var options = VMFieldOptions()
    options.heads = try headOptions()
    options.resolution = try config.ints("resolution")
    options.densityRanks = try config.ints("sigma_rank")
    options.colorRanks = try config.ints("color_rank")
    return options
  }

  /// The small networks; what the case leaves out has PVD's size.
  func headOptions() throws(GoldenError) -> HeadOptions {
    var heads = HeadOptions()
    func read(_ key: String, into size: inout Int) throws(GoldenError) {
      if config.has(key) { size = try config.int(key) }
    }
    try read("num_layers", into: &heads.densityLayers)
    try read("num_layers_color", into: &heads.colorLayers)
    try read("hidden_dim", into: &heads.densityWidth)
    heads.colorWidth = heads.densityWidth
    try read("hidden_dim_color", into: &heads.colorWidth)
    try read("geo_feat_dim", into: &heads.colorFeatures)
    try read("color_feat_dim", into: &heads.colorFeatures)
    if config.has("bias_in_sigma_and_color_nets") {
      heads.bias = try config.bool("bias_in_sigma_and_color_nets")
    }
    return heads
  }

  /// Constants of the operation that a case may state.
  private func requireFixedParts() throws {
    try requireAxes()
    if config.has("dir_encoding") {
      let name = try config.string("dir_encoding")
      let isVolume = try config.string("model_type") == "tensors"
      let degree = isVolume ? try config.int("plenoxel_degree") : 4
      try require("dir_encoding", name, isOneOf: ["sphere_harmonics degree \(degree)"])
    }
    if config.has("trunc_exp_grad_clamp") {
      try require(
        "trunc_exp_grad_clamp", try config.doubles("trunc_exp_grad_clamp"), isOneOf: [[-12, 12]])
    }
  }

  /// A field of the call's precision with the parameters under `prefix`.
  ///
  /// Shapes are compared before memory is taken: a field is never larger than the case that holds its
  /// parameters.
  ///
  /// - Parameter isOptional: Whether the case may leave out a parameter; it is then small.
  func loadField<T: RadianceScalar>(
    _ configuration: FieldConfiguration, frame: FieldFrame, prefix: String = "param.",
    as scalar: T.Type = T.self, isOptional: (String) -> Bool = { _ in false }
  ) throws -> any RadianceField<T> {
    for parameter in try configuration.options.parameterShapes(frame: frame) {
      let name = prefix + parameter.name
      if isOptional(parameter.name) && !has(name) {
        guard parameter.shape.reduce(1, *) <= 1 << 24 else {
          throw GoldenError("\(caseName): `\(name)` is missing and would be \(parameter.shape).")
        }
        continue
      }
      let shape = try shape(name)
      guard shape == parameter.shape else {
        throw GoldenError(
          "\(caseName): `\(name)` has shape \(shape), the settings need \(parameter.shape).")
      }
    }
    let field = configuration.makeField(as: T.self, frame: frame, seed: nil)
    for parameter in field.parameters where has(prefix + parameter.name) {
      try parameter.load(try scalars(prefix + parameter.name))
    }
    return field
  }
}

extension FieldTaps {
  /// Rows `first ..< first + number`, sample by sample.
  func interleaved(_ first: Int, _ number: Int) -> [T] {
    (0..<count).flatMap { s in (first..<first + number).map { row($0)[s] } }
  }

  /// Writes sample-major values into rows.
  func fill(_ first: Int, _ number: Int, _ values: [T]) {
    for s in 0..<count { for k in 0..<number { row(first + k)[s] = values[number * s + k] } }
  }
}

extension SampleBatch {
  /// Samples of one ray at positions and directions `[N, 3]`, for operations on points.
  static func points(_ positions: [Float], directions: [Float]? = nil) throws -> SampleBatch {
    let count = positions.count / 3
    let ones = [Float](repeating: 1, count: count)
    return try SampleBatch(
      positions: GoldenColumns.split(positions, 3),
      directions: GoldenColumns.split(
        directions ?? [Float](repeating: 0, count: 3 * count), 3),
      deltas: ones, gaps: ones, spans: [RaySpan(offset: 0, count: count)])
  }
}
