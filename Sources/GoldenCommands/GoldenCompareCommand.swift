import ArgumentParser
import CommandSupport
import Foundation
import GoldenKit
import TensorIO

/// Judges a file of answers that another program wrote.
struct GoldenCompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare a file of answers with a case.",
    discussion: """
      For backends that only write files: the answers are a safetensors file with the out. and grad. \
      tensors of the case, under their names. Answers in double precision are compared with the \
      double twins.

      Example:
        pvd golden compare trunc_exp_a.safetensors mine.safetensors
      """)

  @Argument(help: "The case file.")
  var expected: String

  @Argument(help: "The file of answers.")
  var actual: String

  @Option(help: "float or double; by default that of the answers.")
  var precision: Precision?

  func run() throws {
    let golden = try GoldenCase(contentsOf: URL(fileURLWithPath: expected))
    let answers = try TensorFile.read(contentsOf: URL(fileURLWithPath: actual))
    let isDouble = answers.tensors.contains { name, tensor in
      tensor.elementType == .float64 && golden.has(name) && !name.hasSuffix(".f64")
    }
    let precision = precision ?? (isDouble ? .double : .float)
    let report = CaseReport(
      golden, precision: precision,
      tensors: golden.compare(answers.tensors, precision: precision))
    let console = Console(json: false)
    var rows = [["tensor", "elements", "wrong", "ratio", "state"]]
    rows += report.tensors.map {
      [
        oneLine($0.name), "\($0.compared)", "\($0.failures)", String(format: "%.3g", $0.ratio),
        $0.state.rawValue,
      ]
    }
    for line in table(rows) { console.say(line) }
    console.say(oneLine(report.summary))
    for line in report.details(golden, reproducedBy: "pvd golden compare \(expected) \(actual)") {
      console.say("  " + oneLine(line))
    }
    if report.state.isFailure { throw ExitCode(CommandFailure.badResult) }
  }
}
