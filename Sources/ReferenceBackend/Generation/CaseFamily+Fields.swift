import Fields
import GoldenKit

extension CaseFamily {
  /// `field_forward` of all four architectures.
  static let fields: [CaseFamily] = [
    CaseFamily("field_forward", "hash") { recipe in
      var options = HashFieldOptions()
      options.levels = 4
      options.baseResolution = 8
      options.log2TableSize = 9
      options.finestResolution = 64
      options.hiddenWidth = 16
      recipe.config = [
        "model_type": "hash", "num_levels": 4, "level_dim": 2, "base_resolution": 8,
        "log2_hashmap_size": 9, "desired_resolution": 64, "align_corners": false,
        "hidden_dim": 16,
      ]
      try field(&recipe, options.parameterShapes(frame: FieldFrame()))
    },
    CaseFamily("field_forward", "hash_heads") { recipe in
      recipe.notes =
        "Aligned corners, four features a level, networks of other depths and widths, biases."
      var options = HashFieldOptions()
      options.levels = 3
      options.levelFeatures = 4
      options.alignCorners = true
      options.baseResolution = 6
      options.log2TableSize = 8
      options.finestResolution = 40
      options.heads.densityLayers = 3
      options.heads.densityWidth = 12
      options.heads.colorLayers = 2
      options.heads.colorWidth = 18
      options.heads.colorFeatures = 7
      options.heads.bias = true
      recipe.config = [
        "model_type": "hash", "num_levels": 3, "level_dim": 4, "base_resolution": 6,
        "log2_hashmap_size": 8, "desired_resolution": 40, "align_corners": true,
        "num_layers": 3, "hidden_dim": 12, "num_layers_color": 2, "hidden_dim_color": 18,
        "geo_feat_dim": 7, "bias_in_sigma_and_color_nets": true,
      ]
      try field(&recipe, options.parameterShapes(frame: FieldFrame()), features: 8)
    },
    CaseFamily("field_forward", "mlp") { recipe in
      var options = MLPFieldOptions()
      options.bands = 4
      options.layers = 4
      options.width = 20
      options.skip = 1
      options.trunkOutputs = 12
      options.hiddenWidth = 16
      recipe.config = [
        "model_type": "mlp", "PE": 4, "nerf_layer_num": 4, "nerf_layer_wide": 20, "skip": 1,
        "in_dim_after_trunk": 12, "hidden_dim": 16,
      ]
      try field(&recipe, options.parameterShapes(frame: FieldFrame()))
    },
    CaseFamily("field_forward", "vm") { recipe in
      var options = VMFieldOptions()
      options.resolution = [4, 6, 8]
      options.densityRanks = [3, 3, 3]
      options.colorRanks = [4, 4, 4]
      options.hiddenWidth = 16
      recipe.config = [
        "model_type": "vm", "resolution": [4, 6, 8], "sigma_rank": [3, 3, 3],
        "color_rank": [4, 4, 4], "hidden_dim": 16,
      ]
      try field(&recipe, options.parameterShapes(frame: FieldFrame()))
    },
    CaseFamily("field_forward", "tensors") { recipe in
      var options = TensorsFieldOptions()
      options.resolution = [4, 6, 8]
      options.degree = 2
      recipe.config = [
        "model_type": "tensors", "plenoxel_res": [4, 6, 8], "plenoxel_degree": 2,
      ]
      try field(&recipe, options.parameterShapes(frame: FieldFrame()), features: 0)
    },
  ]

  private static func field(
    _ recipe: inout CaseRecipe, _ shapes: [ParameterShape], features: Int = 16
  ) throws {
    let rows = 16
    recipe.config["bound"] = 1
    recipe.config["sigma_clip_min"] = -2
    recipe.config["sigma_clip_max"] = 7
    try recipe.set("param.aabb", [-1, -1, -1, 1, 1, 1], shape: [6])
    try recipe.draw("in.x", shape: [rows, 3], in: -0.98...0.98)
    var directions: [Float] = []
    while directions.count < 3 * rows {
      let v = recipe.random.floats(3, in: -1...1)
      let length = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).squareRoot()
      if length > 0.2 && length < 1 { directions += v.map { $0 / length } }
    }
    try recipe.set("in.d", directions, shape: [rows, 3])
    try drawNetwork(&recipe, shapes)
    try recipe.ask("out.sigma_l", shape: [rows])
    try recipe.ask("out.sigma", shape: [rows], cotangent: "cotangent.sigma")
    try recipe.ask("out.density", shape: [rows])
    try recipe.ask("out.color", shape: [rows, 3], cotangent: "cotangent.color")
    if features > 0 {
      try recipe.ask(
        "out.feature_sigma_color", shape: [rows, features],
        cotangent: "cotangent.feature_sigma_color")
    }
    for shape in shapes { try recipe.ask("grad.param.\(shape.name)", shape: shape.shape) }
  }
}
