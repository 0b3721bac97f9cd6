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
