import ArgumentParser
import CommandSupport
import Foundation

/// Joins the parts of a sweep.
struct AblateMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join the parts of a sweep, and write its tables.",
    discussion: """
      Copies results and logs of all parts (not the fields) and writes the same table.md, table.csv and \
      ablation.svg as a sweep on one machine. All parts must have one plan.

      Examples:
        pvd ablate merge part-1 part-2 --out sweep
        pvd ablate merge sweep --out sweep
      """)

  @Argument(help: ArgumentHelp("Folders of parts.", valueName: "part"))
  var parts: [String]

  @Option(help: ArgumentHelp("The folder of the joined sweep.", valueName: "folder"))
  var out: String

  @Flag(help: "Replace an earlier sweep in the folder.")
  var overwrite = false

  @Flag(help: "Print one JSON object a line, for machines.")
  var json = false

  func run() throws {
    try AblationMerge(
      parts: parts.map { AblationFolder(URL(fileURLWithPath: $0)) },
      folder: AblationFolder(URL(fileURLWithPath: out)), console: Console(json: json)
    ).perform(overwrite: overwrite)
  }
}
