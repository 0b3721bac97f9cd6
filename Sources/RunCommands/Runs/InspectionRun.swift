import CommandSupport
import Distill
import Fields
import Foundation
import InspectionIO
import NeRFCore
import SceneIO
import TermInspection

/// Takes one distillation step apart: what `pvd inspect` does.
struct InspectionRun {
  /// Who learns.
  enum Student {
    /// The field of a file.
    case saved(URL)
    /// A new one, which inherits what it can.
    case fresh(Architecture, Preset)
  }

  var teacher: URL
  var student: Student
  var scene: URL?
  /// The stage of the inspected step; nil for that of the schedule.
  var stage: DistillationStage?
  /// The inspected step, from 1; those before it are taken.
  var step = 1
  /// Steps of the run that the schedule belongs to.
  var iterations = 1000
  var stages: StageSchedule?
  /// Whether a new student starts with the tensors both fields have by name.
  var inherits = true
  var rays = 256
  /// Most steps along a ray.
  var marchSteps = 1024
  /// Rays of this part of a view instead of drawn ones.
  var pixels: PixelRectangle?
  var lossKind = LossKind.normL2
  var rates = LossRates()
  var compatibility = CompatibilityOptions.reference
  var activeLearning: ActiveLearningSettings?
  var changes: [SettingChange] = []
  var changedCompatibility: (text: String, options: CompatibilityOptions)?
  /// Rate of the steps before the inspected one; nil for the default of the student.
  var learningRate: Double?
  /// Whether to inspect the first step in which a number is not finite, if it comes before ``step``.
  var trapsNonFinite = false
  /// Numbers of another implementation.
  var against: URL?
  var precision = StepComparison.Precision.single
  var seed: UInt64 = 0
  var pool: WorkerPool
  var console: Console

  /// Everything that is written.
  struct Result {
    let report: InspectionReport
    let pictures: [(heading: String, pictures: [InspectionPicture])]
    let inspector: StepInspector<Float>
    let input: StepInput<Float>
  }

  func perform() throws -> Result {
    let loaded = try Checkpoint.load(teacher, acceptsNonFinite: true)
    let (view, poses) = try cameras(loaded)
    let distiller = try distiller(loaded, view: view, poses: poses)
    let inspector = StepInspector(
      teacher: distiller.teacher, student: distiller.student, kind: lossKind, rates: rates,
      compatibility: compatibility, pool: pool)
    inspector.selection = activeLearning?.point
    inspector.activeStages = activeLearning?.stages ?? ActiveStages()
    inspector.hardRays = activeLearning?.ray
    if activeLearning != nil { distiller.selections = SelectionRecord() }
    let history = try advance(distiller, inspector)
    let next = try distiller.nextStep()
    var input = staged(next.input)
    let pose = poses.first ?? InspectionGallery.frontPose(view)
    if let pixels {
      input.batch = try march(
        try pixels.rays(of: view.camera(pose: pose)), loaded: loaded)
      input.background = [1, 1, 1]
      input.drawnRays = nil
    }
    var options = StepInspector<Float>.Options()
    options.seed = seed
    console.progress(last: true) { "inspecting step \(input.step), stage \(input.stage.rawValue)" }
    let dump = try against.map { try StepDump(contentsOf: $0) }
    if let dump {
      input = try dump.input(replacing: input, rates: rates)
      if let stage { input.stage = stage }
    }
    var inspection = try inspector.inspect(input, options: options)
    let comparison = try dump.map { try compare($0, input, distiller, loaded) }
    if let comparison { inspection.findings += Finding.disagreements(in: comparison) }
    inspection.findings += Finding.borders(
      of: distiller.settings.stages, iterations: iterations,
      comparesFeatures: distiller.distillation.comparesFeatures)
    if let record = distiller.selections {
      inspection.findings += Finding.pools(of: record, levels: next.levels, iterations: iterations)
    }
    let variant = try variant(of: input, inspector, options)
    let report = InspectionReport(
      teacher: distiller.teacher.architecture, student: distiller.student.architecture,
      settings: distiller.settings, history: history, inspection: inspection, variant: variant,
      comparison: comparison, selections: distiller.selectionReport(levels: next.levels))
    let gallery = InspectionGallery(
      inspector: inspector, teacher: distiller.teacher, student: distiller.student, pool: pool)
    let size = InspectionGallery.size(of: view)
    let camera = view.camera(pose: pose, size: size)
    var scenery = input
    scenery.batch = try march(camera.rays(), loaded: loaded)
    scenery.background = [1, 1, 1]
    scenery.drawnRays = nil
    var pictures = [
      ("A view", try gallery.images(scenery, width: size.width, height: size.height)),
      ("Log-density in the plane z = 0", try gallery.slices()),
    ]
    if let record = distiller.selections, let view = pictures[0].1.first?.image {
      pictures += try InspectionGallery.selections(record, on: view, camera: camera)
    }
    console.endProgress()
    return Result(report: report, pictures: pictures, inspector: inspector, input: input)
  }

  /// Holds the step against a dump; ``changes`` and switches say how the other implementation is set.
  private func compare(
    _ dump: StepDump, _ input: StepInput<Float>, _ distiller: Distiller, _ loaded: LoadedField
  ) throws -> StepComparison {
    var (kind, rates) = (lossKind, rates)
    for change in changes { change.change(&kind, &rates) }
    let comparator = StepComparator(
      teacher: distiller.teacher, student: distiller.student, kind: kind, rates: rates,
      compatibility: changedCompatibility?.options ?? compatibility, pool: pool)
    comparator.precision = precision
    comparator.seed = seed
    comparator.replay = MarchReplay(
      grid: loaded.grid, minimumNear: Float(loaded.record.minimumNear),
      settings: MarchSettings(maximumSteps: marchSteps))
    var changed = input
    changed.featureRate = rates.featureRate(at: input.step)
    return try comparator.compare(dump, with: changed)
  }

  private func cameras(_ loaded: LoadedField) throws -> (ViewTemplate, [CameraPose]) {
    guard let scene else { return (loaded.record.view, []) }
    var options = BlenderSceneOptions()
    options.scale = loaded.record.view.scale
    let cameras = try BlenderScene.load(
      folder: scene, split: .train, options: options, pool: pool
    ).frames.map(\.camera)
    return (try ViewTemplate(cameras: cameras, scale: options.scale), cameras.map(\.pose))
  }

  private func distiller(
    _ loaded: LoadedField, view: ViewTemplate, poses: [CameraPose]
  ) throws -> Distiller {
    let field: any RadianceField<Float>
    let inherits: Bool
    switch student {
    case .saved(let url):
      field = try Checkpoint.load(url, acceptsNonFinite: true).field
      inherits = false
    case .fresh(let architecture, let preset):
      field = preset.configuration(of: architecture).makeField(
        as: Float.self, frame: loaded.field.frame, seed: seed)
      inherits = self.inherits
    }
    var settings = DistillerSettings(
      student: field.architecture, iterations: iterations, seed: seed)
    settings.sampling.rays = rays
    settings.sampling.targetSamples = 0
    settings.sampling.marchSteps = marchSteps
    settings.sampling.maximumRays = rays
    settings.sampling.viewsPerStep = min(8, rays)
    settings.lossKind = lossKind
    settings.rates = rates
    settings.compatibility = compatibility
    settings.activeLearning = activeLearning
    if let learningRate {
      settings.learningRate = learningRate
      settings.secondaryRate = 0.1 * learningRate
    }
    if let stages { settings.stages = stages }
    return try Distiller(
      teacher: loaded.field, student: field, grid: loaded.grid,
      camera: view.camera(pose: .looking(from: SIMD3(0, 0, view.distance), at: SIMD3())),
      poses: poses.isEmpty ? .random(.synthetic, scale: view.scale) : .given(poses),
      settings: settings, inherits: inherits, pool: pool)
  }

  /// Takes the steps before the inspected one.
  private func advance(
    _ distiller: Distiller, _ inspector: StepInspector<Float>
  ) throws -> [InspectionReport.Moment] {
    var options = StepInspector<Float>.Options()
    options.verifiedSamples = 0
    options.ranked = 0
    var history: [InspectionReport.Moment] = []
    for number in 1..<max(step, 1) {
      console.progress { "step \(number) of \(step - 1) before the inspected one" }
      if trapsNonFinite,
        try inspector.inspect(staged(try distiller.nextInput()), options: options).trap != nil
      {
        break
      }
      let report = try distiller.advance()
      history.append(
        InspectionReport.Moment(
          step: number, stage: report.stage ?? .image, terms: report.terms ?? LossReport()))
    }
    return history
  }

  /// The input with the stage that was asked for.
  private func staged(_ input: StepInput<Float>) -> StepInput<Float> {
    var result = input
    if let stage { result.stage = stage }
    return result
  }

  private func variant(
    of input: StepInput<Float>, _ inspector: StepInspector<Float>,
    _ options: StepInspector<Float>.Options
  ) throws -> InspectionReport.Variant? {
    guard !changes.isEmpty || changedCompatibility != nil else { return nil }
    var (kind, rates) = (lossKind, rates)
    for change in changes { change.change(&kind, &rates) }
    inspector.kind = kind
    inspector.rates = rates
    inspector.compatibility = changedCompatibility?.options ?? compatibility
    defer {
      inspector.kind = lossKind
      inspector.rates = self.rates
      inspector.compatibility = compatibility
    }
    var changed = input
    changed.featureRate = rates.featureRate(at: input.step)
    return InspectionReport.Variant(
      changes: changes.map(\.text) + (changedCompatibility.map { ["compat " + $0.text] } ?? []),
      inspection: try inspector.inspect(changed, options: options))
  }

  private func march(_ rays: RayBatch<Float>, loaded: LoadedField) throws -> SampleBatch {
    let near = Float(loaded.record.minimumNear)
    return try loaded.grid.march(
      rays,
      intervals: rays.intervals(
        in: AxisAlignedBox(halfSize: loaded.field.frame.bound), minimumNear: near),
      settings: MarchSettings(maximumSteps: marchSteps), pool: pool
    ).samples
  }
}
