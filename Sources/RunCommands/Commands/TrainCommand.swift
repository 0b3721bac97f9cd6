import ArgumentParser
import CommandSupport
import Fields
import Foundation

/// Trains a field on photographs.
package struct TrainCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a field on the photographs of a scene.",
    discussion: """
      The scene is a folder in Blender's layout: transforms_train.json and the images it names. \
      The run's folder receives model.safetensors (the field), state.safetensors (to resume), \
      log.jsonl, metrics.json and psnr.svg. Ctrl-C saves first; --resume goes on to the same bits, \
      with the settings of the first call where none are given.

      Examples:
        pvd train scene --field hash --out teacher
        pvd train scene --field vm --preset small --out run --eval-every 100
        pvd train scene --field hash --out teacher --resume
        pvd train scene --field mlp --out mlp --occupancy-from teacher
      """)

  package init() {}

  @Argument(help: ArgumentHelp("The folder of the scene.", valueName: "scene"))
  var scene: String

  @Option(help: "The architecture: hash, mlp, vm or tensors.")
  var field: Architecture

  @OptionGroup var options: RunOptions

  @Option(help: "Half the edge of the scene cube, in scene units; 1 by default.")
  var bound: Double?

  @Option(
    help: ArgumentHelp(
      "Use the occupancy grid of this run or file, and keep it as it is.", valueName: "run"))
  var occupancyFrom: String?

  @OptionGroup var engine: EngineOptions

  package func run() throws {
    let run = TrainingRun(
      scene: URL(fileURLWithPath: scene), architecture: field, request: options.request,
      bound: bound, occupancyFrom: try occupancyFrom.map { try RunFile.newest(at: $0) },
      pool: engine.pool, console: Console(json: engine.json))
    if try run.perform() == .interrupted { throw ExitCode(CommandFailure.interrupted) }
  }
}
