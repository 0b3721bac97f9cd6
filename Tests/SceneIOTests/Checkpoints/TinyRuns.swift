import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO

/// Runs of a fraction of a second: small fields, a small grid, photographs computed on the spot.
enum TinyRuns {
  static let pool = WorkerPool(threads: 2)

  /// Sizes of a few thousand parameters; none of them is the same along two axes.
  static func configuration(_ architecture: Architecture) -> FieldConfiguration {
    switch architecture {
    case .hash:
      var options = HashFieldOptions()
      options.levels = 3
      options.log2TableSize = 8
      options.finestResolution = 32
      options.hiddenWidth = 16
      return .hash(options)
    case .mlp:
      var options = MLPFieldOptions()
      options.bands = 3
      options.layers = 3
      options.width = 16
      options.skip = 0
      options.trunkOutputs = 6
      options.hiddenWidth = 16
      return .mlp(options)
    case .vm:
      var options = VMFieldOptions()
      options.resolution = [7, 8, 9]
      options.densityRanks = [2, 3, 4]
      options.colorRanks = [4, 3, 2]
      options.hiddenWidth = 16
      return .vm(options)
    case .tensors:
      var options = TensorsFieldOptions()
      options.resolution = [7, 8, 9]
      options.degree = 2
      return .tensors(options)
    }
  }

  static func views() throws -> [TrainingView] {
    try (0..<3).map { index in
      let pose = CameraPose.spherical(azimuth: 120 * Double(index), elevation: -30, radius: 4)
        .convertedFromBlender(scale: 0.8)
      let camera = Camera(
        pose: pose,
        intrinsics: Intrinsics(focalX: 18, focalY: 18, centerX: 8, centerY: 8), width: 16,
        height: 16)
      let image = try OrbScene.render(camera: camera, stream: index)
      return try TrainingView(camera: camera, pixels: image.pixels, channels: image.channels)
    }
  }

  static let iterations = 40

  static func settings(_ architecture: Architecture) -> TrainerSettings {
    var settings = TrainerSettings(architecture: architecture, iterations: iterations, seed: 3)
    settings.sampling.rays = 64
    settings.sampling.targetSamples = 512
    return settings
  }

  /// A run at its beginning, always the same.
  static func trainer(_ architecture: Architecture) throws -> FieldTrainer {
    let field = configuration(architecture).makeField(
      as: Float.self, frame: FieldFrame(), seed: 3)
    return try FieldTrainer(
      field: field, views: try views(), settings: settings(architecture),
      grid: try OccupancyGrid(resolution: 16), pool: pool)
  }

  static func view() throws -> ViewTemplate {
    try ViewTemplate(cameras: try views().map(\.camera), scale: 0.8)
  }

  static func save(_ trainer: FieldTrainer, resumable: Bool = true, to url: URL) throws {
    try Checkpoint.save(
      trainer, view: try view(), settings: .training(trainer.settings), inputs: ["scene": "orb"],
      resumable: resumable, to: url)
  }

  /// Every number that a run can change, as bits.
  static func bits(_ run: any ResumableRun) -> [[UInt32]] {
    run.field.parameters.indices.flatMap { index -> [[UInt32]] in
      let moments = run.optimizer.moments(of: index)
      return [
        run.field.parameters[index].values.array, moments?.firstMoments.array ?? [],
        moments?.secondMoments.array ?? [],
      ].map { $0.map(\.bitPattern) }
    } + [run.grid.densities.map(\.bitPattern), run.grid.bits.map(UInt32.init)]
  }
}
