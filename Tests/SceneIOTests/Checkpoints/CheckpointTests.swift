import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO
import TensorIO
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
  @Test("give a field back bit for bit", arguments: Architecture.allCases)
  func roundTrip(architecture: Architecture) throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "model.safetensors")
    let trainer = try TinyRuns.trainer(architecture)
    for _ in 0..<3 { _ = try trainer.advance() }
    try TinyRuns.save(trainer, resumable: false, to: url)
    let loaded = try Checkpoint.load(url, expecting: architecture)
    #expect(loaded.field.configuration == trainer.field.configuration)
    for (a, b) in zip(loaded.field.parameters, trainer.field.parameters) {
      #expect(a.values.array.map(\.bitPattern) == b.values.array.map(\.bitPattern), "\(a.name)")
    }
    #expect(loaded.grid == trainer.grid)
    #expect(loaded.record.run.position == trainer.position)
    #expect(loaded.record.view == (try TinyRuns.view()))
  }

  @Test("store tensors under PVD's names, in PVD's order", arguments: Architecture.allCases)
  func exportedOrder(architecture: Architecture) throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "state.safetensors")
    let trainer = try TinyRuns.trainer(architecture)
    _ = try trainer.advance()
    try TinyRuns.save(trainer, to: url)
    let file = try TensorFile.read(contentsOf: url)
    for (index, parameter) in trainer.field.parameters.enumerated() {
      #expect(try file.tensor(named: parameter.name).shape == parameter.shape)
      #expect(try file.floats(parameter.name) == parameter.exported())
      guard let moments = trainer.optimizer.moments(of: index) else { continue }
      // The same reordering as the parameter's, checked through a parameter that holds the moments.
      let twin = Parameter<Float>(
        name: "twin", shape: parameter.shape, layout: parameter.layout)
      twin.values.base.update(from: moments.firstMoments.base, count: twin.count)
      #expect(try file.floats("optimizer.\(parameter.name).first") == twin.exported())
      twin.values.base.update(from: moments.secondMoments.base, count: twin.count)
      #expect(try file.floats("optimizer.\(parameter.name).second") == twin.exported())
    }
    #expect(try file.floats("aabb_train") == [-1, -1, -1, 1, 1, 1])
  }

  @Test("continue a run to the same bits", arguments: Architecture.allCases)
  func resume(architecture: Architecture) throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "state.safetensors")
    let whole = try TinyRuns.trainer(architecture)
    for _ in 0..<24 { _ = try whole.advance() }
    let first = try TinyRuns.trainer(architecture)
    // An update of the grid lies before and behind the cut.
    for _ in 0..<11 { _ = try first.advance() }
    try TinyRuns.save(first, to: url)
    let second = try TinyRuns.trainer(architecture)
    try Checkpoint.restore(second, from: url)
    for _ in 0..<13 { _ = try second.advance() }
    #expect(second.position == whole.position)
    #expect(TinyRuns.bits(second) == TinyRuns.bits(whole))
    #expect(second.grid == whole.grid)
    #expect(second.optimizer.stepCounts == whole.optimizer.stepCounts)
  }

  @Test("continue a distillation across its stages to the same bits")
  func resumeDistillation() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "state.safetensors")
    let teacher = try TinyRuns.trainer(.hash)
    for _ in 0..<8 { _ = try teacher.advance() }
    let view = try TinyRuns.view()
    var settings = DistillerSettings(student: .vm, iterations: 30, seed: 5)
    settings.stages = StageSchedule(first: 6, second: 12)
    settings.sampling.rays = 64
    settings.sampling.targetSamples = 512
    func distiller() throws -> Distiller {
      try Distiller(
        teacher: teacher.field,
        student: TinyRuns.configuration(.vm).makeField(frame: FieldFrame(), seed: 5),
        grid: teacher.grid,
        camera: view.camera(pose: .looking(from: SIMD3(0, 0, 3), at: SIMD3())),
        poses: .random(.synthetic, scale: 0.8), settings: settings, pool: TinyRuns.pool)
    }
    let whole = try distiller()
    for _ in 0..<16 { _ = try whole.advance() }
    // Within stage 1 the colour network has no moments yet: the file must say so.
    let first = try distiller()
    for _ in 0..<3 { _ = try first.advance() }
    #expect(first.optimizer.stepCounts.contains(0))
    try Checkpoint.save(
      first, view: view, settings: .distillation(settings), inputs: [:], resumable: true, to: url)
    let second = try distiller()
    try Checkpoint.restore(second, from: url)
    for _ in 0..<13 { _ = try second.advance() }
    #expect(TinyRuns.bits(second) == TinyRuns.bits(whole))
  }

  @Test(
    "continue a run with active learning to the same bits, pools and poses",
    arguments: [2, 13, 14, 20])
  func resumeActive(cut: Int) throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "state.safetensors")
    let teacher = try TinyRuns.trainer(.hash)
    for _ in 0..<8 { _ = try teacher.advance() }
    let view = try TinyRuns.view()
    var settings = DistillerSettings(student: .vm, iterations: 24, seed: 5)
    settings.stages = StageSchedule(first: -1, second: 0)
    // Three steps an epoch of 312 poses, so that there are enough epochs.
    settings.sampling = SamplingSettings(
      rays: 208, targetSamples: 0, maximumRays: 208, hiddenTransmittance: 0, viewsPerStep: 104,
      marchSteps: 64)
    var active = try #require(ActiveLearningSettings(levels: ["image", "ray", "point"]))
    active.image?.capacity = 40
    active.ray?.capacity = 100
    settings.activeLearning = active
    settings.rates.depth = 0.1
    func distiller() throws -> Distiller {
      try Distiller(
        teacher: teacher.field,
        student: TinyRuns.configuration(.vm).makeField(frame: FieldFrame(), seed: 5),
        grid: teacher.grid,
        camera: view.camera(pose: .looking(from: SIMD3(0, 0, 3), at: SIMD3())),
        poses: .random(.synthetic, scale: 0.8), settings: settings, pool: TinyRuns.pool)
    }
    let whole = try distiller()
    var rays: [Int] = []
    for _ in 0..<24 { rays.append(try whole.advance().rays) }
    // 20 rays a step: the pool is full after five, and 20 are added from then on.
    #expect(rays == [Int](repeating: 208, count: 5) + [Int](repeating: 228, count: 19))
    let level = try #require(whole.activeLevels.compactMap { $0 as? HardPoseReplay }.first)
    #expect(level.isFull && !level.replayed.isEmpty)
    let first = try distiller()
    for _ in 0..<cut { _ = try first.advance() }
    try Checkpoint.save(
      first, view: view, settings: .distillation(settings), inputs: [:], resumable: true, to: url)
    let second = try distiller()
    try Checkpoint.restore(second, from: url)
    #expect(second.position == first.position && second.arrays == first.arrays)
    for _ in cut..<24 { _ = try second.advance() }
    #expect(TinyRuns.bits(second) == TinyRuns.bits(whole))
    #expect(second.position == whole.position && second.arrays == whole.arrays)
    // A file for use has no pools.
    try Checkpoint.save(
      first, view: view, settings: .distillation(settings), inputs: [:], resumable: false, to: url)
    #expect(try TensorFile.read(contentsOf: url).names.allSatisfy { !$0.hasPrefix("active.") })
  }

  @Test("do not depend on when and where they are written")
  func sameBytes() throws {
    let folder = try TemporaryFolder()
    let urls = ["a", "b"].map { folder.url.appending(path: $0) }
    for (url, threads) in zip(urls, [1, 2]) {
      let field = TinyRuns.configuration(.hash).makeField(
        as: Float.self, frame: FieldFrame(), seed: 3)
      let trainer = try FieldTrainer(
        field: field, views: try TinyRuns.views(), settings: TinyRuns.settings(.hash),
        grid: try OccupancyGrid(resolution: 16), pool: WorkerPool(threads: threads))
      for _ in 0..<4 { _ = try trainer.advance() }
      try TinyRuns.save(trainer, to: url)
    }
    #expect(try Data(contentsOf: urls[0]) == Data(contentsOf: urls[1]))
  }

  @Test("know the shapes of a field before it is built", arguments: Architecture.allCases)
  func shapes(architecture: Architecture) throws {
    for configuration in [
      TinyRuns.configuration(architecture), FieldConfiguration(default: architecture),
    ] {
      let frame = FieldFrame(bound: 2)
      let field = configuration.makeField(as: Float.self, frame: frame, seed: 0)
      #expect(
        try configuration.parameterShapes(frame: frame)
          == field.parameters.map { ParameterShape($0.name, $0.shape) })
    }
  }
}
