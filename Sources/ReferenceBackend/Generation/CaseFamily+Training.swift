import Distill
import GoldenKit

extension CaseFamily {
  static let training: [CaseFamily] = [
    CaseFamily("distill_loss", "block") { recipe in
      try recipe.draw("in.pred", shape: [12, 4], in: -1...1)
      try recipe.draw("in.target", shape: [12, 4], in: -1...1)
      try losses(&recipe, shape: [12, 4])
    },
    CaseFamily("distill_loss", "equal", isAtKinks: true) { recipe in
      recipe.notes =
        "Both blocks are equal: every loss and every gradient is zero, also of the norm."
      let values = try recipe.draw("in.pred", shape: [4, 3], in: -1...1)
      try recipe.set("in.target", values, shape: [4, 3])
      try losses(&recipe, shape: [4, 3])
    },
    CaseFamily("adamw_cosine", "fast") { recipe in
      recipe.notes = "A period of eight steps, so that the schedule shows in every step."
      try adamW(&recipe, period: 8, epsilon: 1e-15, gradients: 1)
    },
    CaseFamily("adamw_cosine", "epsilon") { recipe in
      recipe.notes = "Gradients are as small as ε: where it is added shows."
      try adamW(&recipe, period: 1000, epsilon: 1e-3, gradients: 1e-3)
    },
    CaseFamily("density_grid_update", "full") { recipe in
      recipe.notes = "Cells of −1 are untrained and stay so; the threshold lies below the mean."
      recipe.config = [
        "bound": 1, "cascade": 1, "grid_size": 8, "decay": 0.95, "density_scale": 1,
        "density_thresh": 2, "iter_density": 0, "local_step": 3, "mode": "full",
      ]
      let drawn = recipe.random.floats(512, in: 0...20)
      try recipe.set(
        "in.density_grid", drawn.enumerated().map { $0.offset % 16 == 5 ? -1 : $0.element },
        shape: [1, 512])
      try recipe.draw("in.noise", shape: [1, 512, 3], in: 0...1)
      try recipe.draw("in.query_sigmas", shape: [1, 512], in: 0...20)
      let counts = (0..<32).map { $0.isMultiple(of: 2) ? 1000 + 37 * $0 : 64 }
      try recipe.set("in.step_counter", integers: counts, shape: [16, 2])
      try recipe.ask("out.density_grid", shape: [1, 512])
      try recipe.ask("out.mean_density", shape: [])
      try recipe.ask("out.mean_count", shape: [])
      try recipe.ask("out.density_bitfield", shape: [64])
    },
  ]

  private static func losses(_ recipe: inout CaseRecipe, shape: [Int]) throws {
    recipe.config = [:]
    for kind in LossKind.allCases {
      try recipe.ask("out.\(kind.rawValue)", shape: [])
      try recipe.ask("grad.\(kind.rawValue).in.pred", shape: shape)
    }
  }

  private static func adamW(
    _ recipe: inout CaseRecipe, period: Int, epsilon: Double, gradients: Float
  ) throws {
    let steps = 4
    recipe.config = [
      "T_max": .int(period), "betas": [0.9, 0.99], "eps": .double(epsilon), "eta_min": 1e-4,
      "groups": "p0 | p1", "lr_group0": 0.01, "lr_group1": 0.002, "steps": .int(steps),
      "weight_decay": 0.05,
    ]
    for (number, count) in [(0, 12), (1, 5)] {
      try recipe.draw("in.p\(number)", shape: [count], in: -1...1)
      for step in 1...steps {
        try recipe.draw(
          "in.grad\(number).step\(step)", shape: [count], in: -gradients...gradients)
        try recipe.ask("out.p\(number).step\(step)", shape: [count])
      }
      try recipe.ask("out.exp_avg\(number)", shape: [count])
      try recipe.ask("out.exp_avg_sq\(number)", shape: [count])
    }
    try recipe.ask("out.lrs", shape: [steps, 2])
  }
}
