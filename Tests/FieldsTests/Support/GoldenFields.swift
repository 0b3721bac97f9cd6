import Fields
import NeRFCore
import TestSupport
import Testing

/// Fields built from the configuration and parameters of golden cases.
enum GoldenFields {
  /// The options that a case's configuration expresses.
  static func configuration(_ config: GoldenConfig, clampsColor: Bool = true) throws
    -> FieldConfiguration
  {
    switch try config.string("model_type") {
    case "hash":
      var options = HashFieldOptions()
      options.levels = try config.int("num_levels")
      options.baseResolution = try config.int("base_resolution")
      options.log2TableSize = try config.int("log2_hashmap_size")
      options.finestResolution =
        try config.double("desired_resolution") / (try config.double("bound"))
      options.hiddenWidth = try config.int("hidden_dim")
      return .hash(options)
    case "mlp":
      var options = MLPFieldOptions()
      options.bands = try config.int("PE")
      options.layers = try config.int("nerf_layer_num")
      options.width = try config.int("nerf_layer_wide")
      options.skip = try config.int("skip")
      options.trunkOutputs = try config.int("in_dim_after_trunk")
      options.hiddenWidth = try config.int("hidden_dim")
      return .mlp(options)
    case "vm":
      var options = VMFieldOptions()
      options.resolution = try config.ints("resolution")
      options.densityRanks = try config.ints("sigma_rank")
      options.colorRanks = try config.ints("color_rank")
      options.hiddenWidth = try config.int("hidden_dim")
      options.clampsColorFeatures = clampsColor
      return .vm(options)
    case "tensors":
      var options = TensorsFieldOptions()
      options.resolution = try config.ints("plenoxel_res")
      options.degree = try config.int("plenoxel_degree")
      options.unclampedOccupancy = true
      return .tensors(options)
    case let type:
      throw GoldenError("\(config.context): unknown model type \(type).")
    }
  }

  /// The field of a `field_forward` case.
  static func field<T: RadianceScalar>(
    _ golden: GoldenCase, read: (String) throws -> [T]
  ) throws -> any RadianceField<T> {
    let config = golden.config
    let frame = FieldFrame(
      bound: try config.double("bound"), box: try golden.doubles("param.aabb"),
      logDensityMinimum: try config.double("sigma_clip_min"),
      logDensityMaximum: try config.double("sigma_clip_max"))
    let field: any RadianceField<T> = try configuration(config).makeField(frame: frame, seed: 0)
    try load(golden, into: field, read: read)
    return field
  }

  /// Loads every parameter of a case; each of the case and of the field must have its partner.
  static func load<T: RadianceScalar>(
    _ golden: GoldenCase, into field: any RadianceField<T>, except: Set<String> = [],
    read: (String) throws -> [T]
  ) throws {
    var missing = Set(field.parameters.map(\.name)).subtracting(except)
    for tensor in golden.tensorNames("param.") {
      let name = String(tensor.dropFirst("param.".count))
      if name == "aabb" || name == "encoder.offsets" { continue }
      let parameter = try #require(field.parameter(named: name), "\(golden.name): \(name)")
      #expect(parameter.shape == (try golden.shape(tensor)))
      try parameter.load(try read(tensor))
      missing.remove(name)
    }
    #expect(missing.isEmpty, "\(golden.name) has no \(missing.sorted())")
  }
}
