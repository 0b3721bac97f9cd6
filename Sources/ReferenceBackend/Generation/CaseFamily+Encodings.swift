import GoldenKit

extension CaseFamily {
  static let encodings: [CaseFamily] = [
    CaseFamily("frequency_encoding", "points") { recipe in
      try frequencies(&recipe, rows: 24, dimensions: 3, bands: 6)
    },
    CaseFamily("frequency_encoding", "plane") { recipe in
      try frequencies(&recipe, rows: 16, dimensions: 2, bands: 10)
    },
    CaseFamily("sh_encoding", "deg4") { try harmonics(&$0, degree: 4) },
    CaseFamily("sh_encoding", "deg3") { try harmonics(&$0, degree: 3) },
    CaseFamily("trunc_exp", "range") { recipe in
      recipe.notes = "The gradient is clamped at ±12, which five values reach or pass."
      let fixed: [Float] = [12, -12, 13.5, -14, 16.25, 0, -0.5]
      try recipe.set("in.x", fixed + recipe.random.floats(41, in: -11...11), shape: [48])
      try recipe.ask("out.y", shape: [48])
      try recipe.draw("cotangent.y", shape: [48], in: -1...1)
      try recipe.ask("grad.in.x", shape: [48])
    },
  ]

  private static func frequencies(
    _ recipe: inout CaseRecipe, rows: Int, dimensions: Int, bands: Int
  ) throws {
    recipe.config = [
      "input_dim": .int(dimensions), "num_freqs": .int(bands), "include_input": true,
      "log_sampling": true,
    ]
    try recipe.draw("in.x", shape: [rows, dimensions], in: -1...1)
    let width = dimensions * (1 + 2 * bands)
    try recipe.ask("out.y", shape: [rows, width], cotangent: "cotangent.y")
    try recipe.ask("grad.in.x", shape: [rows, dimensions])
  }

  private static func harmonics(_ recipe: inout CaseRecipe, degree: Int) throws {
    recipe.notes = "Directions are not of unit length: nothing may normalise them."
    recipe.config = ["degree": .int(degree), "output_dim": .int(degree * degree)]
    try recipe.draw("in.dirs", shape: [32, 3], in: -1...1)
    try recipe.ask("out.y", shape: [32, degree * degree], cotangent: "cotangent.y")
    try recipe.ask("grad.in.dirs", shape: [32, 3])
  }
}
