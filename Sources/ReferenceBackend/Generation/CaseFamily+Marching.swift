import GoldenKit
import NeRFCore

extension CaseFamily {
  /// The marches, the cells that cameras see, and resampling of a field's grid.
  static let marching: [CaseFamily] = [
    CaseFamily("march_rays_train", "cone") { recipe in
      recipe.notes = "Two cascades and steps that grow with the distance."
      try trainingMarch(&recipe, bound: 2, cascades: 2, growth: 0.0078125)
    },
    CaseFamily("march_rays_train", "jitter") { recipe in
      recipe.notes = "The first sample of every ray is displaced by pcg32."
      try trainingMarch(&recipe, bound: 1, cascades: 1, growth: 0, isJittered: true)
    },
    CaseFamily("march_rays_train", "full") { recipe in
      recipe.notes = "The buffer is too small: the last rays keep their counts and write nothing."
      try trainingMarch(&recipe, bound: 1, cascades: 1, growth: 0, meanCount: 90)
    },
    CaseFamily("march_composite_inference", "blob") { recipe in
      recipe.notes = "Half of the rays pass through the middle of the blob and end early."
      recipe.config = [
        "bound": 1, "cascade": 1, "grid_size": 16, "max_steps": 128, "dt_gamma": 0,
        "min_near": 0.2, "bg_color": 1,
        "field": [
          "c": [0.15, -0.1, 0.05], "sigma": "30.0*exp(-8.0*|x-c|^2)",
          "rgb": "0.5+0.5*sin(3*x+0.5*d+[0,1,2])",
        ],
      ]
      try bits(&recipe, size: 16, cascades: 1, share: 0.9)
      try rays(&recipe, count: 12, bound: 1) { $0 < 6 ? 0.2 : 0.9 }
      try recipe.ask("out.image", shape: [12, 3])
      try recipe.ask("out.depth", shape: [12])
      try recipe.askLike(["out.n_alive_per_iter", "out.n_step_per_iter"])
    },
    CaseFamily("mark_untrained_grid", "views") { recipe in
      recipe.config = [
        "bound": 1, "cascade": 1, "grid_size": 8, "intrinsics": [60, 64, 20, 18],
        "start_value": 1,
      ]
      let poses = (0..<2).flatMap { _ in
        CameraPose.spherical(
          azimuth: recipe.random.doubles(1, in: -180...180)[0],
          elevation: recipe.random.doubles(1, in: -80...0)[0], radius: 1.8
        ).matrix.map { Float($0) } + [0, 0, 0, 1]
      }
      try recipe.set("in.poses", poses, shape: [2, 4, 4])
      try recipe.ask("out.density_grid", shape: [1, 512])
    },
    CaseFamily("vm_grid_ops", "box") { recipe in
      recipe.notes = "Occupied cells fill a box off the centre, so that all six sides are cut."
      recipe.config = [
        "bound": 1, "cascade": 1, "grid_size": 8, "density_thresh": 0.5, "mean_density": 0.75,
        "resolution_before": [8, 6, 10], "upsample_to": [11, 9, 12],
      ]
      let densities = (0..<512).map { index -> Float in
        let cell = Morton.decode(index)
        let inside =
          (1...5).contains(cell.x) && (2...6).contains(cell.y) && (3...5).contains(cell.z)
        return inside ? 2 : 0.25
      }
      try recipe.set("in.density_grid", densities, shape: [1, 512])
      let (rank, sizes) = (3, [8, 6, 10])
      for (i, axes) in [(0, 1), (0, 2), (1, 2)].enumerated() {
        try recipe.draw(
          "param.sigma_mat.\(i)", shape: [1, rank, sizes[axes.1], sizes[axes.0]], in: -1...1)
        try recipe.draw("param.sigma_vec.\(i)", shape: [1, rank, sizes[2 - i], 1], in: -1...1)
      }
      let factors = (0..<3).flatMap { ["sigma_mat.\($0)", "sigma_vec.\($0)"] }
      try recipe.askLike(
        ["out.aabb_train"] + factors.flatMap { ["out.shrunk.\($0)", "out.upsampled.\($0)"] })
    },
  ]

  private static func trainingMarch(
    _ recipe: inout CaseRecipe, bound: Int, cascades: Int, growth: Double,
    isJittered: Bool = false, meanCount: Int = -1
  ) throws {
    let size = 8
    recipe.config = [
      "bound": .int(bound), "cascade": .int(cascades), "grid_size": .int(size), "max_steps": 64,
      "dt_gamma": .double(growth), "perturb": .bool(isJittered), "mean_count": .int(meanCount),
      "force_all_rays": .bool(meanCount < 0), "align": 32,
    ]
    try bits(&recipe, size: size, cascades: cascades, share: 0.4)
    let rays = try rays(&recipe, count: 8, bound: Float(bound)) { _ in 0.8 }
    let intervals = rays.intervals(
      in: AxisAlignedBox(halfSize: Double(bound)), minimumNear: 0.2)
    try recipe.set("in.nears", intervals.near, shape: [8])
    try recipe.set("in.fars", intervals.far, shape: [8])
    try recipe.ask("out.rays", shape: [8, 3])
    try recipe.ask("out.counter", shape: [2])
    try recipe.askLike(["out.xyzs", "out.dirs", "out.deltas"])
  }

  /// `in.bitfield` with about a share of its bits set.
  private static func bits(
    _ recipe: inout CaseRecipe, size: Int, cascades: Int, share: Float
  ) throws {
    let bytes = cascades * size * size * size / 8
    let values = (0..<bytes).map { _ in
      recipe.random.floats(8, in: 0...1).enumerated().reduce(0) {
        $0 | ($1.element < share ? 1 << $1.offset : 0)
      }
    }
    try recipe.set("in.bitfield", integers: values, shape: [bytes])
  }

  /// Unit rays from a sphere around the box to points within a share of it.
  @discardableResult
  static func rays(
    _ recipe: inout CaseRecipe, count: Int, bound: Float, share: (Int) -> Float
  ) throws -> RayBatch<Float> {
    var (origins, directions) = ([Float](), [Float]())
    func length(_ v: [Float]) -> Float { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    while origins.count < 3 * count {
      let v = recipe.random.floats(3, in: -1...1)
      let reach = share(origins.count / 3) * bound
      let target = recipe.random.floats(3, in: -reach...reach)
      guard length(v) > 0.3, length(v) < 1 else { continue }
      let origin = v.map { 2.5 * bound * $0 / length(v) }
      let way = zip(target, origin).map { $0 - $1 }
      origins += origin
      directions += way.map { $0 / length(way) }
    }
    try recipe.set("in.rays_o", origins, shape: [count, 3])
    try recipe.set("in.rays_d", directions, shape: [count, 3])
    return try RayBatch(originRows: origins, directionRows: directions)
  }
}

extension CaseRecipe {
  /// Asks for tensors in the shapes that the inputs give them.
  mutating func askLike(_ names: [String]) throws {
    let call = OperationCall(self, name: operation, precision: .double)
    let answer = try ReferenceBackend(pool: WorkerPool(threads: 1)).answer(call)
    for name in names {
      guard let tensor = answer.tensors[name] else {
        throw GoldenError("\(operation): nothing computes `\(name)`.")
      }
      try ask(name, shape: tensor.shape)
    }
  }
}
