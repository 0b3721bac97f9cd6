import ArgumentParser
import CommandSupport
import Foundation
import GoldenKit
import GoldenMutants
import NeRFCore
import ReferenceBackend
import TensorIO

/// Shows that the cases catch bugs.
struct GoldenMutantsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutants",
    abstract: "Run deliberately broken backends and show which case catches which bug.",
    discussion: """
      Besides the cases of the given files the generated ones take part; see `pvd golden generate`. \
      Exit code 0 if every bug is caught and every honest variant (other roundings, other orders of \
      sums) is accepted, else 1.

      Examples:
        pvd golden mutants Fixtures/golden
        pvd golden mutants Fixtures/golden --markdown Docs/KillTable.md
      """)

  @OptionGroup var selection: CaseSelection

  @Option(help: ArgumentHelp("Write the table as Markdown.", valueName: "file"))
  var markdown: String?

  // Apart from `run`: Swift 6.3.1 crashes when it optimises the two as one coroutine.
  @inline(never)
  private func cases() throws -> [GoldenCase] {
    let stored = try selection.items().filter { $0.operation != nil }
    return try stored.map { try GoldenCase(contentsOf: $0.url) } + CaseFamily.cases(seed: 0)
  }

  func run() async throws {
    let table = await KillTable(
      cases: try cases(), library: ReferenceBackend(pool: WorkerPool(threads: nil)))
    let console = Console(json: false)
    let rows = Self.rows(table)
    for line in CommandSupport.table(rows) { console.say(line) }
    if let markdown { try write(rows, to: markdown) }
    let bugs = table.rows.filter { $0.bug != nil }
    let honest = table.rows.filter { $0.bug == nil }
    console.say(
      "\(bugs.count { $0.isRight }) of \(bugs.count) bugs caught, "
        + "\(honest.count { $0.isRight }) of \(honest.count) honest variants accepted")
    if !table.isComplete { throw ExitCode(CommandFailure.badResult) }
  }

  @inline(never)
  private func write(_ rows: [[String]], to file: String) throws {
    let lines =
      [
        "# Bugs that the cases catch", "",
        "Written by `pvd golden mutants Fixtures/golden --markdown Docs/KillTable.md`: plain backends, each with",
        "one bug, and correct ones that round or sum otherwise, run on stored and generated cases. The ratio is",
        "error over bound of the clearest case that rejects the bug, or the largest one of a correct backend:",
        "at most 1 passes, above 8 fails. `inf`: where nothing is allowed, something differs.", "",
      ] + markdownTable(rows)
    try AtomicFile.write(
      Data((lines.joined(separator: "\n") + "\n").utf8), to: URL(fileURLWithPath: file))
  }

  private static func rows(_ table: KillTable) -> [[String]] {
    [["backend", "what it does", "caught by", "ratio", "verdict"]]
      + table.rows.map { row in
        let clearest = row.caughtBy.first
        let verdict =
          row.bug == nil
          ? (row.isRight ? "accepted" : "REJECTED") : (row.isRight ? "caught" : "SURVIVED")
        return [
          row.name,
          row.bug?.summary ?? HonestVariant(rawValue: row.name).map(\.summary) ?? "correct",
          clearest.map {
            "\($0.name)" + (row.caughtBy.count > 1 ? " +\(row.caughtBy.count - 1)" : "")
          }
            ?? "\(row.cases) cases", String(format: "%.3g", clearest?.ratio ?? row.worstRatio),
          verdict,
        ]
      }
  }
}
