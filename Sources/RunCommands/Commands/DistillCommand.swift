import ArgumentParser
import CommandSupport
import Distill
import Fields
import Foundation

/// Distils a trained field into another architecture.
package struct DistillCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Distil a trained field into another architecture, without photographs.",
    discussion: """
      The teacher is the folder of a run or a .safetensors file, of any architecture; a student can \
      be a teacher. The scene gives the size and lens of the virtual cameras, and test photographs \
      to judge by; without it both come from the teacher's file. Besides what `train` writes, the \
      run's folder receives sheet.png: teacher, student and difference of some test views.

      Examples:
        pvd distill --teacher teacher --field vm --scene scene --out student
        pvd distill --teacher student --field mlp --scene scene --out second
        pvd distill --teacher teacher --field vm --out run --stages 200,500
        pvd distill --teacher teacher --field vm --out run --schedule published
        pvd distill --teacher teacher --field vm --out run --inspect-every 100
        pvd distill --teacher teacher --field mlp --out run --active-learning image,ray,point --active-set ray.capacity=8192
      """)

  package init() {}

  @Option(help: ArgumentHelp("The run or file to distil from.", valueName: "run"))
  var teacher: String

  @Option(help: "The student's architecture: hash, mlp, vm or tensors.")
  var field: Architecture

  @Option(help: ArgumentHelp("The folder of the scene.", valueName: "folder"))
  var scene: String?

  @OptionGroup var options: RunOptions

  @OptionGroup var flags: DistillationFlags

  @Option(
    help: ArgumentHelp(
      "Levels of active learning: image, ray, point, or none.", valueName: "levels"))
  var activeLearning: String?

  @Option(
    help: "Write a report about every n-th step into the run's folder; see `pvd inspect`.")
  var inspectEvery: Int?

  @OptionGroup var engine: EngineOptions

  package func validate() throws {
    if let inspectEvery, inspectEvery < 1 {
      throw ValidationError("--inspect-every is \(inspectEvery). Use at least 1.")
    }
    if activeLearning == nil && (!flags.activeSet.isEmpty || flags.activeScale != nil) {
      throw ValidationError(
        "--active-set and --active-scale need --active-learning with the levels they belong to.")
    }
  }

  package func run() throws {
    var distillation = flags.options
    distillation.inspectEvery = inspectEvery
    distillation.activeLearning = try activeLearning.map {
      try ActiveLearningChoice.read(
        levels: $0, scale: flags.activeScale ?? .published, constants: flags.activeSet)
    }
    let run = DistillationRun(
      teacher: try RunFile.newest(at: teacher), scene: scene.map { URL(fileURLWithPath: $0) },
      architecture: field, request: options.request, options: distillation, pool: engine.pool,
      console: Console(json: engine.json))
    if try run.perform() == .interrupted { throw ExitCode(CommandFailure.interrupted) }
  }
}
