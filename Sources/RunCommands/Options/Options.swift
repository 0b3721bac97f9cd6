import ArgumentParser
import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore

extension LossKind: ExpressibleByArgument {}

/// Options of every command that computes.
struct EngineOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Threads; all processors by default.", valueName: "n"))
  var threads: Int?

  @Flag(help: "Print one JSON object a line, for machines.")
  var json = false

  var pool: WorkerPool { WorkerPool(threads: threads) }

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads). Use 1 to 1024.")
    }
  }
}

/// How long and with which sizes a run learns, and how often it is measured.
struct LearningOptions: ParsableArguments {
  @Option(help: "Steps of the whole run; its schedules end with it.")
  var iterations: Int?

  @Option(help: "Stop after this many seconds of training.")
  var seconds: Double?

  @Option(help: "Sizes of the field: \(Preset.allCases.map(\.rawValue).joined(separator: ", ")).")
  var preset: Preset?

  @Option(help: "Rays, samples and stages of this program (default) or as published.")
  var schedule: ScheduleChoice?

  @Option(help: "Samples a step should come to; 0 for a fixed number of rays.")
  var samples: Int?

  @Option(help: "Learning rate of the main parameters.")
  var learningRate: Double?

  @Option(help: "Scene units per unit of the data set; 0.8 by default.")
  var scale: Double?

  @Option(help: "Measure PSNR on test views every this many steps.")
  var evalEvery: Int?

  @Option(help: "Test views for that and for the end, spread over the split.")
  var evalViews: Int?

  @Option(help: "Seconds between saves of the state.")
  var saveEvery = 60.0

  func validate() throws {
    func require(_ holds: Bool, _ text: String) throws {
      if !holds { throw ValidationError(text) }
    }
    try require(
      (1...100_000_000).contains(iterations ?? 1),
      "--iterations is \(iterations ?? 0). Use 1 to 100000000.")
    try require(
      (seconds ?? 1) > 0 && (seconds ?? 1).isFinite,
      "--seconds is \(seconds ?? 0). Use a number above 0.")
    try require(
      (0...1 << 24).contains(samples ?? 0), "--samples is \(samples ?? 0). Use 0 to 16777216.")
    try require(
      (learningRate ?? 1) > 0 && (learningRate ?? 1) <= 10,
      "--learning-rate is \(learningRate ?? 0). Use a number above 0, at most 10.")
    try require(
      (scale ?? 1) > 0 && (scale ?? 1).isFinite, "--scale is \(scale ?? 0). Use a number above 0.")
    try require((evalEvery ?? 1) >= 1, "--eval-every is \(evalEvery ?? 0). Use at least 1.")
    try require((evalViews ?? 1) >= 1, "--eval-views is \(evalViews ?? 0). Use at least 1.")
    try require(saveEvery >= 0, "--save-every is \(saveEvery). Use 0 or more.")
  }

  /// A request for a run in `folder`.
  func request(in folder: URL) -> RunRequest {
    var request = RunRequest(out: folder)
    request.iterations = iterations
    request.seconds = seconds
    request.preset = preset
    request.schedule = schedule
    request.samples = samples
    request.learningRate = learningRate
    request.scale = scale
    request.evalEvery = evalEvery
    request.evalViews = evalViews
    request.saveEvery = saveEvery
    return request
  }
}

/// Options of a run that `train` and `distill` share.
struct RunOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The folder of the run.", valueName: "folder"))
  var out: String

  @OptionGroup var learning: LearningOptions

  @Option(help: "Seed of everything random; 0 by default.")
  var seed: UInt64?

  @Flag(help: "Go on from the last saved state, to the same bits.")
  var resume = false

  @Flag(help: "Replace an earlier run in the folder.")
  var overwrite = false

  func validate() throws {
    if resume && overwrite {
      throw ValidationError("--resume and --overwrite exclude each other. Give one of them.")
    }
  }

  var request: RunRequest {
    var request = learning.request(in: URL(fileURLWithPath: out))
    request.seed = seed
    request.mode = resume ? .resume : overwrite ? .overwrite : .new
    return request
  }
}

/// How a run that takes some minutes is scheduled.
enum ScheduleChoice: String, ExpressibleByArgument, CaseIterable {
  /// Suits a few cores and some minutes.
  case `default`
  /// The published settings.
  case published
}

/// A size in pixels, as `800x600`.
struct PixelSize: ExpressibleByArgument {
  let width: Int
  let height: Int

  init?(argument: String) {
    let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]),
      (1...16_384).contains(width), (1...16_384).contains(height)
    else { return nil }
    self.width = width
    self.height = height
  }
}

/// Two steps, as `2000,5000`.
struct StageBorders: ExpressibleByArgument {
  let schedule: StageSchedule

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 2, let first = Int(parts[0]), let second = Int(parts[1]),
      first >= -1, second >= first
    else { return nil }
    schedule = StageSchedule(first: first, second: second)
  }
}
