import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Field trainer")
struct FieldTrainerTests {
  @Test("fits photographs", arguments: Architecture.allCases)
  func fits(architecture: Architecture) throws {
    let pool = WorkerPool(threads: 2)
    let field = TinyFields.make(architecture, as: Float.self, seed: 21)
    let trainer = try FieldTrainer(
      field: field, views: try TinyScene.views(),
      settings: TinyScene.trainerSettings(architecture, iterations: 100),
      grid: try TinyScene.grid(), updatesOccupancy: false, pool: pool)
    var errors: [Double] = []
    for _ in 0..<100 { errors.append(try #require(try trainer.advance().meanSquaredError)) }
    // Means of ten steps, because every step draws other pixels and backgrounds.
    let first = errors.prefix(10).reduce(0, +)
    let last = errors.suffix(10).reduce(0, +)
    #expect(last < 0.7 * first, "\(first / 10) → \(last / 10)")
  }

  @Test("gives the same bits for any number of threads", arguments: Architecture.allCases)
  func threads(architecture: Architecture) throws {
    var expected: (parameters: [Float], grid: OccupancyGrid)?
    let views = try TinyScene.views()
    for threads in [1, 2, 3] {
      let field = TinyFields.make(architecture, as: Float.self, seed: 4)
      var settings = TinyScene.trainerSettings(architecture, iterations: 8)
      settings.sampling.rays = 256
      settings.sampling.targetSamples = 4096
      settings.sampling.maximumRays = 1024
      settings.occupancy = OccupancySchedule(fullInterval: 2, fullCount: 2, partialInterval: 2)
      let trainer = try FieldTrainer(
        field: field, views: views, settings: settings, grid: try TinyScene.grid(),
        pool: WorkerPool(threads: threads))
      for _ in 0..<8 { _ = try trainer.advance() }
      let parameters = field.exportedParameters()
      #expect(parameters.allSatisfy { $0.isFinite })
      if let expected {
        #expect(parameters == expected.parameters, "\(threads) threads")
        #expect(trainer.grid == expected.grid, "\(threads) threads")
      } else {
        expected = (parameters, trainer.grid)
      }
    }
  }

  @Test("continues from a saved position to the same bits")
  func resumed() throws {
    let views = try TinyScene.views()
    func makeRun() throws -> FieldTrainer {
      var settings = TinyScene.trainerSettings(.tensors, iterations: 8)
      settings.sampling.targetSamples = 2048
      settings.sampling.maximumRays = 512
      settings.occupancy = OccupancySchedule(fullInterval: 3, fullCount: 1, partialInterval: 2)
      return try FieldTrainer(
        field: TinyFields.make(.tensors, as: Float.self, seed: 4), views: views,
        settings: settings, grid: try TinyScene.grid(), pool: WorkerPool(threads: 2))
    }
    let whole = try makeRun()
    for _ in 0..<8 { _ = try whole.advance() }

    let first = try makeRun()
    for _ in 0..<4 { _ = try first.advance() }
    let second = try makeRun()
    try second.field.loadParameters(first.field.exportedParameters())
    let moments = try #require(first.optimizer.moments(of: 0))
    try second.optimizer.restore(
      0, stepCount: first.optimizer.stepCounts[0], firstMoments: moments.firstMoments.array,
      secondMoments: moments.secondMoments.array)
    second.restore(first.position, grid: first.grid)
    for _ in 0..<4 { _ = try second.advance() }
    #expect(second.field.exportedParameters() == whole.field.exportedParameters())
    #expect(second.position == whole.position)
    #expect(second.grid == whole.grid)
  }

  @Test("refuses to run without photographs")
  func noViews() {
    #expect(throws: ValueError.self) {
      _ = try FieldTrainer(
        field: TinyFields.make(.tensors, as: Float.self), views: [],
        settings: TrainerSettings(architecture: .tensors, iterations: 1),
        pool: WorkerPool(threads: 1))
    }
  }

  @Test("has the published settings as a preset")
  func published() {
    let settings = TrainerSettings.published(architecture: .hash)
    #expect(settings.iterations == 40_000 && settings.sampling.rays == 8192)
    #expect(settings.learningRate == 1e-2 && settings.secondaryRate.isClose(to: 1e-3, .reference))
    #expect(settings.finalRateFactor == 0.1 && settings.occupancy == .published)
    #expect(settings.sampling.hiddenTransmittance == 0 && settings.sampling.viewsPerStep == 1)
    #expect(TrainerSettings.published(architecture: .mlp).learningRate == 1e-3)
  }
}

@Suite("Training view")
struct TrainingViewTests {
  @Test("refuses pixels that do not fill its image", arguments: [(0, 3), (1199, 3), (1200, 4)])
  func pixels(count: Int, channels: Int) {
    #expect(throws: ShapeError.self) {
      _ = try TrainingView(
        camera: TinyScene.cameras[0], pixels: [Float](repeating: 0, count: count),
        channels: channels)
    }
  }

  @Test("refuses two channels")
  func channels() {
    #expect(throws: ShapeError.self) {
      _ = try TrainingView(
        camera: TinyScene.cameras[0], pixels: [Float](repeating: 0, count: 800), channels: 2)
    }
  }
}
