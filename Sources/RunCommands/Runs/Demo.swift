import ArgumentParser
import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO
import TensorIO

/// The scene, the teacher, its students, and what is said about them.
struct Demo {
  /// Sizes and lengths.
  struct Plan {
    var size: Int
    var views: Int
    var preset: Preset
    var teacherSteps: Int
    var students: [Student]
    var samples: Int?
    /// What the teacher must reach on the test photographs, in dB.
    var teacherLimit: Double
    /// How far below its teacher a student may be, in dB.
    var studentMargin: Double

    // The network of the small preset is done with the samples early: from step 300 on it learns more
    // from whole pixels. Full-size networks do not get that far in the default lengths.
    static let full = Plan(
      size: 100, views: 100, preset: .small, teacherSteps: 400,
      students: [
        Student(architecture: .vm, steps: 320),
        Student(architecture: .tensors, steps: 400),
        Student(
          architecture: .mlp, steps: 2000, stages: StageSchedule(first: 50, second: 300)),
      ], teacherLimit: 20, studentMargin: 1)
    static let quick = Plan(
      size: 40, views: 30, preset: .tiny, teacherSteps: 250,
      students: [
        Student(architecture: .vm, steps: 150),
        Student(architecture: .tensors, steps: 100),
        Student(architecture: .mlp, steps: 150),
      ], samples: 1 << 14, teacherLimit: 16, studentMargin: 4)
  }

  /// A student of the plan.
  struct Student {
    var architecture: Architecture
    var steps: Int
    /// The default ones of the length if nil.
    var stages: StageSchedule?
  }

  /// One row of the table.
  struct Row: Codable {
    var role: String
    var result: RunResult
    /// dB above the teacher; negative below.
    var gain: Double
  }

  let folder: URL
  let plan: Plan
  let seed: UInt64
  let engine: EngineOptions
  let console: Console

  private var scene: URL { folder.appending(path: "scene") }
  private var teacher: URL { folder.appending(path: "hash") }
  private var tableFile: URL { folder.appending(path: "table.json") }

  private func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  /// Checks the folder and makes it; with `overwrite`, what an earlier demo wrote goes.
  func prepare(overwrite: Bool) throws {
    let known: Set<String> = ["scene", "hash", "table.json", "sheet.png", "psnr.svg"]
    let students = Set(plan.students.map(\.architecture.rawValue))
    if exists(folder) {
      let found: [String]
      do { found = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch let
        error as CocoaError
      {
        throw FileError(error, creating: folder)
      }
      if let other = found.sorted().first(where: {
        !known.contains($0) && !students.contains($0) && !$0.hasSuffix(".partial")
      }) {
        throw CommandFailure(
          folder.path, fact: "the folder holds \"\(other)\", which is not part of a demo",
          fix: "Choose another --out.")
      }
      if exists(tableFile) && !overwrite {
        throw CommandFailure(
          folder.path, fact: "the folder holds a finished demo",
          fix: "Add --overwrite to replace it, or choose another --out.")
      }
      if overwrite {
        do {
          for name in found { try FileManager.default.removeItem(at: folder.appending(path: name)) }
        } catch let error as CocoaError {
          throw FileError(error, creating: folder)
        }
      }
    }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch let error as CocoaError {
      throw FileError(error, creating: folder)
    }
  }

  /// Does everything that is not done yet.
  ///
  /// - Throws: ExitCode 130 when interrupted and 1 when a result misses its limit.
  func perform() throws {
    let start = monotonicSeconds()
    if !exists(scene) {
      try SceneCommand.write(
        "orb", to: scene, size: plan.size, views: plan.views, seed: seed, overwrite: false,
        engine: engine, console: console)
    }
    console.say()
    var request = request(teacher, steps: plan.teacherSteps)
    request.evalEvery = max(1, plan.teacherSteps / 8)
    try require(
      TrainingRun(
        scene: scene, architecture: .hash, request: request, pool: engine.pool, console: console
      ).perform())
    for student in plan.students {
      console.say()
      try require(
        DistillationRun(
          teacher: try RunFile.newest(at: teacher.path), scene: scene,
          architecture: student.architecture,
          request: self.request(
            folder.appending(path: student.architecture.rawValue), steps: student.steps),
          options: DistillationOptions(stages: student.stages), pool: engine.pool, console: console
        ).perform())
    }
    let rows = try results()
    try pictures()
    try AtomicFile.write(Data((jsonLine(rows) + "\n").utf8), to: tableFile)
    show(rows)
    console.say(
      "\nsheet.png, psnr.svg and the runs are in \(folder.path); "
        + "\(decimal(monotonicSeconds() - start, 0)) s in all")
    try judge(rows)
  }

  private func request(_ out: URL, steps: Int) -> RunRequest {
    var request = RunRequest(out: out)
    request.mode = .resume
    request.iterations = steps
    request.seed = seed
    request.preset = plan.preset
    request.samples = plan.samples
    return request
  }

  private func require(_ outcome: RunOutcome) throws {
    if outcome == .interrupted { throw ExitCode(CommandFailure.interrupted) }
  }

  private func results() throws -> [Row] {
    let teacherResult = try RunResult(
      contentsOf: RunFolder(teacher, mode: .resume).metrics)
    var rows = [Row(role: "teacher", result: teacherResult, gain: 0)]
    for student in plan.students {
      let url = folder.appending(path: student.architecture.rawValue)
      let result = try RunResult(contentsOf: RunFolder(url, mode: .resume).metrics)
      let gain = (result.score?.psnr ?? .nan) - (teacherResult.score?.psnr ?? .nan)
      rows.append(Row(role: "student", result: result, gain: gain))
    }
    return rows
  }

  private func show(_ rows: [Row]) {
    console.emit("table", ["rows": rows])
    console.say()
    let head = ["architecture", "parameters", "PSNR", "SSIM", "seconds", "against the teacher"]
    let lines = table(
      [head]
        + rows.map { row in
          let score = row.result.score
          return [
            "\(row.result.architecture) (\(row.role))", "\(row.result.parameters)",
            decimal(score?.psnr ?? .nan), decimal(score?.ssim ?? .nan, 4),
            decimal(row.result.seconds, 1), score?.teacherPSNR.map { decimal($0) } ?? "-",
          ]
        })
    for (index, line) in lines.enumerated() { console.say(index == 0 ? console.bold(line) : line) }
  }

  /// Throws exit code 1 if a row misses its limit; NaN misses every limit.
  private func judge(_ rows: [Row]) throws {
    var failed = false
    for row in rows {
      let psnr = row.result.score?.psnr ?? .nan
      if row.role == "teacher", !(psnr >= plan.teacherLimit) {
        Console.complain(
          "pvd: the teacher reached \(decimal(psnr)) dB, the limit is \(plan.teacherLimit)")
        failed = true
      }
      if row.role == "student", !(row.gain >= -plan.studentMargin) {
        Console.complain(
          "pvd: \(row.result.architecture) is \(decimal(-row.gain)) dB below its teacher, the limit "
            + "is \(plan.studentMargin)")
        failed = true
      }
    }
    if failed { throw ExitCode(CommandFailure.badResult) }
  }

  /// One sheet with all fields, and one plot with all runs.
  private func pictures() throws {
    let names = [teacher] + plan.students.map { folder.appending(path: $0.architecture.rawValue) }
    let loaded = try names.map { try Checkpoint.load(try RunFile.newest(at: $0.path)) }
    let set = ViewSet(
      try BlenderScene.load(folder: scene, split: .test, pool: engine.pool), limit: 4)
    let renderers = loaded.map { FieldRenderer($0, pool: engine.pool) }
    let rows = try set.views.map { view in
      let truth = try ImageBuffer(
        width: view.camera.width, height: view.camera.height, channels: 3,
        pixels: view.truth ?? [])
      return try [truth] + renderers.map { try $0.render(view.camera).buffer() }
    }
    let labels =
      ["photograph", "hash teacher"] + plan.students.map { "\($0.architecture.rawValue)" }
    try PNGImage.write(
      try ContactSheet.make(rows: rows, labels: labels),
      to: folder.appending(path: RunFolder.sheetName))
    try LinePlot(
      testViewsOf: try names.map { try RunFolder($0, mode: .resume) },
      title: "test views of the demo"
    ).write(to: folder.appending(path: RunFolder.plotName))
  }
}
