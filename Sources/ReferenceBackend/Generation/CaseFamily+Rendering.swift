import GoldenKit

extension CaseFamily {
  static let rendering: [CaseFamily] = [
    CaseFamily("composite_rays_train", "mixed") { recipe in
      recipe.notes =
        "Ray 0 is empty, ray 1 has thin samples whose weight 1 − exp(−x) is lost in single "
        + "precision unless expm1 forms it, ray 2 an opaque one in front, the last row is padding."
      _ = try compositing(&recipe, counts: [0, 12, 9, 14, 1, 20, 8])
    },
    CaseFamily("composite_rays_train_al", "sorted") { recipe in
      recipe.notes =
        "Ray 0 is empty, ray 4 has one sample, the last ray is too transparent for its samples to be kept."
      recipe.config = ["third_curri_Ratio": 0.3, "depth_gradient": true]
      let counts = [0, 12, 9, 14, 1, 20, 8]
      let rows = try compositing(&recipe, counts: counts, isPlain: true)
      try recipe.ask("out.weighty_weights", shape: [rows])
      try recipe.ask("out.weighty_weights_index", shape: [rows])
    },
    CaseFamily("get_rays", "pose") { recipe in
      recipe.config = [
        "H": 5, "W": 7, "intrinsics": [9.25, 8.5, 3.375, 2.625],
      ]
      // Columns of a rotation by the angles 0.4 and 0.9, and a position.
      let pose: [Float] = [
        0.6216099, -0.30503586, 0.7214758, 0.5, 0, 0.921061, 0.3894183, -1.25,
        -0.7833269, -0.2420639, 0.5725407, 2, 0, 0, 0, 1,
      ]
      try recipe.set("in.poses", pose, shape: [1, 4, 4])
      try recipe.ask("out.rays_o", shape: [1, 35, 3])
      try recipe.ask("out.rays_d", shape: [1, 35, 3])
    },
    CaseFamily("near_far_from_aabb", "box") { recipe in
      recipe.notes = "The last ray misses the box."
      recipe.config = ["min_near": 0.2]
      try recipe.set("in.aabb", [-1, -0.75, -1, 1, 1.25, 1], shape: [6])
      var origins: [Float] = []
      var directions: [Float] = []
      for _ in 0..<31 {
        let start = recipe.random.floats(3, in: -3...3)
        let target = recipe.random.floats(3, in: -0.7...0.7)
        origins += start
        directions += (0..<3).map { target[$0] - start[$0] }
      }
      try recipe.set("in.rays_o", origins + [3, 3, 3], shape: [32, 3])
      try recipe.set("in.rays_d", directions + [0.5, 0.25, 0.75], shape: [32, 3])
      try recipe.ask("out.nears", shape: [32])
      try recipe.ask("out.fars", shape: [32])
      try recipe.ask("out.hit", shape: [32])
    },
    CaseFamily("polar_from_ray", "sphere") { recipe in
      recipe.config = ["radius": 2]
      try recipe.draw("in.rays_o", shape: [24, 3], in: -0.9...0.9)
      try recipe.draw("in.rays_d", shape: [24, 3], in: -1...1)
      try recipe.ask("out.coords", shape: [24, 2])
    },
    CaseFamily("srgb", "ramp") { recipe in
      try recipe.draw("in.x", shape: [40], in: 0...1)
      try recipe.ask("out.srgb_to_linear", shape: [40])
      try recipe.ask("out.linear_to_srgb", shape: [40])
    },
  ]

  /// - Parameter isPlain: Leaves out thin and opaque samples, whose order by weight hangs on rounding.
  /// - Returns: The number of rows.
  private static func compositing(
    _ recipe: inout CaseRecipe, counts: [Int], isPlain: Bool = false
  ) throws -> Int {
    let used = counts.reduce(0, +)
    let rows = used + 8
    recipe.config.merge(["early_stop": false, "M": .int(rows), "N": .int(counts.count)]) { $1 }
    var sigmas = recipe.random.floats(used, in: 0.1...40)
    if isPlain {
      for k in used - (counts.last ?? 0)..<used { sigmas[k] *= 0.02 }
    } else {
      for k in 0..<12 { sigmas[k] = recipe.random.floats(1, in: 1e-6...1e-4)[0] }
      sigmas[12] = 600
    }
    let steps = recipe.random.floats(used, in: 0.01...0.05)
    let skips = recipe.random.floats(used, in: 0...0.2)
    var first = 0
    let rays = counts.enumerated().flatMap { ray, count in
      defer { first += count }
      return [ray, first, count]
    }
    // Padding that would show if it counted.
    func padded(_ values: [Float], _ width: Int) -> [Float] {
      values + [Float](repeating: 0.5, count: width * (rows - used))
    }
    try recipe.set("in.sigmas", padded(sigmas, 1), shape: [rows])
    let colors = recipe.random.floats(3 * used, in: 0...1)
    try recipe.set("in.rgbs", padded(colors, 3), shape: [rows, 3])
    try recipe.set(
      "in.deltas", padded((0..<used).flatMap { [steps[$0], steps[$0] + skips[$0]] }, 2),
      shape: [rows, 2])
    try recipe.set("in.rays", integers: rays, shape: [counts.count, 3])
    try recipe.ask("out.image", shape: [counts.count, 3], cotangent: "cotangent.image")
    try recipe.ask("out.weights_sum", shape: [counts.count], cotangent: "cotangent.weights_sum")
    try recipe.ask("out.depth", shape: [counts.count], cotangent: "cotangent.depth")
    try recipe.ask("grad.in.sigmas", shape: [rows])
    try recipe.ask("grad.in.rgbs", shape: [rows, 3])
    return rows
  }
}
