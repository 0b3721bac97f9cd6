import Fields
import GoldenKit

extension CaseFamily {
  static let networks: [CaseFamily] = [
    CaseFamily("nerf_mlp_trunk", "w24") { recipe in
      try trunk(&recipe) { recipe, shapes in try drawNetwork(&recipe, shapes) }
    },
    CaseFamily("nerf_mlp_trunk", "on") { recipe in
      recipe.notes =
        "Every unit is well above zero: also coarse rounding of weights turns none off."
      try trunk(&recipe) { recipe, shapes in
        for shape in shapes {
          let range: ClosedRange<Float> = shape.shape.count == 1 ? 1...1.5 : -0.1...0.1
          try recipe.draw("param.\(shape.name)", shape: shape.shape, in: range)
        }
      }
    },
    CaseFamily("nerf_mlp_trunk", "off", isAtKinks: true) { recipe in
      recipe.notes =
        "Weights of layer 0 are zero and its biases too: its units are exactly at the kink, where "
        + "the gradient is that of a unit that is off."
      recipe.config = [
        "PE": 2, "nerf_layer_num": 3, "nerf_layer_wide": 8, "skip": 5, "out_dim": 4,
      ]
      try recipe.draw("in.x", shape: [8, 3], in: -1...1)
      let sizes = [("0", 8, 15), ("1", 8, 8), ("2", 4, 8)]
      for (name, outputs, inputs) in sizes {
        let isFirst = name == "0"
        let limit: ClosedRange<Float> = isFirst ? 0...0 : -0.5...0.5
        try recipe.draw("param.nerf_mlp.\(name).weight", shape: [outputs, inputs], in: limit)
        try recipe.draw("param.nerf_mlp.\(name).bias", shape: [outputs], in: limit)
      }
      try recipe.ask("out.features", shape: [8, 4], cotangent: "cotangent.features")
      try recipe.ask("grad.in.x", shape: [8, 3])
      for (name, outputs, inputs) in sizes {
        try recipe.ask("grad.param.nerf_mlp.\(name).weight", shape: [outputs, inputs])
        try recipe.ask("grad.param.nerf_mlp.\(name).bias", shape: [outputs])
      }
    },
    CaseFamily("vm_field", "small") { recipe in
      recipe.config = [
        "resolution": [6, 4, 8], "sigma_rank": [4, 4, 4], "color_rank": [6, 6, 6],
        "color_feat_dim": 15,
      ]
      var options = VMFieldOptions()
      options.resolution = [6, 4, 8]
      options.densityRanks = [4, 4, 4]
      options.colorRanks = [6, 6, 6]
      let shapes = try options.parameterShapes(frame: FieldFrame()).filter {
        !$0.name.hasPrefix("color_net.")
      }
      try recipe.draw("in.x", shape: [24, 3], in: -0.99...0.99)
      for shape in shapes {
        try recipe.draw("param.\(shape.name)", shape: shape.shape, in: -0.6...0.6)
      }
      try recipe.ask("out.sigma_feat", shape: [24], cotangent: "cotangent.sigma_feat")
      try recipe.ask("out.color_feat", shape: [24, 15], cotangent: "cotangent.color_feat")
      try recipe.ask("out.density_l1", shape: [])
      for shape in shapes where shape.name.hasPrefix("sigma_") {
        try recipe.ask("grad.density_l1.\(shape.name)", shape: shape.shape)
      }
      for shape in shapes { try recipe.ask("grad.param.\(shape.name)", shape: shape.shape) }
    },
  ]

  private static func trunk(
    _ recipe: inout CaseRecipe, _ draw: (inout CaseRecipe, [ParameterShape]) throws -> Void
  ) throws {
    let (bands, layers, width, skip, outputs) = (4, 5, 24, 2, 12)
    recipe.config = [
      "PE": .int(bands), "nerf_layer_num": .int(layers), "nerf_layer_wide": .int(width),
      "skip": .int(skip), "out_dim": .int(outputs),
    ]
    try recipe.draw("in.x", shape: [24, 3], in: -1...1)
    var options = MLPFieldOptions()
    (options.bands, options.layers, options.width) = (bands, layers, width)
    (options.skip, options.trunkOutputs) = (skip, outputs)
    let shapes = try options.parameterShapes(frame: FieldFrame()).filter {
      $0.name.hasPrefix("nerf_mlp.")
    }
    try draw(&recipe, shapes)
    try recipe.ask("out.features", shape: [24, outputs], cotangent: "cotangent.features")
    try recipe.ask("grad.in.x", shape: [24, 3])
    for shape in shapes { try recipe.ask("grad.param.\(shape.name)", shape: shape.shape) }
  }

  /// Weights and biases in ±1/√inputs, as networks begin.
  static func drawNetwork(
    _ recipe: inout CaseRecipe, _ shapes: [ParameterShape], prefix: String = "param."
  ) throws {
    var limit: Float = 1
    for shape in shapes {
      if shape.shape.count == 2 { limit = 1.7 / Float(shape.shape[1]).squareRoot() }
      try recipe.draw(prefix + shape.name, shape: shape.shape, in: -limit...limit)
    }
  }
}
