import ArgumentParser

/// Compares levels of active learning.
package struct AblateCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "ablate",
    abstract: "Compare levels of active learning over several seeds.",
    discussion: """
      `pvd ablate` with options is `pvd ablate run`; see `pvd ablate run --help` for all of them.

      Examples:
        pvd ablate --teacher teacher --field mlp --scene scene --out sweep
        pvd ablate --teacher teacher --field mlp --variants "none;image,ray,point@cpu" --seeds 3 --out sweep
        pvd ablate --teacher teacher --field mlp --shard 1/2 --out part-1
        pvd ablate merge part-1 part-2 --out sweep
      """,
    subcommands: [AblateRunCommand.self, AblateMergeCommand.self],
    defaultSubcommand: AblateRunCommand.self)

  package init() {}
}
