import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO
import Workloads

/// What the levels of active learning cost: steps of runs that differ in their levels alone, in turn.
///
/// All runs of a student live in one process and take one step a round, each round beginning with another
/// run, so that whatever else the machine does meets all of them. A run's cost is the median over the
/// rounds of its step's time over that of the run without levels in the same round.
struct LevelCostBench {
  /// One run, as a machine reads it.
  struct Record: Codable {
    var student: String
    /// The stage of all steps, in which the levels act.
    var stage: Int
    /// As `--active-learning` names them, or "none".
    var levels: String
    var threads: Int
    var isa: String
    var rounds: Int
    var step_ms: Double
    /// Median, lower and upper quartile of the time over that without levels.
    var time_ratio: Double
    var time_ratio_q1: Double
    var time_ratio_q3: Double
    /// Samples over those without levels, of all rounds.
    var sample_ratio: Double
    /// Whether rays and poses were replayed.
    var pools: String
  }

  private struct Contender {
    let levels: String
    let distiller: Distiller
    var times: [Double] = []
    var samples = 0

    mutating func advance() throws {
      let start = monotonicSeconds()
      samples += try distiller.advance().samples
      times.append(monotonicSeconds() - start)
    }
  }

  static let variants = ["none", "image", "ray", "point", "image,ray,point"]

  var teacher: URL
  var students: [Architecture]
  var preset: Preset
  var threads: [Int]
  /// Seconds of measured steps for every student, stage and number of threads.
  var seconds: Double
  var console: Console

  /// Measures and prints.
  func perform() throws {
    let loaded = try Checkpoint.load(teacher)
    var records: [Record] = []
    for count in threads {
      for student in students {
        for scale in [ActiveLearningSettings.Scale.published, .cpu] {
          Console.complain(
            "levels of active learning, \(student.rawValue), constants \(scale.rawValue), "
              + "\(count) threads")
          let new = try measure(loaded, student, scale, pool: WorkerPool(threads: count))
          for record in new { console.emit("levels", record) }
          records += new
        }
      }
    }
    say(records)
  }

  /// Steps before the first that counts: pools of ``rays`` rays, and those of poses, are full by then.
  private static let warmUp = 30
  private static let leastRounds = 5
  /// Capacity of the pool of rays; with the published one nothing would be replayed for hours.
  private static let rays = 512
  /// Poses of an epoch: so few that hard ones are replayed before measuring begins, and enough for the
  /// published share to be one.
  private static let poses = 10

  private func measure(
    _ loaded: LoadedField, _ student: Architecture, _ scale: ActiveLearningSettings.Scale,
    pool: WorkerPool
  ) throws -> [Record] {
    let stage: DistillationStage = scale == .published ? .image : .volume
    var runs = try Self.variants.map { levels in
      Contender(
        levels: levels,
        distiller: try distiller(loaded, student, levels: levels, scale, stage, pool: pool))
    }
    for _ in 0..<Self.warmUp {
      for run in runs { _ = try run.distiller.advance() }
    }
    let start = monotonicSeconds()
    var rounds = 0
    while rounds < Self.leastRounds || monotonicSeconds() - start < seconds {
      for index in runs.indices { try runs[(index + rounds) % runs.count].advance() }
      rounds += 1
    }
    return runs.map { run in
      let ratios = zip(run.times, runs[0].times).map { $0 / $1 }.sorted()
      return Record(
        student: student.rawValue, stage: stage.rawValue, levels: run.levels,
        threads: pool.threads, isa: FastKernels.instructionSet, rounds: rounds,
        step_ms: 1e3 * Timing(durations: run.times).median,
        time_ratio: Timing(durations: ratios).median, time_ratio_q1: ratios[ratios.count / 4],
        time_ratio_q3: ratios[ratios.count * 3 / 4],
        sample_ratio: Double(run.samples) / Double(max(1, runs[0].samples)),
        pools: run.distiller.poolSummary ?? "-")
    }
  }

  private func distiller(
    _ loaded: LoadedField, _ student: Architecture, levels: String,
    _ scale: ActiveLearningSettings.Scale, _ stage: DistillationStage, pool: WorkerPool
  ) throws -> Distiller {
    var settings = DistillerSettings(student: student, iterations: 1500)
    settings.stages = StageSchedule(first: 1, second: stage == .image ? 1 : .max)
    settings.activeLearning = try ActiveLearningChoice.read(
      levels: levels, scale: scale, constants: [])
    settings.activeLearning?.ray?.capacity = Self.rays
    settings.activeLearning?.image?.capacity = 0
    settings.activeLearning?.image?.firstEpoch = 2
    let view = loaded.record.view
    let orbit = ViewSet(orbit: Self.poses, view).views.map(\.camera.pose)
    return try Distiller(
      teacher: loaded.field,
      student: preset.configuration(of: student).makeField(
        as: Float.self, frame: loaded.field.frame, seed: 0), grid: loaded.grid,
      camera: view.camera(pose: .looking(from: SIMD3(0, 0, view.distance), at: SIMD3())),
      poses: .given(orbit), settings: settings, inherits: false, pool: pool)
  }

  private func say(_ records: [Record]) {
    let head = [
      "student", "stage", "levels", "threads", "rounds", "step ms", "time", "quartiles", "samples",
      "pools",
    ]
    let rows = records.map { record in
      [
        record.student, "\(record.stage)", record.levels, "\(record.threads)",
        "\(record.rounds)", decimal(record.step_ms, 1), decimal(record.time_ratio, 3),
        "\(decimal(record.time_ratio_q1, 3))-\(decimal(record.time_ratio_q3, 3))",
        decimal(record.sample_ratio, 3), record.pools,
      ]
    }
    for line in table([head] + rows) { console.say(line) }
  }
}
