import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO

/// Trains a field on the photographs of a scene: what `pvd train` and `pvd demo` do.
struct TrainingRun {
  var scene: URL
  var architecture: Architecture
  var request: RunRequest
  var bound: Double?
  /// A checkpoint whose grid is used and kept as it is.
  var occupancyFrom: URL?
  var pool: WorkerPool
  var console: Console

  /// Runs, resumes, or finds the run finished.
  func perform() throws -> RunOutcome {
    let folder = try RunFolder(request.out, mode: request.mode)
    let saved = try SavedRun(folder, mode: request.mode)
    let scale = request.scale ?? saved?.record.view.scale ?? 0.8
    var options = BlenderSceneOptions()
    options.scale = scale
    let dataset = try BlenderScene.load(
      folder: scene, split: .train, options: options, pool: pool)
    let view = try ViewTemplate(cameras: dataset.frames.map(\.camera), scale: scale)
    let settings = request.trainerSettings(architecture, saved: try saved?.trainerSettings())
    let frame = FieldFrame(bound: bound ?? saved?.record.frame.bound ?? 1)
    let configuration = chosenConfiguration(saved: saved)
    _ = try configuration.parameterShapes(frame: frame)
    let given = try occupancyFrom.map { try Checkpoint.load($0) }
    var inputs = ["scene": Fingerprint.of(dataset), "occupancy": "own"]
    if let given {
      inputs["occupancy"] = Fingerprint.of(given.grid)
      guard Double(given.grid.bound) == frame.bound else {
        throw CommandFailure(
          occupancyFrom?.path ?? "",
          fact: "its grid has bound \(given.grid.bound), not \(frame.bound)",
          fix: "Give the same --bound.")
      }
    }
    try saved?.requireSame(
      configuration: configuration, frame: frame, view: view, settings: .training(settings),
      inputs: inputs)

    let field = configuration.makeField(as: Float.self, frame: frame, seed: settings.seed)
    let trainer = try FieldTrainer(
      field: field,
      views: dataset.frames.map {
        try TrainingView(camera: $0.camera, pixels: $0.image.pixels, channels: $0.image.channels)
      }, settings: settings, grid: given?.grid, updatesOccupancy: given == nil, pool: pool)
    try folder.prepare(mode: request.mode)
    let session = RunSession(
      trainer, folder: folder, view: view, settings: .training(settings), inputs: inputs,
      log: saved.map { RunLog(folder.log, upTo: $0.record.run.position.step) } ?? RunLog(),
      console: console)
    try session.log.write(to: folder.log)
    session.saveEvery = request.saveEvery
    session.secondsLimit = request.seconds
    session.evalEvery = request.evalEvery
    if let saved {
      try Checkpoint.restore(trainer, from: saved.file)
      try announce(saved, session)
      if saved.record.run.isFinished { return .finished }
    } else {
      console.say(
        "training \(architecture.rawValue), \(field.parameterCount) parameters, on "
          + "\(dataset.frames.count) photographs of \(view.width)×\(view.height)")
    }
    let test = try testViews(options)
    if let test {
      session.evaluate = {
        MeanScore(
          try FieldRenderer(trainer, settings: .training(settings), pool: pool)
            .scores(test))
      }
    }
    let outcome = try session.perform()
    let score = outcome == .interrupted ? nil : try session.evaluate?()
    try session.finish(outcome, score: score, parameters: field.parameterCount)
    return outcome
  }

  private func chosenConfiguration(saved: SavedRun?) -> FieldConfiguration {
    if let saved, request.preset == nil, saved.record.configuration.architecture == architecture {
      return saved.record.configuration
    }
    return (request.preset ?? .default).configuration(of: architecture).forPhotographs
  }

  /// The test split, or nil if the scene has none and nobody asked for an evaluation.
  private func testViews(_ options: BlenderSceneOptions) throws -> ViewSet? {
    let file = scene.appending(path: "transforms_test.json")
    guard request.evalEvery != nil || FileManager.default.fileExists(atPath: file.path) else {
      return nil
    }
    return ViewSet(
      try BlenderScene.load(folder: scene, split: .test, options: options, pool: pool),
      limit: request.evalViews ?? 25)
  }

  private func announce(_ saved: SavedRun, _ session: RunSession) throws {
    try session.announceResume(saved)
  }
}

extension RunSession {
  /// Says where a resumed run stands; a finished one gets the files that derive from its state.
  func announceResume(_ saved: SavedRun) throws {
    let step = saved.record.run.position.step
    guard saved.record.run.isFinished else {
      console.say("resuming after step \(step) of \(run.iterations)")
      return
    }
    let model = try? Checkpoint.record(of: folder.model)
    if model?.run.position.step != step { try saveModel() }
    console.say("\(folder.url.path): all \(run.iterations) steps are done already")
    console.emit("finished", ["step": step])
  }

  /// Writes plot and metrics, and says how the run ended.
  func finish(_ outcome: RunOutcome, score: MeanScore?, parameters: Int) throws {
    let architecture = run.field.architecture.rawValue
    try log.plot(title: "\(folder.url.lastPathComponent): \(architecture)").write(
      to: folder.plot)
    let result = RunResult(
      architecture: architecture, parameters: parameters, step: run.position.step,
      seconds: log.seconds, score: score)
    if score != nil { try result.write(to: folder.metrics) }
    switch outcome {
    case .finished: console.emit("done", result)
    case .outOfTime: console.emit("stopped", result)
    case .interrupted: console.emit("interrupted", result)
    }
    let place = "\(run.position.step) steps in \(decimal(log.seconds, 1)) s"
    switch outcome {
    case .finished: console.say(place)
    case .outOfTime: console.say("\(place), time is up; --resume goes on")
    case .interrupted: console.say("\(place), interrupted and saved; --resume goes on")
    }
    if let psnr = score?.psnr {
      console.say(
        console.bold("PSNR \(decimal(psnr)) dB") + ", SSIM \(decimal(score?.ssim ?? 0, 4)) on "
          + "\(score?.views ?? 0) test views")
    }
    if let psnr = score?.teacherPSNR {
      console.say("PSNR against the teacher \(decimal(psnr)) dB")
    }
    console.say("written to \(folder.url.path)")
  }
}
