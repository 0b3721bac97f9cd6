import ArgumentParser
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
      Counted are results and gradients of the cases in the given files and of the generated ones. "–" is \
      a hole; gradients of operations that have none are blank.

      Examples:
        pvd golden coverage Fixtures/golden
        pvd golden coverage Fixtures/golden --markdown Docs/Coverage.md
      """)

  @OptionGroup var selection: CaseSelection

  @Option(help: ArgumentHelp("Write the table as Markdown.", valueName: "file"))
  var markdown: String?

  /// The tensors of some cases of one operation.
  private struct Count {
    var cases = 0
    var results = Set<String>()
    var gradients = Set<String>()
    var isDouble = true

    mutating func add(_ golden: GoldenCase) {
      cases += 1
      results.formUnion(golden.tensorNames("out."))
      gradients.formUnion(golden.tensorNames("grad."))
      isDouble = isDouble && golden.file.names.contains { $0.hasSuffix(".f64") }
    }

    func text(_ tensors: Set<String>) -> String {
      cases == 0 ? "–" : tensors.isEmpty ? "" : "\(tensors.count)"
    }
  }

  func run() throws {
    var stored: [String: Count] = [:]
    var own: [String: Count] = [:]
    for item in try selection.items() where item.operation != nil {
      let golden = try GoldenCase(contentsOf: item.url)
      stored[golden.operation, default: Count()].add(golden)
    }
    for golden in try CaseFamily.cases(seed: 0) {
      own[golden.operation, default: Count()].add(golden)
    }
    var rows = [
      [
        "operation", "stored cases", "results", "gradients", "generated cases", "bounded results",
        "bounded gradients", "central differences",
      ]
    ]
    for operation in ReferenceBackend.operations {
      let (a, b) = (stored[operation] ?? Count(), own[operation] ?? Count())
      let hasGradients = !a.gradients.isEmpty || !b.gradients.isEmpty
      let differences = hasGradients ? (b.gradients.isEmpty ? "–" : "\(b.gradients.count)") : ""
      rows.append([
        operation, a.cases == 0 ? "–" : "\(a.cases)", a.text(a.results), a.text(a.gradients),
        b.cases == 0 ? "–" : "\(b.cases)", b.text(b.results), b.text(b.gradients), differences,
      ])
    }
    let console = Console(json: false)
    for line in table(rows) { console.say(line) }
    guard let markdown else { return }
    var lines = [
      "# What each operation is checked by", "",
      "Written by `pvd golden coverage Fixtures/golden --markdown Docs/Coverage.md`. Stored cases come from the",
      "original implementations and are compared in single and in double precision; generated ones have a",
      "forward-error bound for every number. Every result and gradient is compared in both precisions. A dash",
      "is a hole.", "",
    ]
    lines += rows.enumerated().flatMap { index, row in
      let line = "| " + row.joined(separator: " | ") + " |"
      return index == 0 ? [line, "|" + row.map { _ in " --- |" }.joined()] : [line]
    }
    try AtomicFile.write(
      Data((lines.joined(separator: "\n") + "\n").utf8), to: URL(fileURLWithPath: markdown))
  }
}
