import ArgumentParser
import CommandSupport
import Distill
import Fields
import Foundation

/// Distils with every variant and seed.
struct AblateRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Distil with every variant and seed, and compare (the default).",
    discussion: """
      A variant is a set of levels of active learning, as `pvd distill --active-learning` takes it; \
      LEVELS@cpu or LEVELS@published chooses the constants of one variant. All else is the same. The \
      folder receives sweep.json (the plan), runs/VARIANT/seed-N (as `pvd distill` writes them), and \
      once all runs are done table.md, table.csv, times.md and ablation.svg. Runs that are done are not \
      repeated: after an interruption, or to add variants and seeds, give the same call again.

      Several machines share a sweep with --shard 0/4, 1/4, 2/4, 3/4 (or 1/4 to 4/4), in one folder or in \
      several, which `pvd ablate merge` joins; the table has the same bytes as that of one machine. In \
      a SLURM array, SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT say which part it is.

      Examples:
        pvd ablate --teacher teacher --field mlp --scene scene --out sweep
        pvd ablate --teacher teacher --field mlp --variants "none;image,ray,point;image,ray,point@cpu" --seeds 3 --iterations 4600 --seconds 600 --out sweep
        pvd ablate --teacher teacher --field vm --variants "none;point" --shard 1/2 --out part
        pvd ablate merge part-1 part-2 --out sweep
      """)

  @Option(help: ArgumentHelp("The run or file to distil from.", valueName: "run"))
  var teacher: String

  @Option(help: "The student's architecture: hash, mlp, vm or tensors.")
  var field: Architecture

  @Option(help: ArgumentHelp("The folder of the scene.", valueName: "folder"))
  var scene: String?

  @Option(
    help: "Sets of levels, separated by semicolons; the first is what others are compared with.")
  var variants = "none;image;ray;point;image,ray,point"

  @Option(help: "Seeds a variant is distilled with: 0 to this less 1.")
  var seeds = 3

  @Option(help: ArgumentHelp("The folder of the sweep.", valueName: "folder"))
  var out: String

  @Option(help: ArgumentHelp("Do only part i of n of the runs.", valueName: "i/n"))
  var shard: Shard?

  @OptionGroup var learning: LearningOptions

  @OptionGroup var flags: DistillationFlags

  @OptionGroup var engine: EngineOptions

  func validate() throws {
    guard (1...10_000).contains(seeds) else {
      throw ValidationError("--seeds is \(seeds). Use 1 to 10000.")
    }
  }

  func run() throws {
    let folder = URL(fileURLWithPath: out)
    let sweep = AblationSweep(
      base: DistillationRun(
        teacher: try RunFile.newest(at: teacher),
        scene: scene.map { URL(fileURLWithPath: $0) }, architecture: field,
        request: learning.request(in: folder), options: flags.options, pool: engine.pool,
        console: Console(json: engine.json)),
      folder: AblationFolder(folder),
      variants: try AblationPlan.variants(
        variants, scale: flags.activeScale ?? .published, constants: flags.activeSet),
      seeds: seeds,
      shard: try shard ?? Shard.ofTask(ProcessInfo.processInfo.environment) ?? .whole)
    try sweep.perform()
  }
}
