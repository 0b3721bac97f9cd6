import Distill
import Fields
import GoldenKit
import NeRFCore

extension CaseFamily {
  /// Whole steps of a distillation, and a sequence of them.
  static let distillation: [CaseFamily] = [
    CaseFamily("pvd_distill_step", "hash2vm_stage1") { recipe in
      try step(&recipe, .hash, .vm, stage: 1)
    },
    CaseFamily("pvd_distill_step", "mlp2hash_stage2") { recipe in
      try step(&recipe, .mlp, .hash, stage: 2)
    },
    CaseFamily("pvd_distill_step", "hash2vm_stage3") { recipe in
      try step(&recipe, .hash, .vm, stage: 3)
    },
    CaseFamily("pvd_distill_step", "tensors2mlp_stage3_L2") { recipe in
      recipe.config["density_scale"] = 1.5
      try step(&recipe, .tensors, .mlp, stage: 3, kind: .meanL2)
    },
    CaseFamily("pvd_distill_step", "vm2tensors_stage3_smoothL1") { recipe in
      try step(&recipe, .vm, .tensors, stage: 3, kind: .smoothL1)
    },
    CaseFamily("pvd_al_distill_step", "hash2vm_point_ray") { recipe in
      recipe.config["loss_rate_depth"] = 0.1
      try activeStep(&recipe, .hash, .vm, levels: "point+ray")
    },
    CaseFamily("pvd_al_distill_step", "tensors2mlp_depth_L2") { recipe in
      recipe.config["loss_rate_depth"] = 0.05
      try activeStep(&recipe, .tensors, .mlp, levels: "", kind: .meanL2)
    },
    CaseFamily("pvd_distill_sequence", "hash2vm") { recipe in
      recipe.notes =
        "One step of each stage. ε is as large as gradients are: an entry whose gradient is rounding noise "
        + "does not take a full step."
      recipe.config = common(.hash, .vm, kind: .normL2)
      recipe.config.merge([
        "stage_iters": ["stage1": 2, "stage2": 3], "first_global_step": 1, "steps": 3,
        "betas": [0.9, 0.99], "eps": 0.05, "eta_min": 1e-4, "iters": 8, "lr": 0.01,
        "weight_decay": 0.01,
      ]) { $1 }
      for k in 1...3 { _ = try samples(&recipe, "in.step\(k).") }
      let shapes = try parameters(&recipe, .hash, .vm)
      try recipe.ask("out.losses", shape: [3])
      try recipe.ask("out.loss_rate_fea_sc_final", shape: [])
      try recipe.ask("out.lrs", shape: [6])
      for shape in shapes { try recipe.ask("out.param.\(shape.name)", shape: shape.shape) }
    },
  ]

  private static let rayCounts = [5, 0, 4, 3]
  private static let padding = 4

  /// A step of PVD-AL: what a step of PVD has, and what the levels add.
  private static func activeStep(
    _ recipe: inout CaseRecipe, _ teacher: Architecture, _ student: Architecture, levels: String,
    kind: LossKind = .normL2
  ) throws {
    recipe.config.merge([
      "curriculum_type": .string(levels), "third_curri_Ratio": 0.3, "hard_rays_ratio": 0.5,
    ]) { $1 }
    try step(&recipe, teacher, student, stage: 3, kind: kind)
    recipe.notes =
      "The second ray is empty. Rows that are not selected, and padding beside a selection, do not count."
    let rows = rayCounts.reduce(0, +) + padding
    try recipe.ask("out.loss_depth", shape: [])
    for role in ["student", "teacher"] {
      try recipe.ask("out.\(role).depth_for_loss", shape: [rayCounts.count])
      try recipe.ask("out.\(role).weighty_weights_index", shape: [rows])
    }
    guard levels.contains("ray") else { return }
    try recipe.ask("out.hard_rays_o", shape: [rayCounts.count / 2, 3])
    try recipe.ask("out.hard_rays_d", shape: [rayCounts.count / 2, 3])
  }

  private static func step(
    _ recipe: inout CaseRecipe, _ teacher: Architecture, _ student: Architecture, stage: Int,
    kind: LossKind = .normL2
  ) throws {
    recipe.notes = "The second ray is empty, the last four rows are padding, which counts."
    recipe.config.merge(common(teacher, student, kind: kind)) { $1 }
    recipe.config["stage_iters"] = ["stage1": 20, "stage2": 50]
    recipe.config["global_step"] = .int([10, 30, 60][stage - 1])
    recipe.config["loss_rate_fea_sc_used"] = 0.00199
    try recipe.draw("in.bg_color", shape: [rayCounts.count, 3], in: 0...1)
    let rows = try samples(&recipe, "in.")
    let shapes = try parameters(&recipe, teacher, student)
    for term in ["loss", "loss_fea_sc", "loss_color", "loss_sigma", "loss_rgb_mse"] {
      try recipe.ask("out.\(term)", shape: [])
    }
    for (role, architecture) in [("student", student), ("teacher", teacher)] {
      if architecture != .tensors {
        try recipe.ask("out.\(role).feature_sigma_color", shape: [rows, 16])
      }
      guard stage > 1 else { continue }
      try recipe.ask("out.\(role).sigma_l", shape: [rows])
      try recipe.ask("out.\(role).color_l", shape: [rows, 3])
      if stage == 3 { try recipe.ask("out.\(role).image", shape: [rayCounts.count, 3]) }
    }
    if stage == 3 { try recipe.ask("out.student.depth", shape: [rayCounts.count]) }
    for shape in shapes where stage > 1 || !shape.name.hasPrefix("color_net.") {
      try recipe.ask("grad.param.student.\(shape.name)", shape: shape.shape)
    }
  }

  private static func common(
    _ teacher: Architecture, _ student: Architecture, kind: LossKind
  ) -> [String: ConfigValue] {
    [
      "teacher": .string(teacher.rawValue), "student": .string(student.rawValue),
      "loss_type": .string(kind.rawValue), "bound": 1, "min_near": 0.2, "sigma_clip_min": -2,
      "sigma_clip_max": 7, "loss_rate_rgb": 1, "loss_rate_fea_sc": 0.002,
      "loss_rate_color": 0.002, "loss_rate_sigma": 0.002, "l1_reg_weight": 1e-4,
      "log2_hashmap_size": 8, "num_levels": 4, "base_resolution": 8, "desired_resolution": 64,
      "PE": 3, "nerf_layer_num": 3, "nerf_layer_wide": 16, "skip": 0, "resolution0": 4,
      "plenoxel_res": "[4,6,4]", "plenoxel_degree": 2, "hidden_dim": 12,
      "in_dim_after_trunk": 10, "sigma_rank": [3, 3, 3], "color_rank": [4, 4, 4],
    ]
  }

  /// Samples along rays, with padding behind them; returns the number of rows.
  private static func samples(_ recipe: inout CaseRecipe, _ prefix: String) throws -> Int {
    let used = rayCounts.reduce(0, +)
    var (positions, directions, deltas, rows) = ([Float](), [Float](), [Float](), [Int]())
    var drawn = CaseRecipe(recipe.operation, random: recipe.random)
    let rays = try CaseFamily.rays(&drawn, count: rayCounts.count, bound: 1) { _ in 0.4 }
    recipe.random = drawn.random
    if prefix == "in." {
      for (name, tensor) in drawn.inputs {
        try recipe.set(name, tensor.floats(), shape: tensor.shape)
      }
    }
    for (ray, count) in rayCounts.enumerated() {
      rows += [ray, positions.count / 3, count]
      // The middle of the box is about 2.5 away.
      var distance: Float = 2.1
      for _ in 0..<count {
        let step = recipe.random.floats(1, in: 0.05...0.15)[0]
        for axis in 0..<3 {
          positions.append(rays.origins[axis][ray] + distance * rays.directions[axis][ray])
          directions.append(rays.directions[axis][ray])
        }
        deltas += [step, step]
        distance += step
      }
    }
    let total = used + padding
    func padded(_ values: [Float], _ width: Int) -> [Float] {
      values + [Float](repeating: 0, count: width * padding)
    }
    try recipe.set("\(prefix)xyzs", padded(positions, 3), shape: [total, 3])
    try recipe.set("\(prefix)dirs", padded(directions, 3), shape: [total, 3])
    try recipe.set("\(prefix)deltas", padded(deltas, 2), shape: [total, 2])
    try recipe.set("\(prefix)rays", integers: rows, shape: [rayCounts.count, 3])
    return total
  }

  /// Draws the parameters of both fields; returns the shapes of the student's.
  private static func parameters(
    _ recipe: inout CaseRecipe, _ teacher: Architecture, _ student: Architecture
  ) throws -> [ParameterShape] {
    var result: [ParameterShape] = []
    for (role, architecture) in [("teacher", teacher), ("student", student)] {
      let call = OperationCall(recipe, name: recipe.operation, precision: .double)
      let configuration = try StoredDistillation<Double>.configuration(call, architecture)
      result = try configuration.parameterShapes(frame: FieldFrame())
      try drawNetwork(&recipe, result, prefix: "param.\(role).")
    }
    return result
  }
}
