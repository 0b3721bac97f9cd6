import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO

/// How a run ended.
enum RunOutcome {
  case finished
  case outOfTime
  case interrupted
}

/// Takes the steps of a run: saves, evaluates, logs, shows progress, and stops when asked.
final class RunSession {
  let run: any ResumableRun
  let folder: RunFolder
  let view: ViewTemplate
  let settings: RunSettings
  let inputs: [String: String]
  let console: Console
  private(set) var log: RunLog

  /// Seconds between saves.
  var saveEvery = 60.0
  /// Most seconds of training, earlier sessions included.
  var secondsLimit: Double?
  /// Steps between evaluations.
  var evalEvery: Int?
  /// Measures the field: PSNR against photographs, and against the teacher.
  var evaluate: (() throws -> MeanScore)?

  /// Looks at the run before a step, by its number; changes nothing.
  var beforeStep: ((Int) throws -> Void)?
  /// Sees what a step did.
  var afterStep: ((StepReport) -> Void)?

  private var lastSave = monotonicSeconds()
  private var meanError: Double?
  private var stepSeconds: Double?

  init(
    _ run: any ResumableRun, folder: RunFolder, view: ViewTemplate, settings: RunSettings,
    inputs: [String: String], log: RunLog, console: Console
  ) {
    self.run = run
    self.folder = folder
    self.view = view
    self.settings = settings
    self.inputs = inputs
    self.log = log
    self.console = console
  }

  /// Takes the remaining steps.
  ///
  /// - Throws: ``CommandFailure`` with code 1 if the loss is no longer a number; the last saved state
  ///   stays. Else what the run and the file system throw.
  func perform() throws -> RunOutcome {
    Interrupt.watch()
    let logInterval = max(1, run.iterations / 200)
    var outcome = RunOutcome.finished
    while run.position.step < run.iterations {
      if Interrupt.isRequested {
        outcome = .interrupted
        break
      }
      if let secondsLimit, log.seconds >= secondsLimit {
        outcome = .outOfTime
        break
      }
      // Looking takes time, too, but it is none of the training's.
      try beforeStep?(run.position.step + 1)
      let start = monotonicSeconds()
      let report = try run.advance()
      afterStep?(report)
      let took = monotonicSeconds() - start
      log.seconds += took
      stepSeconds = stepSeconds.map { 0.9 * $0 + 0.1 * took } ?? took
      guard report.loss.isFinite else {
        console.endProgress()
        throw CommandFailure(
          folder.url.path, fact: "the loss of step \(report.step) is not a number",
          fix: "Use a lower --learning-rate; the last saved state is kept.",
          code: CommandFailure.badResult)
      }
      if let error = report.meanSquaredError {
        meanError = meanError.map { 0.9 * $0 + 0.1 * error } ?? error
      }
      let isLast = report.step == run.iterations
      if report.step % logInterval == 0 || isLast { note(report) }
      if let evalEvery, isLast || report.step % evalEvery == 0 { try measure(report) }
      console.progress(last: isLast) { progressText(report) }
      if monotonicSeconds() - lastSave >= saveEvery && !isLast { try saveState() }
    }
    console.endProgress()
    try saveState()
    try saveModel()
    return outcome
  }

  private func note(_ report: StepReport) {
    var record = LogRecord(step: report.step, seconds: log.seconds)
    record.loss = report.loss
    record.batchPSNR = report.meanSquaredError.flatMap { $0 > 0 ? -10 * log10($0) : nil }
    record.rays = report.rays
    record.samples = report.samples
    record.stage = report.stage?.rawValue
    log.append(record)
    console.emit("step", record)
  }

  private func measure(_ report: StepReport) throws {
    guard let score = try evaluate?() else { return }
    var record = LogRecord(step: report.step, seconds: log.seconds)
    record.testPSNR = score.psnr
    record.teacherPSNR = score.teacherPSNR
    record.stage = report.stage?.rawValue
    log.append(record)
    console.emit("evaluation", record)
    let parts = [
      score.psnr.map { "PSNR \(decimal($0)) dB" },
      score.teacherPSNR.map { "against the teacher \(decimal($0)) dB" },
    ].compactMap { $0 }
    console.say(
      "step \(report.step), \(decimal(log.seconds, 1)) s: \(parts.joined(separator: ", ")) "
        + "on \(score.views) views")
  }

  private func progressText(_ report: StepReport) -> String {
    var parts = ["step \(report.step)/\(run.iterations)"]
    if let stage = report.stage { parts.append("stage \(stage.rawValue)") }
    parts.append("loss \(String(format: "%.4g", report.loss))")
    if let meanError, meanError > 0, report.meanSquaredError != nil {
      parts.append("PSNR \(decimal(-10 * log10(meanError))) dB")
    }
    let perStep = max(stepSeconds ?? 0, 1e-9)
    parts.append("\(decimal(Double(report.rays) / perStep / 1000, 1))k rays/s")
    var left = Double(run.iterations - report.step) * perStep
    if let secondsLimit { left = min(left, max(0, secondsLimit - log.seconds)) }
    parts.append("\(clock(left)) left")
    return parts.joined(separator: "  ")
  }

  /// Saves everything the run needs to go on, then the log.
  private func saveState() throws {
    try Checkpoint.save(
      run, view: view, settings: settings, inputs: inputs, resumable: true, to: folder.state)
    if log.records.last?.seconds != log.seconds {
      log.append(LogRecord(step: run.position.step, seconds: log.seconds))
    }
    try log.write(to: folder.log)
    lastSave = monotonicSeconds()
    console.emit("saved", ["step": run.position.step])
  }

  /// Writes the field for use.
  func saveModel() throws {
    try Checkpoint.save(
      run, view: view, settings: settings, inputs: inputs, resumable: false, to: folder.model)
  }
}
