import CommandSupport
import Fields
import Foundation
import NeRFCore
import SceneIO

/// Trains, renders and distils on the built-in scene, every measurement in a process of its own.
struct EndToEndBench {
  var plan: EndToEndPlan
  var console: Console

  /// Measures and prints.
  func perform() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "pvd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let start = monotonicSeconds()
    Console.complain("rendering the scene orb, 100 photographs of 100×100")
    let scene = folder.appending(path: "scene")
    try OrbScene.write(to: scene, size: 100, views: 100, testViews: 8, valViews: 1)
    var report = EndToEndReport()
    for set in plan.instructionSets.map({ $0.map(Optional.some) }) ?? [nil] {
      for count in plan.threads {
        try measure(folder, scene: scene, threads: count, instructionSet: set, into: &report)
      }
    }
    report.say(console)
    console.say("\n\(decimal(monotonicSeconds() - start, 0)) s in all")
  }

  private func measure(
    _ folder: URL, scene: URL, threads: Int, instructionSet: String?,
    into report: inout EndToEndReport
  ) throws {
    for teacher in plan.teachers {
      let checkpoint = folder.appending(path: "\(teacher.rawValue).safetensors")
      let common = [
        "--checkpoint", checkpoint.path, "--threads", "\(threads)", "--seconds",
        "\(plan.seconds)", "--preset", plan.preset.rawValue,
      ]
      let place = "\(threads) threads, \(instructionSet ?? FastKernels.instructionSet)"
      /// Runs a child; its record is shown only if it was asked for.
      func run(_ what: String, _ arguments: [String], shown: Bool = true) throws {
        Console.complain("\(what), \(place)")
        try OwnProgram.run(
          ["bench-measure"] + arguments + common, instructionSet: instructionSet
        ) { line in
          guard shown, let printed = PrintedEvent(line) else { return }
          console.pass(on: line)
          try report.add(printed)
        }
      }
      let name = teacher.rawValue
      try run(
        "training \(name) to \(decimal(plan.target, 1)) dB, at most \(decimal(plan.limit, 0)) s",
        ["train", "--field", name, "--scene", scene.path]
          + ["--target", "\(plan.target)", "--limit", "\(plan.limit)"], shown: plan.shows(teacher))
      if plan.shows(teacher) {
        for size in [200, 800] {
          try run(
            "rendering \(name) at \(size)×\(size)",
            ["render", "--size", "\(size)", "--limit", "\(plan.limit)"])
        }
      }
      for student in plan.students(of: teacher) {
        for stage in 1...3 {
          try run(
            "distilling \(name) into \(student.rawValue), stage \(stage)",
            ["distill", "--field", student.rawValue, "--stage", "\(stage)"])
        }
      }
    }
  }
}
