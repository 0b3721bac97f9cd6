import TensorIO

extension OperationProperty {
  /// All properties. Every operation of the library has at least one.
  public static let all: [OperationProperty] = [
    linearInCotangents, independentRows, orderOfRays, linearInValues, homogeneousLosses, ratesScale,
    stepsIgnoreScale, symmetry, orderOfCameras,
  ]

  static let linearInCotangents = OperationProperty(
    "cotangents ×2", "twice the cotangents give twice the gradients, and the same results",
    of: [
      "composite_rays_train", "composite_rays_train_al", "field_forward", "frequency_encoding",
      "hash_grid_encoding",
      "nerf_mlp_trunk", "plenoxel_field", "sh_encoding", "trunc_exp", "vm_field",
    ],
    change: { try $0.scaling(["cotangent."], by: 2) },
    expected: { _, answers in
      try answers.mapPairs { name, tensor in
        // Gradients of a loss of its own do not depend on cotangents.
        let follows = name.hasPrefix("grad.in.") || name.hasPrefix("grad.param.")
        return follows ? try tensor.scaled(by: 2) : tensor
      }
    })

  /// The input whose rows are the calls of an operation.
  private static let rowInputs = [
    "field_forward": ["in.x", "in.d"], "frequency_encoding": ["in.x"], "get_rays": ["in.poses"],
    "hash_grid_encoding": ["in.x"], "march_composite_inference": ["in.rays_o", "in.rays_d"],
    "morton3D": ["in.coords"], "near_far_from_aabb": ["in.rays_o", "in.rays_d"],
    "nerf_matrix_to_ngp": ["in.poses"], "nerf_mlp_trunk": ["in.x"], "plenoxel_field": ["in.x"],
    "polar_from_ray": ["in.rays_o", "in.rays_d"], "pose_spherical": ["in.theta_phi_radius"],
    "sh_encoding": ["in.dirs"], "srgb": ["in.x"], "trunc_exp": ["in.x"], "vm_field": ["in.x"],
  ]

  static let independentRows = OperationProperty(
    "rows reversed",
    "points and rays do not know of each other: their order is that of the results",
    of: Set(rowInputs.keys), isRounded: true,
    change: { call in
      let cotangents = call.names("cotangent.")
      return try call.reversing((rowInputs[call.operation] ?? []) + cotangents)
    },
    expected: { call, answers in
      let rows = try call.shape(rowInputs[call.operation]?.first ?? "").first ?? 0
      return try answers.mapPairs { name, tensor in
        guard name.hasPrefix("out.") || name.hasPrefix("grad.in.") else { return tensor }
        guard !name.hasSuffix("_per_iter") else { return tensor }
        return tensor.shape.first == rows ? try tensor.reversed() : tensor
      }
    })

  static let orderOfRays = OperationProperty(
    "rays reversed",
    "the samples of a ray do not depend on other rays, and lie in the order of rays",
    of: ["march_rays_train"],
    change: { call in
      guard try !call.config.bool("perturb"), try call.config.int("mean_count") <= 0 else {
        return nil
      }
      return try call.reversing(["in.rays_o", "in.rays_d", "in.nears", "in.fars"])
    },
    expected: { _, answers in
      guard let rays = try answers["out.rays"]?.integers() else { return [:] }
      let spans = stride(from: 0, to: rays.count, by: 3).map { ray -> (Int, Int) in
        (rays[ray + 1], rays[ray + 2])
      }
      var result = answers
      for name in ["out.xyzs", "out.dirs", "out.deltas"] {
        guard let tensor = answers[name] else { continue }
        let width = tensor.shape.last ?? 1
        let values = try tensor.floats()
        let used = spans.reversed().flatMap { first, count -> ArraySlice<Float> in
          values[width * first..<width * (first + count)]
        }
        result[name] = try StoredTensor(
          used + [Float](repeating: 0, count: values.count - used.count), shape: tensor.shape)
      }
      var first = 0
      let rows = spans.reversed().enumerated().flatMap { ray, span -> [Int64] in
        defer { first += span.1 }
        return [Int64(ray), Int64(first), Int64(span.1)]
      }
      result["out.rays"] = try StoredTensor(rows, shape: answers["out.rays"]?.shape ?? [])
      return result
    })

  static let linearInValues = OperationProperty(
    "values ×2", "twice the grid gives twice the grid, and thresholds that follow the same bits",
    of: ["density_grid_update", "packbits", "vm_grid_ops"],
    change: { call in
      let inputs = ["in.grid", "param."]
      guard call.operation == "density_grid_update" else {
        let isBits = call.operation == "packbits"
        return try call.scaling(inputs, by: 2).scalingSettings(
          isBits ? ["density_thresh"] : [], by: 2)
      }
      return try call.scaling(["in.density_grid", "in.query_sigmas"], by: 2)
        .scalingSettings(["density_thresh"], by: 2)
    },
    expected: { _, answers in
      let linear = ["out.density_grid", "out.mean_density", "out.shrunk.", "out.upsampled."]
      return try answers.mapPairs { name, tensor in
        linear.contains(where: name.hasPrefix) ? try tensor.scaled(by: 2) : tensor
      }
    })

  static let homogeneousLosses = OperationProperty(
    "differences ×2", "norms and means are homogeneous: of degree 2 for L2, of degree 1 else",
    of: ["distill_loss"],
    change: { try $0.scaling(["in."], by: 2) },
    expected: { _, answers in
      try answers.filter { !$0.key.contains("smoothL1") }.mapPairs { name, tensor in
        let isGradient = name.hasPrefix("grad.")
        let isSquare = name.contains(".L2")
        return try tensor.scaled(by: (isSquare ? 2 : 1) * (isGradient ? 1 : 2))
      }
    })

  /// The weights of the terms of a distillation.
  private static let rates = [
    "loss_rate_rgb", "loss_rate_fea_sc", "loss_rate_fea_sc_used", "loss_rate_color",
    "loss_rate_sigma", "loss_rate_depth", "l1_reg_weight",
  ]

  static let ratesScale = OperationProperty(
    "rates ×2", "twice the rates give twice the loss and twice the gradients, and the same terms",
    of: ["pvd_distill_step", "pvd_al_distill_step"],
    change: { try $0.scalingSettings(rates, by: 2) },
    expected: { _, answers in
      try answers.mapPairs { name, tensor in
        name == "out.loss" || name.hasPrefix("grad.") ? try tensor.scaled(by: 2) : tensor
      }
    })

  static let stepsIgnoreScale = OperationProperty(
    "gradients and ε ×2", "Adam does not see the scale of the loss if ε follows it",
    of: ["adamw_cosine", "pvd_distill_sequence"],
    change: { try $0.scaling(["in.grad"], by: 2).scalingSettings(rates + ["eps"], by: 2) },
    expected: { _, answers in
      try answers.mapPairs { name, tensor in
        if name.hasPrefix("out.exp_avg_sq") { return try tensor.scaled(by: 4) }
        let follows = ["out.exp_avg", "out.losses", "out.loss_rate"]
        return follows.contains(where: name.hasPrefix) ? try tensor.scaled(by: 2) : tensor
      }
    })

  static let symmetry = OperationProperty(
    "images exchanged", "which image is the truth does not matter", of: ["psnr", "ssim"],
    isRounded: true,
    change: { call in
      var changed = call
      for (a, b) in call.names("in.pred").map({ ($0, "in.truth" + $0.dropFirst(7)) }) + [
        ("in.img0", "in.img1")
      ] {
        guard let first = call.tensors[a], let second = call.tensors[b] else { continue }
        changed = changed.replacing(a, with: second).replacing(b, with: first)
      }
      return changed
    },
    expected: { $1 })

  static let orderOfCameras = OperationProperty(
    "cameras reversed", "a cell is seen or not, whichever camera looks first",
    of: ["mark_untrained_grid"],
    change: { try $0.reversing(["in.poses"]) },
    expected: { $1 })
}

extension Dictionary where Key == String, Value == StoredTensor {
  fileprivate func mapPairs(
    _ transform: (String, StoredTensor) throws -> StoredTensor
  ) rethrows -> [String: StoredTensor] {
    try Dictionary(uniqueKeysWithValues: map { ($0.key, try transform($0.key, $0.value)) })
  }
}
