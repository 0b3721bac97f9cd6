import ArgumentParser
import CommandSupport
import Distill
import Fields
import Foundation
import InspectionIO
import SceneIO
import TensorIO
import TermInspection

/// Takes one distillation step apart.
package struct InspectCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "See every term of a distillation step, its gradients and its samples.",
    discussion: """
      Writes a folder: index.html (open it in a browser; it loads nothing), report.json with the same \
      numbers, and arrays.safetensors with samples, taps and the gradient of every term. The student is \
      the folder of a run, a .safetensors file, or an architecture (hash, mlp, vm, tensors) for a new \
      one. Nothing is trained on disk; --step N takes the steps before step N in memory.

      --set and --compat evaluate the same step under changed settings beside it: loss_type, \
      loss_rate_rgb, loss_rate_feature, loss_rate_color, loss_rate_density, loss_rate_L1.

      --against reads samples, taps, terms and gradients of another implementation (the names are in \
      Docs/Inspector.md), says where the two differ first, and which convention would explain it; --set \
      and --compat then say how that implementation is set. The exit status is 1 if anything differs.

      Examples:
        pvd inspect --teacher teacher --student vm --out report
        pvd inspect --teacher teacher --student student --scene scene --stage 3 --out report
        pvd inspect --teacher teacher --student vm --step 40 --iterations 60 --out report
        pvd inspect --teacher teacher --student vm --set loss_rate_color=0.02 --set loss_type=L2 --out report
        pvd inspect --teacher teacher --student mlp --step 500 --trap-nonfinite --out report
        pvd inspect --teacher teacher --student mlp --step 200 --stage 3 --active-learning ray,point --active-set ray.capacity=500 --out report
        pvd inspect --teacher teacher --student student --against dump.safetensors --out report
        pvd inspect --teacher teacher --student vm --compat original,-fixedMarchJitter --out report
      """)

  package init() {}

  @Option(help: ArgumentHelp("The run or file to distil from.", valueName: "run"))
  var teacher: String

  @Option(help: ArgumentHelp("The run or file that learns, or an architecture.", valueName: "run"))
  var student: String

  @Option(help: ArgumentHelp("Take the cameras of this scene.", valueName: "folder"))
  var scene: String?

  @Option(help: ArgumentHelp("The folder for the report.", valueName: "folder"))
  var out: String

  @Option(help: "Stage of the inspected step: 1, 2, 3 or auto.")
  var stage = StageChoice.auto

  @Option(help: "The step to inspect, from 1; those before it are taken first.")
  var step = 1

  @Option(help: "Steps of the run that stages and rates are scheduled for.")
  var iterations = 1000

  @Option(
    parsing: .unconditional,
    help: "First steps of stages 2 and 3, as 2000,5000; a first of -1 leaves out stage 1.")
  var stages: StageBorders?

  @Option(help: "Rays of a step.")
  var rays = 256

  @Option(help: "Most steps along a ray; the smallest step is 2√3 divided by this.")
  var marchSteps = 1024

  @Option(
    help: ArgumentHelp(
      "Rays of these pixels of the first camera instead: first column, first row, last column, last row.",
      valueName: "x0,y0,x1,y1"))
  var pixels: PixelRectangle?

  @Option(help: "How values are compared: normL2, L2, normL1, L1 or smoothL1.")
  var lossType = LossKind.normL2

  @Option(help: ArgumentHelp("Evaluate the step with this setting, too.", valueName: "name=value"))
  var set: [String] = []

  @Option(
    help: ArgumentHelp(
      "Evaluate the step with these switches, too: reference or original, then +NAME or -NAME.",
      valueName: "switches"))
  var compat: String?

  @Option(
    help: ArgumentHelp(
      "Compare with these numbers of another implementation, on its samples.", valueName: "file"))
  var against: String?

  @Option(
    help: ArgumentHelp(
      "Levels of active learning: image, ray, point, or none.", valueName: "levels"))
  var activeLearning: String?

  @Option(
    help: "Constants of active learning: published (default), or cpu for runs of some minutes.")
  var activeScale = ActiveLearningSettings.Scale.published

  @Option(
    help: ArgumentHelp("A constant of a level, such as ray.capacity=512.", valueName: "name=value"))
  var activeSet: [String] = []

  @Option(help: "The precision of that implementation: single or half.")
  var againstPrecision = StepComparison.Precision.single

  @Option(
    help: "Sizes of a new student: \(Preset.allCases.map(\.rawValue).joined(separator: ", ")).")
  var preset = Preset.small

  @Flag(
    inversion: .prefixedNo, help: "Start a new student with the tensors both fields have by name.")
  var inherit = true

  @Option(help: "Seed of rays and of a new student.")
  var seed: UInt64 = 0

  @Option(help: "Learning rate of the steps that are taken first.")
  var learningRate: Double?

  @Flag(
    help: "Inspect the first step in which a number is not finite, if it comes before --step.")
  var trapNonfinite = false

  @Flag(help: "Replace an earlier report in the folder.")
  var overwrite = false

  @OptionGroup var engine: EngineOptions

  /// A stage, or that of the schedule.
  enum StageChoice: String, ExpressibleByArgument, CaseIterable {
    case features = "1"
    case volume = "2"
    case image = "3"
    case auto

    var stage: DistillationStage? { Int(rawValue).flatMap(DistillationStage.init(rawValue:)) }
  }

  package func validate() throws {
    for (name, value, most) in [
      ("--step", step, 1_000_000), ("--iterations", iterations, 100_000_000),
      ("--rays", rays, 65_536), ("--march-steps", marchSteps, 65_536),
    ] {
      guard (1...most).contains(value) else {
        throw ValidationError("\(name) is \(value). Use 1 to \(most).")
      }
    }
    if activeLearning == nil && !activeSet.isEmpty {
      throw ValidationError("--active-set needs --active-learning with the level it belongs to.")
    }
    if let learningRate, !(learningRate.isFinite && learningRate >= 0) {
      throw ValidationError("--learning-rate is \(learningRate). Use a number from 0 on.")
    }
  }

  package func run() throws {
    let console = Console(json: engine.json)
    let folder = InspectionFolder(URL(fileURLWithPath: out))
    var run = InspectionRun(
      teacher: try RunFile.newest(at: teacher), student: try chosenStudent(),
      pool: engine.pool, console: console)
    run.scene = scene.map { URL(fileURLWithPath: $0) }
    run.stage = stage.stage
    run.step = step
    run.iterations = iterations
    run.stages = stages?.schedule
    run.inherits = inherit
    run.rays = rays
    run.marchSteps = marchSteps
    run.pixels = pixels
    run.lossKind = lossType
    run.activeLearning = try activeLearning.flatMap {
      try ActiveLearningChoice.read(levels: $0, scale: activeScale, constants: activeSet)
    }
    run.changes = try set.map(SettingChange.read)
    run.changedCompatibility = try compat.map { ($0, try .read($0, from: run.compatibility)) }
    run.learningRate = learningRate
    run.trapsNonFinite = trapNonfinite
    run.against = against.map { URL(fileURLWithPath: $0) }
    run.precision = againstPrecision
    run.seed = seed
    let result = try folder.output.filled(overwrite: overwrite) {
      let result = try run.perform()
      try folder.write(result)
      return result
    }
    show(result.report, console)
    console.say("written to \(out)")
    console.emit("done", ["out": out])
    if let comparison = result.report.comparison, !comparison.agrees { throw ExitCode(1) }
  }

  private func chosenStudent() throws -> InspectionRun.Student {
    if let architecture = Architecture(rawValue: student),
      !FileManager.default.fileExists(atPath: student)
    {
      return .fresh(architecture, preset)
    }
    return .saved(try RunFile.newest(at: student))
  }

  private func show(_ report: InspectionReport, _ console: Console) {
    let inspection = report.inspection
    console.say("step \(inspection.step), stage \(inspection.stage.rawValue)")
    let rows =
      [["term", "value", "rate", "weighted", "share", "gradient"]]
      + inspection.terms.map { term in
        [term.term.rawValue]
          + [term.value, term.rate, term.weighted].map { String(format: "%.4g", $0) }
          + ["\(decimal(100 * term.share, 1)) %", String(format: "%.4g", term.gradientNorm)]
      }
    for line in table(rows) { console.say(line) }
    if let verification = inspection.verification {
      console.say(
        "gradients verified on \(verification.samples) samples: largest relative error "
          + String(format: "%.2g", verification.worst))
    }
    if let comparison = report.comparison {
      console.say(comparison.summary)
      console.emit("comparison", comparison)
    }
    if let trap = inspection.trap {
      console.say(trap.message)
      console.emit("trap", trap)
    }
    for finding in inspection.findings {
      console.say("\(console.bold(finding.kind.rawValue)): \(finding.message)")
      console.emit("finding", finding)
    }
  }
}

extension StepComparison.Precision: ExpressibleByArgument {}

extension PixelRectangle: ExpressibleByArgument {
  init?(argument: String) {
    let numbers = argument.split(separator: ",").compactMap { Int($0) }
    guard numbers.count == 4, numbers[0] >= 0, numbers[1] >= 0, numbers[0] <= numbers[2],
      numbers[1] <= numbers[3]
    else { return nil }
    self.init(columns: numbers[0]...numbers[2], rows: numbers[1]...numbers[3])
  }
}
