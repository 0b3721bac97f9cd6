import ArgumentParser

/// Compares levels of active learning.
struct AblateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ablate",
    abstract: "Compare levels of active learning over several seeds.",
    subcommands: [AblateRunCommand.self, AblateMergeCommand.self],
    defaultSubcommand: AblateRunCommand.self)
}
