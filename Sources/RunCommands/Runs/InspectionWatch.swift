import CommandSupport
import Distill
import Fields
import Foundation
import InspectionIO
import NeRFCore
import SceneIO
import TensorIO
import TermInspection

/// Reports about single steps of a running distillation, cheap enough to leave on.
///
/// A report looks at the first samples of the step only, and verifies nothing: `pvd inspect` does.
final class InspectionWatch {
  private let distiller: Distiller
  private let every: Int
  private let folder: URL
  private let inspector: StepInspector<Float>
  private let camera: Camera
  private let pool: WorkerPool
  private var history: [InspectionReport.Moment] = []
  /// The teacher's view behind the overlays; made when it is needed first.
  private var backdrop: ImageBuffer?

  /// Samples that a report looks at: a fraction of a step.
  private static let samples = 1024
  /// Moments in a history.
  private static let moments = 400

  /// - Parameter view: The size and lens of the pictures; they show the scene from the front.
  init(
    _ distiller: Distiller, every: Int, folder: URL, view: ViewTemplate, pool: WorkerPool
  ) {
    self.pool = pool
    camera = InspectionGallery.frontCamera(view)
    self.distiller = distiller
    self.every = every
    self.folder = folder
    inspector = StepInspector(
      teacher: distiller.teacher, student: distiller.student, kind: distiller.settings.lossKind,
      rates: distiller.settings.rates, compatibility: distiller.settings.compatibility, pool: pool)
    inspector.selection = distiller.distillation.selection
    inspector.activeStages = distiller.distillation.activeStages
    inspector.hardRays = distiller.settings.activeLearning?.ray
    if distiller.settings.activeLearning != nil { distiller.selections = SelectionRecord() }
  }

  /// Looks before every n-th step, and remembers all.
  func attach(to session: RunSession) {
    session.beforeStep = { [self] step in
      if step % every == 0 { try report(step) }
    }
    session.afterStep = { [self] report in
      guard let terms = report.terms, let stage = report.stage else { return }
      history.append(InspectionReport.Moment(step: report.step, stage: stage, terms: terms))
      // Every second one, as often as it takes.
      if history.count > Self.moments {
        history = history.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      }
    }
  }

  private func report(_ step: Int) throws {
    var options = StepInspector<Float>.Options()
    options.verifiedSamples = 0
    options.ranked = 2
    let next = try distiller.nextStep()
    let input = try next.input.prefix(samples: Self.samples)
    var inspection = try inspector.inspect(input, options: options)
    inspection.findings += Finding.borders(
      of: distiller.settings.stages, iterations: distiller.settings.iterations,
      comparesFeatures: distiller.distillation.comparesFeatures)
    if let record = distiller.selections {
      inspection.findings += Finding.pools(
        of: record, levels: next.levels, iterations: distiller.settings.iterations)
    }
    let report = InspectionReport(
      teacher: distiller.teacher.architecture, student: distiller.student.architecture,
      settings: distiller.settings, history: history, inspection: inspection,
      selections: distiller.selectionReport(levels: next.levels))
    let target = folder.appending(path: "step-\(step)")
    do {
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    } catch let error as CocoaError {
      throw FileError(error, creating: target)
    }
    try AtomicFile.write(
      report.encoded(),
      to: target.appending(path: InspectionFolder.reportName))
    try report.writePage(
      pictures: try pictures(), to: target.appending(path: InspectionFolder.pageName))
  }

  private func pictures() throws -> [(String, [InspectionPicture])] {
    guard let record = distiller.selections, record.steps > 0 else { return [] }
    let view =
      try backdrop
      ?? FieldRenderer(
        teacherOf: distiller, settings: .distillation(distiller.settings), pool: pool
      ).render(camera).buffer()
    backdrop = view
    return try InspectionGallery.selections(record, on: view, camera: camera)
  }
}
