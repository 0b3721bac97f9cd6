import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Distillation with active learning")
struct ActiveDistillationTests {
  /// Twelve poses, two of them a step: six steps an epoch.
  private func distiller(
    _ levels: [String]?, iterations: Int = 30, threads: Int = 2,
    change: (inout DistillerSettings) -> Void = { _ in }
  ) throws -> Distiller {
    let pool = WorkerPool(threads: threads)
    let teacher = TinyFields.make(.hash, as: Float.self, seed: 2)
    try TinyFields.scramble(teacher, scale: 0.8, seed: 4)
    var settings = TinyScene.distillerSettings(.vm, iterations: iterations)
    settings.stages = StageSchedule(first: -1, second: 0)
    settings.sampling.viewsPerStep = 2
    if let levels {
      var active = try #require(ActiveLearningSettings(levels: levels))
      active.image?.capacity = 1
      active.image?.firstEpoch = 2
      active.ray?.capacity = 30
      settings.activeLearning = active
    }
    change(&settings)
    return try Distiller(
      teacher: teacher, student: TinyFields.make(.vm, as: Float.self, seed: 3),
      grid: TinyScene.grid(), camera: TinyScene.cameras[0],
      poses: .given(TinyScene.cameras.map(\.pose)), settings: settings, pool: pool)
  }

  private func bits(_ run: Distiller, steps: Int) throws -> [Float] {
    for _ in 0..<steps { _ = try run.advance() }
    return run.student.exportedParameters()
  }

  @Test("gives the same bits for one thread and three, and again")
  func determinism() throws {
    let levels = ["image", "ray", "point"]
    let expected = try bits(try distiller(levels), steps: 20)
    for threads in [1, 3] {
      #expect(try bits(try distiller(levels, threads: threads), steps: 20) == expected)
    }
  }

  @Test("without levels is the distillation without active learning")
  func none() throws {
    let plain = try bits(try distiller(nil), steps: 12)
    #expect(try bits(try distiller([]), steps: 12) == plain)
    // Each level alone changes something.
    for level in ActiveLearningSettings.names {
      // Poses are replayed from the fourth epoch on, the steps from 19 to 24.
      #expect(try bits(try distiller([level]), steps: 24) != bits(try distiller(nil), steps: 24))
    }
  }

  @Test("changes nothing when asked for the next step")
  func asking() throws {
    let levels = ["image", "ray", "point"]
    let (asked, plain) = (try distiller(levels), try distiller(levels))
    for _ in 0..<20 {
      let input = try asked.nextInput()
      #expect(try asked.nextInput().batch.positions == input.batch.positions)
      let report = try asked.advance()
      #expect(report.rays == input.batch.rayCount)
      _ = try plain.advance()
    }
    #expect(asked.student.exportedParameters() == plain.student.exportedParameters())
    #expect(asked.position == plain.position && asked.arrays == plain.arrays)
  }

  @Test("adds the hard rays behind those of the images, with a background")
  func hardRays() throws {
    let run = try distiller(["ray"])
    var counts: [Int] = []
    for _ in 0..<6 {
      let input = try run.nextInput()
      #expect(input.background.count == 3 * input.batch.rayCount)
      counts.append(input.batch.rayCount)
      _ = try run.advance()
    }
    // 9 of 96 a step; 30 are there after four.
    #expect(counts == [96, 96, 96, 96, 105, 105])
  }

  @Test("knows constants that would not fit into a number of rays")
  func usable() throws {
    let settings = try #require(ActiveLearningSettings(levels: ["image", "ray", "point"]))
    #expect(settings.isUsable)
    for change in [
      { $0.ray?.share = 1e300 }, { $0.image?.share = -1 }, { $0.point?.share = .infinity },
      { $0.ray?.capacity = .max }, { $0.image?.angle = .nan },
    ] as [(inout ActiveLearningSettings) -> Void] {
      var changed = settings
      change(&changed)
      #expect(!changed.isUsable)
    }
  }

  @Test("learns nothing in stages without pixels")
  func stages() throws {
    let run = try distiller(["image", "ray"]) { $0.stages = StageSchedule(first: -1, second: 100) }
    for _ in 0..<14 { _ = try run.advance() }
    let rays = try #require(run.activeLevels.compactMap { $0 as? HardRayReplay }.first)
    let poses = try #require(run.activeLevels.compactMap { $0 as? HardPoseReplay }.first)
    #expect(rays.count == 0 && poses.pool.isEmpty)
  }

  @Test("pairs errors with the wrong poses under the switch of the released code")
  func misalignment() throws {
    func pool(_ misaligned: Bool) throws -> [CameraPose] {
      let run = try distiller(["image"]) {
        $0.activeLearning?.image?.capacity = 100
        $0.compatibility.misalignedPosePSNR = misaligned
      }
      for _ in 0..<7 { _ = try run.advance() }
      return try #require(run.activeLevels.compactMap { $0 as? HardPoseReplay }.first).pool
    }
    let (right, wrong) = (try pool(false), try pool(true))
    #expect(right.count == 1 && wrong.count == 1 && right != wrong)
  }
}
