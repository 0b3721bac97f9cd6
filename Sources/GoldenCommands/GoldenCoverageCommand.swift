import ArgumentParser
import CommandSupport
import Foundation
import GoldenKit
import ReferenceBackend
import TensorIO

/// Shows what each operation is checked by.
struct GoldenCoverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coverage",
    abstract: "Show for every operation which cases and checks there are.",
    discussion: """
      Counted are results and gradients of the cases in the given files and of the generated ones, and named \
      are the properties that are tested. "–" is a hole; operations without gradients leave theirs empty.

      Examples:
        pvd golden coverage Fixtures/golden
        pvd golden coverage Fixtures/golden --markdown Docs/Coverage.md
      """)

  @OptionGroup var selection: CaseSelection

  @Option(help: ArgumentHelp("Write the table as Markdown.", valueName: "file"))
  var markdown: String?

  func run() throws {
    let stored = try selection.items().filter { $0.operation != nil }.map {
      try GoldenCase(contentsOf: $0.url)
    }
    let coverage = CoverageTable(stored: stored, own: try CaseFamily.cases(seed: 0))
    let console = Console(json: false)
    for line in table(coverage.rows) { console.say(line) }
    guard let markdown else { return }
    try AtomicFile.write(Data(coverage.markdown.utf8), to: URL(fileURLWithPath: markdown))
  }
}
