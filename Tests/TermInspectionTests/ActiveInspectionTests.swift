import Distill
import Fields
import NeRFCore
import TermInspection
import TestSupport
import Testing

/// What reports say about active learning.
@Suite("Inspection of active learning")
struct ActiveInspectionTests {
  private let pool = WorkerPool(threads: 2)

  private func inspector(_ student: Architecture = .vm) throws -> StepInspector<Float> {
    let teacher: any RadianceField<Float> = TinyFields.make(.hash, seed: 4)
    try TinyFields.scramble(teacher, scale: 0.8, seed: 4)
    let inspector = StepInspector<Float>(
      teacher: teacher, student: TinyFields.make(student, seed: 5), pool: pool)
    inspector.selection = SampleSelection()
    inspector.selection?.opacity = 0.01
    inspector.hardRays = HardRayReplay.Settings()
    return inspector
  }

  @Test("names the hardest rays, the worst first, and the samples that count")
  func step() throws {
    let inspector = try inspector()
    var input = try TinyStep.input(.image, as: Float.self, rays: 40, pool: pool)
    input.drawnRays = 30
    let inspection = try inspector.inspect(input)
    let chosen = try #require(inspection.selection)
    #expect(chosen.drawnRays == 30 && chosen.replayedRays == 10)
    let picture = try inspector.picture(input)
    let errors: [Double] = (0..<40).map { ray in
      var sum = 0.0
      for i in 3 * ray..<3 * ray + 3 {
        sum += Double(abs(picture.student[i] - picture.teacher[i]))
      }
      return sum
    }
    let worst = errors.indices.sorted { errors[$0] > errors[$1] }.prefix(3)
    #expect(chosen.hardest.map(\.ray) == Array(worst))
    for entry in chosen.hardest {
      #expect(entry.error.isClose(to: errors[entry.ray], .reference))
      #expect(entry.isReplayed == (entry.ray >= 30))
    }
    let compared = try #require(chosen.compared)
    #expect(compared > 0 && compared < input.batch.usedCount)
    #expect(chosen.comparedOfRay.reduce(0, +) == compared)
    #expect(picture.comparedOfRay == chosen.comparedOfRay)
    #expect(chosen.samples == input.batch.usedCount)
    let (teacher, student) = (try #require(chosen.teacher), try #require(chosen.student))
    #expect(max(teacher.samples, student.samples) <= compared)
    #expect(compared <= teacher.samples + student.samples)
    // What a trace says of a ray is what was counted for it.
    for trace in inspection.traces {
      #expect(trace.samples.count { $0.isCompared == true } == chosen.comparedOfRay[trace.ray])
    }
  }

  @Test("says nothing of it where nothing is chosen")
  func nothing() throws {
    let inspector = try inspector()
    #expect(try inspector.inspect(try TinyStep.input(.volume, pool: pool)).selection == nil)
    inspector.hardRays = nil
    inspector.selection = nil
    let plain = try inspector.inspect(try TinyStep.input(.image, pool: pool))
    #expect(
      plain.selection == nil && plain.traces.flatMap(\.samples).allSatisfy { $0.isCompared == nil })
  }

  @Test(
    "verifies the gradients of chosen samples, also in stage 2",
    arguments: [Architecture.hash, .mlp, .vm, .tensors])
  func gradients(student: Architecture) throws {
    let inspector = try inspector(student)
    inspector.activeStages.first = .volume
    for stage in [DistillationStage.volume, .image] {
      let input = try TinyStep.input(stage, as: Float.self, pool: pool)
      let inspection = try inspector.inspect(input)
      #expect(try #require(inspection.verification).worst < 1e-4)
      let compared = try #require(inspection.selection?.compared)
      #expect(compared < input.batch.usedCount)
      inspector.selection = nil
      let all = try inspector.inspect(input)
      inspector.selection = SampleSelection()
      // Fewer squares make a smaller norm.
      #expect(inspection.terms[0].value < all.terms[0].value, "\(stage)")
    }
  }
}

@Suite("Record of selections")
struct SelectionRecordTests {
  private func distiller(_ change: (inout ActiveLearningSettings) -> Void) throws -> Distiller {
    let teacher = TinyFields.make(.hash, as: Float.self, seed: 2)
    try TinyFields.scramble(teacher, scale: 0.8, seed: 4)
    var settings = TinyScene.distillerSettings(.vm, iterations: 30)
    settings.stages = StageSchedule(first: 3, second: 6)
    settings.sampling.viewsPerStep = 2
    var active = try #require(ActiveLearningSettings(levels: ["image", "ray", "point"]))
    active.image?.capacity = 1
    active.image?.firstEpoch = 2
    active.ray?.capacity = 30
    active.point?.opacity = 0.01
    change(&active)
    settings.activeLearning = active
    return try Distiller(
      teacher: teacher, student: TinyFields.make(.vm, as: Float.self, seed: 3),
      grid: TinyScene.grid(), camera: TinyScene.cameras[0],
      poses: .given(TinyScene.cameras.map(\.pose)), settings: settings,
      pool: WorkerPool(threads: 2))
  }

  @Test("counts what every step chose, and changes nothing", arguments: [false, true])
  func counts(inStage2: Bool) throws {
    let stages: (inout ActiveLearningSettings) -> Void = {
      if inStage2 { $0.stages.first = .volume }
    }
    let run = try distiller(stages)
    let plain = try distiller(stages)
    run.selections = SelectionRecord()
    var rays: [Int] = []
    for _ in 0..<26 {
      rays.append(try run.advance().rays)
      _ = try plain.advance()
    }
    #expect(run.student.exportedParameters() == plain.student.exportedParameters())
    let record = try #require(run.selections)
    // Stage 2 begins with step 3, stage 3 with step 6. Of 96 rays a step 9 are hard; 30 are there after four.
    let first = inStage2 ? 3 : 6
    let active = 26 - first + 1
    #expect(record.steps == active && record.moments.map(\.step) == Array(first...26))
    #expect(record.total.hardRays == 9 * active)
    #expect(record.total.replayedRays == 9 * (active - 4))
    #expect(rays == (1...26).map { $0 < first + 4 ? 96 : 105 })
    #expect(record.total.drawnRays == 96 * active && record.total.images == 2 * active)
    // Six steps an epoch of twelve poses; one is pooled at the start of each until there are two.
    #expect(record.total.replayedImages > 0)
    #expect(record.total.comparedSamples > 0)
    #expect(record.total.comparedSamples < record.total.samples)
    #expect(record.hard.points.count / 3 + record.hard.background == 9 * active)
    #expect(record.replayed.points.count / 3 + record.replayed.background == 9 * (active - 4))
    let bound = Float(run.teacher.frame.bound)
    #expect(record.hard.points.allSatisfy { abs($0) <= bound * 1.001 })
    #expect(record.moments.last?.pooledRays ?? 0 >= 30)
  }

  @Test("acts in stage 2 alone with the constants for short runs")
  func stage2Alone() throws {
    let cpu = try #require(ActiveLearningSettings(levels: ["image", "ray", "point"], scale: .cpu))
    #expect(cpu.stages.contains(.volume) && !cpu.stages.contains(.image))
    #expect(!cpu.stages.contains(.features))
    let run = try distiller {
      $0.stages = cpu.stages
      $0.ray?.capacity = 9
    }
    run.selections = SelectionRecord()
    var rays: [Int] = []
    var selected: [Bool] = []
    for _ in 0..<9 {
      rays.append(try run.advance().rays)
      selected.append(run.distillation.selectedRows != nil)
    }
    // Stage 1: steps 1 and 2; stage 2: 3 to 5; stage 3 from 6.
    #expect(rays == [96, 96, 96, 105, 105, 96, 96, 96, 96])
    #expect(selected == [false, false, true, true, true, false, false, false, false])
    #expect(run.selections?.moments.map(\.step) == [3, 4, 5])
    let level = try #require(run.activeLevels.compactMap { $0 as? HardRayReplay }.first)
    #expect(level.count == 9)
  }

  @Test("finds pools that a run is too short to fill")
  func pools() throws {
    func findings(_ change: (inout ActiveLearningSettings) -> Void) throws -> [Finding] {
      let run = try distiller(change)
      run.selections = SelectionRecord()
      #expect(
        Finding.pools(of: SelectionRecord(), levels: run.activeLevels, iterations: 30).isEmpty)
      for _ in 0..<10 { _ = try run.advance() }
      let record = try #require(run.selections)
      return Finding.pools(of: record, levels: run.activeLevels, iterations: 30)
    }
    // Stage 3 begins with step 6: five steps of 9 rays, 20 steps left, so 225 by the end.
    #expect(try findings { $0.ray?.capacity = 226 }.map(\.subject) == ["ray"])
    #expect(try findings { $0.ray?.capacity = 225 }.isEmpty)
    let published = try #require(try findings { $0.ray?.capacity = 614_400 }.first)
    #expect(published.kind == .unfilledPool)
    #expect(published.message.contains("45 rays of 614400, and the run ends in 20"))
    #expect(published.message.contains("full after about 68266 steps"))
    #expect(try findings { $0.image?.capacity = 100 }.map(\.subject) == ["image"])
  }

  @Test("knows the levels as they will be for a step")
  func nextStep() throws {
    let run = try distiller { _ in }
    for _ in 0..<20 {
      let next = try run.nextStep()
      let rays = try #require(next.levels.compactMap { $0 as? HardRayReplay }.first)
      #expect(next.input.drawnRays == 96)
      #expect(next.input.batch.rayCount == 96 + rays.drawn.count)
      _ = try run.advance()
    }
  }
}
