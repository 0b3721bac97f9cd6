import Distill
import Fields
import NeRFCore

/// A ball of radius 0.55 whose colour is its normal, photographed from twelve sides.
package enum TinyScene {
  package static let radius: Float = 0.55
  package static let imageSize = 20

  /// Twelve cameras around the ball, in marching axes.
  package static let cameras: [Camera] = (0..<12).map { index in
    let pose = CameraPose.spherical(
      azimuth: Double(index) * 30, elevation: index.isMultiple(of: 2) ? -20 : -55, radius: 4)
    return Camera(
      pose: pose.convertedFromBlender(scale: 0.8),
      intrinsics: Intrinsics(focalX: 30, focalY: 30, centerX: 10, centerY: 10),
      width: imageSize, height: imageSize)
  }

  /// Photographs, ray-traced from the ball's equation.
  package static func views() throws -> [TrainingView] {
    try cameras.map { camera in
      let rays: RayBatch<Float> = camera.rays()
      var pixels: [Float] = []
      for index in 0..<rays.count {
        let (origin, direction) = rays[index]
        let half = (origin * direction).sum()
        let root = half * half - (origin * origin).sum() + radius * radius
        guard root > 0 else {
          pixels += [0, 0, 0, 0]
          continue
        }
        let normal = (origin + direction * (-half - root.squareRoot())) / radius
        pixels += [normal.x, normal.y, normal.z].map { $0 / 2 + 0.5 } + [1]
      }
      return try TrainingView(camera: camera, pixels: pixels, channels: 4)
    }
  }

  /// A coarse grid with the cells around the ball set.
  package static func grid() throws -> OccupancyGrid {
    var grid = try OccupancyGrid(bound: 1, resolution: 16)
    var update = OccupancyGrid.UpdateSettings()
    update.densityThreshold = 0.5
    try grid.update(randomness: .seed(1), settings: update) { positions in
      positions[0].indices.map { index in
        let p = SIMD3(positions[0][index], positions[1][index], positions[2][index])
        return (p * p).sum() < 0.49 ? 10 : 0
      }
    }
    return grid
  }

  /// Fixed steps of few rays: every step costs the same.
  package static let sampling = SamplingSettings(
    rays: 96, targetSamples: 0, maximumRays: 96, hiddenTransmittance: 1e-4, viewsPerStep: 4,
    marchSteps: 64)

  /// Rates are higher than in long runs, so that a hundred steps get somewhere.
  package static func trainerSettings(_ architecture: Architecture, iterations: Int)
    -> TrainerSettings
  {
    var settings = TrainerSettings(architecture: architecture, iterations: iterations, seed: 5)
    settings.learningRate = architecture == .mlp ? 5e-3 : 5e-2
    settings.secondaryRate = 5e-3
    settings.sampling = sampling
    return settings
  }

  package static func distillerSettings(_ student: Architecture, iterations: Int)
    -> DistillerSettings
  {
    var settings = DistillerSettings(student: student, iterations: iterations, seed: 6)
    settings.sampling = sampling
    // The published rates: the default for volumes suits long runs and oscillates in short ones.
    settings.learningRate = student == .mlp ? 1e-3 : 1e-2
    settings.stages = StageSchedule(first: iterations / 3 + 1, second: 2 * iterations / 3 + 1)
    return settings
  }

  /// A teacher trained on the photographs for a moment.
  package static func trainedTeacher(
    _ architecture: Architecture, iterations: Int = 100, pool: WorkerPool
  ) throws -> (field: any RadianceField<Float>, grid: OccupancyGrid) {
    let field = TinyFields.make(architecture, as: Float.self, seed: 21)
    let grid = try grid()
    let trainer = try FieldTrainer(
      field: field, views: try views(),
      settings: trainerSettings(architecture, iterations: iterations), grid: grid,
      updatesOccupancy: false, pool: pool)
    for _ in 0..<iterations { _ = try trainer.advance() }
    return (field, grid)
  }

  /// Samples of a few rays that no run draws, for losses that can be compared.
  package static func probe(
    grid: OccupancyGrid, rays count: Int = 64, marchSteps: Int = 64, pool: WorkerPool
  ) throws -> SampleBatch {
    var random = SplitMix64(seed: 99)
    var rays: [RayBatch<Float>] = []
    for camera in cameras.prefix(4) {
      let pixels = (0..<count / 4).map { _ in
        Int.random(in: 0..<camera.width * camera.height, using: &random)
      }
      rays.append(try camera.rays(pixels: pixels))
    }
    let batch = try RayBatch(
      origins: (0..<3).map { axis in rays.flatMap { $0.origins[axis] } },
      directions: (0..<3).map { axis in rays.flatMap { $0.directions[axis] } })
    return try grid.march(
      batch, intervals: batch.intervals(in: AxisAlignedBox(halfSize: 1), minimumNear: 0.2),
      settings: MarchSettings(maximumSteps: marchSteps), pool: pool
    ).samples
  }
}
