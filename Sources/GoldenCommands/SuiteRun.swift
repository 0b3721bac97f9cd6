import ArgumentParser
import CommandSupport
import Foundation
import GoldenKit
import TensorIO

/// Where the report of a run over many cases goes, and what counts as success.
struct SuiteOptions: ParsableArguments {
  @Flag(help: "Count operations that the backend does not have as failures.")
  var requireAll = false

  @Option(help: "Whose bounds hold: fp32, fp16-storage, bf16-storage or tf32-matmul.")
  var profile = PrecisionProfile.fp32

  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Write the report as JUnit XML.", valueName: "file"))
  var junit: String?
}

/// A backend run over case files: prints what fails as it happens, then one line an operation.
struct SuiteRun {
  let verifier: Verifier
  let precisions: [Precision]
  let options: SuiteOptions
  /// The command line that runs one case alone.
  let reproduction: (_ path: String, _ precision: Precision) -> String
  /// What the closing line adds.
  let remark: String

  func perform(_ items: [CaseSelection.Item]) async throws {
    let console = Console(json: false)
    var reports: [CaseReport] = []
    for (index, item) in items.enumerated() {
      console.progress { "\(index) of \(items.count) cases" }
      reports += await verify(item, console)
    }
    console.endProgress()
    let suite = SuiteReport(backend: verifier.backend.name, cases: reports)
    for line in Self.overview(suite) { console.say(line) }
    console.say("\(suite.summary); \(items.count) files" + remark)
    if let json = options.json {
      try AtomicFile.write(try suite.json(), to: URL(fileURLWithPath: json))
    }
    if let junit = options.junit {
      try AtomicFile.write(Data(suite.junit().utf8), to: URL(fileURLWithPath: junit))
    }
    guard suite.succeeded(requireAll: options.requireAll) else {
      throw ExitCode(CommandFailure.badResult)
    }
  }

  private func verify(_ item: CaseSelection.Item, _ console: Console) async -> [CaseReport] {
    var reports: [CaseReport] = []
    let golden: GoldenCase?
    var fault = ""
    do { golden = try GoldenCase(contentsOf: item.url) } catch {
      golden = nil
      fault = "\(error)"
    }
    for precision in precisions {
      let report: CaseReport
      if let golden {
        report = await verifier.verify(golden, precision: precision)
      } else {
        report = .unanswered(
          item.name, operation: item.operation, precision: precision, state: .error,
          message: fault)
      }
      reports.append(report)
      guard report.state.isFailure || report.state == .warning else { continue }
      console.say(oneLine(report.summary))
      let command = reproduction(item.url.path, precision)
      for line in report.details(golden, reproducedBy: command) {
        console.say("  " + oneLine(line))
      }
    }
    return reports
  }

  /// One line an operation.
  private static func overview(_ suite: SuiteReport) -> [String] {
    var rows = [["operation", "cases", "worst ratio float", "worst ratio double", "state"]]
    let groups = Dictionary(grouping: suite.cases, by: \.operation)
    for (operation, reports) in groups.sorted(by: { $0.key < $1.key }) {
      func worst(_ precision: Precision) -> String {
        let ratios = reports.filter { $0.precision == precision && !$0.tensors.isEmpty }
          .map(\.worstRatio)
        return ratios.max().map { String(format: "%.3g", $0) } ?? "-"
      }
      let states = VerificationState.allCases.filter { state in
        reports.contains { $0.state == state }
      }
      rows.append([
        oneLine(operation), "\(Set(reports.map(\.name)).count)", worst(.float), worst(.double),
        states.map(\.rawValue).joined(separator: ", "),
      ])
    }
    return table(rows)
  }
}
