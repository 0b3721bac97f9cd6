import ArgumentParser
import Distill
import Fields
import Foundation

/// Distils a trained field into another architecture.
struct DistillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
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

  @Option(help: ArgumentHelp("The run or file to distil from.", valueName: "run"))
  var teacher: String

  @Option(help: "The student's architecture: hash, mlp, vm or tensors.")
  var field: Architecture

  @Option(help: ArgumentHelp("The folder of the scene.", valueName: "folder"))
  var scene: String?

  @OptionGroup var options: RunOptions

  // Unconditional, because a first of -1 looks like an option.
  @Option(
    parsing: .unconditional,
    help: "First steps of stages 2 and 3, as 2000,5000; a first of -1 leaves out stage 1.")
  var stages: StageBorders?

  @Option(help: "How values are compared: normL2, L2, normL1, L1 or smoothL1.")
  var lossType: LossKind?

  @Option(help: "Behaviour where the released program differs: reference or original.")
  var compat: Compatibility?

  @Option(
    help: ArgumentHelp(
      "Levels of active learning: image, ray, point, or none.", valueName: "levels"))
  var activeLearning: String?

  @Option(
    help: ArgumentHelp(
      "A constant of a level, such as ray.capacity=8192 or point.share=0.5.",
      valueName: "name=value"))
  var activeSet: [String] = []

  @Option(help: "Weight of the depths of rays; 0 for no such term.")
  var depthRate: Double?

  @Option(help: "Where virtual cameras stand: synthetic, tank, forward or scene.")
  var poses: PoseChoice?

  @Flag(inversion: .prefixedNo, help: "Start with the tensors both fields have by name.")
  var inherit: Bool?

  @Option(
    help: "Write a report about every n-th step into the run's folder; see `pvd inspect`.")
  var inspectEvery: Int?

  @OptionGroup var engine: EngineOptions

  func validate() throws {
    if let inspectEvery, inspectEvery < 1 {
      throw ValidationError("--inspect-every is \(inspectEvery). Use at least 1.")
    }
    if let depthRate, !(depthRate.isFinite && depthRate >= 0) {
      throw ValidationError("--depth-rate is \(depthRate). Use a number from 0 on.")
    }
    if !activeSet.isEmpty && activeLearning == nil {
      throw ValidationError("--active-set needs --active-learning with the level it belongs to.")
    }
  }

  /// A preset of ``Distill/CompatibilityOptions``.
  enum Compatibility: String, ExpressibleByArgument, CaseIterable {
    case reference
    case original

    var options: CompatibilityOptions { self == .original ? .original : .reference }
  }

  func run() throws {
    let run = DistillationRun(
      teacher: try RunFolder.checkpoint(at: teacher), scene: scene.map { URL(fileURLWithPath: $0) },
      architecture: field, request: options.request,
      options: DistillationOptions(
        stages: stages?.schedule, lossKind: lossType, compatibility: compat?.options,
        activeLearning: try activeLearning.map {
          try ActiveLearningChoice.read(levels: $0, constants: activeSet)
        }, depthRate: depthRate, poses: poses,
        inherits: inherit, inspectEvery: inspectEvery), pool: engine.pool,
      console: Console(json: engine.json))
    if try run.perform() == .interrupted { throw ExitCode(CommandFailure.interrupted) }
  }
}
