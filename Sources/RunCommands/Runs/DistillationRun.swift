import ArgumentParser
import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO

/// Options that only a distillation has; nil was not given.
struct DistillationOptions {
  var stages: StageSchedule?
  var lossKind: LossKind?
  var compatibility: CompatibilityOptions?
  /// The outer nil: not given; the inner: none.
  var activeLearning: ActiveLearningSettings??
  var depthRate: Double?
  var poses: PosePlan?
  var inherits: Bool?
  /// Steps between reports about a step; nil for none.
  var inspectEvery: Int?

  func apply(to settings: inout DistillerSettings) {
    if let stages { settings.stages = stages }
    if let lossKind { settings.lossKind = lossKind }
    if let compatibility { settings.compatibility = compatibility }
    if let activeLearning { settings.activeLearning = activeLearning }
    if let depthRate { settings.rates.depth = depthRate }
  }
}

/// Distils a checkpoint into a field of another architecture: what `pvd distill` and `pvd demo` do.
struct DistillationRun {
  var teacher: URL
  var scene: URL?
  var architecture: Architecture
  var request: RunRequest
  var options = DistillationOptions()
  var pool: WorkerPool
  var console: Console

  /// Views on the contact sheet.
  private static let sheetViews = 4
  /// Views of an evaluation that nobody asked for.
  private static let quickViews = 4

  /// Runs, resumes, or finds the run finished.
  func perform() throws -> RunOutcome {
    let folder = try RunFolder(request.out, mode: request.mode)
    let saved = try SavedRun(folder, mode: request.mode)
    let loaded = try Checkpoint.load(teacher)
    let scale = scale(loaded, saved: saved)
    let training = try dataset(.train, scale: scale)
    var view = loaded.record.view
    view.scale = scale
    if let training {
      view = try ViewTemplate(cameras: training.frames.map(\.camera), scale: scale)
    }
    var settings = request.distillerSettings(architecture, saved: try saved?.distillerSettings())
    options.apply(to: &settings)
    let configuration = chosenConfiguration(saved: saved, settings: settings)
    let frame = loaded.field.frame
    _ = try configuration.parameterShapes(frame: frame)
    let inherits = options.inherits ?? (saved?.record.run.inputs["inherit"] != "false")
    let savedPoses = saved?.record.run.inputs["poses"].flatMap(PosePlan.init(argument:))
    let poses = options.poses ?? savedPoses ?? PosePlan()
    let inputs = [
      "teacher": Fingerprint.of(loaded.field), "poses": poses.description, "inherit": "\(inherits)",
    ]
    try saved?.requireSame(
      configuration: configuration, frame: frame, view: view,
      settings: .distillation(settings), inputs: inputs)

    let student = configuration.makeField(as: Float.self, frame: frame, seed: settings.seed)
    let distiller = try Distiller(
      teacher: loaded.field, student: student, grid: loaded.grid,
      camera: view.camera(pose: .looking(from: SIMD3(0, 0, view.distance), at: SIMD3())),
      poses: try poses.source(scale: scale) { split in
        split == .train ? training : try dataset(split, scale: scale)
      }, settings: settings,
      inherits: inherits, pool: pool)
    try folder.prepare(mode: request.mode)
    let session = RunSession(
      distiller, folder: folder, view: view, settings: .distillation(settings), inputs: inputs,
      log: saved.map { RunLog(folder.log, upTo: $0.record.run.position.step) } ?? RunLog(),
      console: console)
    try session.log.write(to: folder.log)
    if let every = options.inspectEvery {
      InspectionWatch(distiller, every: every, folder: folder.inspections, view: view, pool: pool)
        .attach(to: session)
    }
    session.saveEvery = request.saveEvery
    session.secondsLimit = request.seconds
    if let saved {
      try Checkpoint.restore(distiller, from: saved.file)
      try session.announceResume(saved)
      if saved.record.run.isFinished && folder.hasResult(of: saved) { return .finished }
    } else {
      console.say(
        "distilling \(loaded.field.architecture.rawValue) into \(architecture.rawValue), "
          + "\(student.parameterCount) parameters")
      if let active = settings.activeLearning {
        console.say(active.summary(settings.sampling))
      }
    }
    return try perform(session, distiller, view: view, scale: scale)
  }

  /// Takes the steps, then measures the student against photographs and teacher.
  private func perform(
    _ session: RunSession, _ distiller: Distiller, view: ViewTemplate, scale: Double
  ) throws -> RunOutcome {
    let all =
      try testViews(scale: scale)?.set ?? ViewSet(orbit: min(request.evalViews ?? 25, 8), view)
    let quick =
      request.evalEvery == nil
      ? ViewSet(all.prefix(Self.quickViews).map { all.views[$0] }) : all
    let settings = session.settings
    let teacher = FieldRenderer(teacherOf: distiller, settings: settings, pool: pool)
    let student = FieldRenderer(distiller, settings: settings, pool: pool)
    let quickImages = try quick.views.map { try teacher.render($0.camera).image }
    session.evalEvery = request.evalEvery ?? max(1, distiller.settings.iterations / 10)
    session.evaluate = { MeanScore(try student.scores(quick, teacher: quickImages)) }
    let outcome = try session.perform()
    if let pools = distiller.poolSummary { console.say(pools) }
    guard outcome != .interrupted else {
      try session.finish(outcome, score: nil, parameters: distiller.student.parameterCount)
      return outcome
    }
    let images = try all.views.map { try teacher.render($0.camera).buffer() }
    let shown = Set(all.prefix(Self.sheetViews))
    var rows: [[ImageBuffer]] = []
    let scores = try student.scores(all, teacher: images.map(\.pixels)) { index, rendered, _ in
      guard shown.contains(index) else { return }
      let image = try rendered.buffer()
      rows.append([images[index], image, try differenceImage(images[index], image)])
    }
    let sheet = try ContactSheet.make(
      rows: rows, labels: ["teacher", "student", "difference x4"])
    try PNGImage.write(sheet, to: session.folder.sheet)
    try session.finish(
      outcome, score: MeanScore(scores), parameters: distiller.student.parameterCount)
    return outcome
  }

  /// Scene units per unit of the data set.
  func scale(_ teacher: LoadedField, saved: SavedRun?) -> Double {
    request.scale ?? saved?.record.view.scale ?? teacher.record.view.scale
  }

  /// The photographs to judge by; nil without a scene.
  func testViews(scale: Double) throws -> (set: ViewSet, dataset: SceneDataset)? {
    try dataset(.test, scale: scale).map {
      (ViewSet($0, limit: request.evalViews ?? 25), $0)
    }
  }

  private func dataset(_ split: DatasetSplit, scale: Double) throws -> SceneDataset? {
    guard let scene else { return nil }
    var options = BlenderSceneOptions()
    options.scale = scale
    return try BlenderScene.load(folder: scene, split: split, options: options, pool: pool)
  }

  /// The sizes of the student.
  func chosenConfiguration(
    saved: SavedRun?, settings: DistillerSettings
  ) -> FieldConfiguration {
    if let saved, request.preset == nil, saved.record.configuration.architecture == architecture {
      return saved.record.configuration
    }
    let chosen = (request.preset ?? .default).configuration(of: architecture)
    guard case .tensors(var options) = chosen else { return chosen }
    options.unclampedOccupancy = settings.compatibility.unclampedTensorsDensity
    return .tensors(options)
  }
}
