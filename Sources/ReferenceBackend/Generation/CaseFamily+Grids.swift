import GoldenKit
import NeRFCore

extension CaseFamily {
  static let grids: [CaseFamily] = [
    // Level 0 has 8³ cells and 9³ corners around a table of 2⁹: dense by cells, hashed by corners.
    CaseFamily("hash_grid_encoding", "space") { recipe in
      try hashGrid(
        &recipe, dimensions: 3, levels: 6, features: 2, log2Size: 9, base: 8, finest: 300)
    },
    CaseFamily("hash_grid_encoding", "aligned") { recipe in
      try hashGrid(
        &recipe, dimensions: 3, levels: 4, features: 4, log2Size: 8, base: 6, finest: 64, bound: 2,
        aligned: true)
    },
    CaseFamily("hash_grid_encoding", "plane") { recipe in
      try hashGrid(
        &recipe, dimensions: 2, levels: 5, features: 2, log2Size: 9, base: 8, finest: 256)
    },
    CaseFamily("hash_grid_encoding", "tiled") { recipe in
      try hashGrid(
        &recipe, dimensions: 3, levels: 3, features: 1, log2Size: 9, base: 5, finest: 20,
        tiled: true
      )
    },
    CaseFamily("plenoxel_field", "deg2") { recipe in
      let sizes = [5, 7, 6]
      recipe.notes = "The last four points lie outside the volume, where values fade to zero."
      recipe.config = ["res": .array(sizes.map { .int($0) }), "degree": 2]
      let inside = recipe.random.floats(28 * 3, in: -0.99...0.99)
      let outside: [Float] = [1.1, 0.3, -0.2, 0.1, -1.15, 0.2, -0.4, 0.3, 1.2, 2, 0, 0]
      try recipe.set("in.x", inside + outside, shape: [32, 3])
      let volume = [1, 13] + sizes
      try recipe.draw("param.tensor_volume", shape: volume, in: -1...1)
      try recipe.ask("out.features", shape: [32, 13], cotangent: "cotangent.features")
      try recipe.ask("grad.param.tensor_volume", shape: volume)
      try recipe.ask("grad.in.x", shape: [32, 3])
    },
    CaseFamily("morton3D", "cells") { recipe in
      recipe.config = ["H": 128]
      let cells = (0..<96).map { _ in Int.random(in: 0...127, using: &recipe.random) }
      try recipe.set("in.coords", integers: cells, shape: [32, 3])
      try recipe.ask("out.indices", shape: [32])
      try recipe.ask("out.coords_back", shape: [32, 3])
    },
    CaseFamily("packbits", "threshold") { recipe in
      recipe.notes = "Every eighth density equals the threshold, which does not set its bit."
      recipe.config = ["cascade": 1, "grid_size": 8, "density_thresh": 0.5]
      let drawn = recipe.random.floats(512, in: -1...2)
      try recipe.set(
        "in.grid", drawn.enumerated().map { $0.offset % 8 == 3 ? 0.5 : $0.element },
        shape: [1, 512])
      try recipe.ask("out.bitfield", shape: [64])
    },
  ]

  private static func hashGrid(
    _ recipe: inout CaseRecipe, dimensions: Int, levels: Int, features: Int, log2Size: Int,
    base: Int, finest: Double, bound: Int = 1, aligned: Bool = false, tiled: Bool = false
  ) throws {
    recipe.notes = "Points 0 and 1 are equal: both add to the same rows of the table."
    recipe.config = [
      "input_dim": .int(dimensions), "level_dim": .int(features), "num_levels": .int(levels),
      "base_resolution": .int(base), "log2_hashmap_size": .int(log2Size),
      "desired_resolution": .double(finest), "bound": .int(bound), "align_corners": .bool(aligned),
      "gridtype": tiled ? "tiled" : "hash",
    ]
    let geometry = HashGridGeometry(
      dimensions: dimensions, levelCount: levels, features: features, baseResolution: base,
      log2TableSize: log2Size, desiredResolution: finest, indexing: tiled ? .tiled : .hash,
      alignCorners: aligned)
    let limit = 0.999 * Float(bound)
    var x = recipe.random.floats(32 * dimensions, in: -limit...limit)
    for axis in 0..<dimensions { x[dimensions + axis] = x[axis] }
    try recipe.set("in.x", x, shape: [32, dimensions])
    let table = [geometry.rowCount, features]
    try recipe.draw("param.embeddings", shape: table, in: -1...1)
    try recipe.ask("out.y", shape: [32, levels * features], cotangent: "cotangent.y")
    try recipe.ask("grad.param.embeddings", shape: table)
    try recipe.ask("grad.in.x", shape: [32, dimensions])
  }
}
