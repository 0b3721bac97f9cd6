import ArgumentParser
import Foundation
import GoldenKit
import NeRFCore
import ReferenceBackend
import TensorIO

/// Runs this library on case files.
struct GoldenVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Run this library on case files and compare the answers.",
    discussion: """
      Every case is answered in single and in double precision by the code that trains and renders. \
      Exit code 0 if nothing failed and at least one case was answered, else 1.

      Examples:
        pvd golden verify Fixtures/golden
        pvd golden verify cases --precision double --filter hash_grid
        pvd golden verify cases --isa base --json report.json --junit report.xml
      """)

  @OptionGroup var selection: CaseSelection

  @Option(help: "float or double; both by default.")
  var precision: Precision?

  @Option(help: "Instruction set of the single-precision kernels: base, v3 or v4.")
  var isa: String?

  @Flag(help: "Count operations that this library does not have as failures.")
  var requireAll = false

  @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
  var json: String?

  @Option(help: ArgumentHelp("Write the report as JUnit XML.", valueName: "file"))
  var junit: String?

  @Option(help: ArgumentHelp("Threads; all processors by default.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let isa, !FastKernels.availableInstructionSets.contains(isa) {
      let known = FastKernels.availableInstructionSets.joined(separator: ", ")
      throw ValidationError("--isa is \(isa). This machine has \(known).")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads). Use 1 to 1024.")
    }
  }

  func run() async throws {
    // Read by the kernels on their first use, which is later than this.
    if let isa { setenv("PVD_ISA", isa, 1) }
    let items = try selection.items()
    let console = Console(json: false)
    let verifier = Verifier(ReferenceBackend(pool: WorkerPool(threads: threads)))
    var reports: [CaseReport] = []
    for (index, item) in items.enumerated() {
      console.progress { "\(index) of \(items.count) cases" }
      reports += await verify(item, verifier, console)
    }
    console.endProgress()
    let suite = SuiteReport(backend: verifier.backend.name, cases: reports)
    for line in Self.overview(suite) { console.say(line) }
    console.say(
      "\(suite.summary); \(items.count) files, kernels \(FastKernels.instructionSet)")
    if let json { try AtomicFile.write(try suite.json(), to: URL(fileURLWithPath: json)) }
    if let junit {
      try AtomicFile.write(Data(suite.junit().utf8), to: URL(fileURLWithPath: junit))
    }
    guard suite.succeeded(requireAll: requireAll) else {
      throw ExitCode(CommandFailure.badResult)
    }
  }

  private func verify(
    _ item: CaseSelection.Item, _ verifier: Verifier, _ console: Console
  ) async -> [CaseReport] {
    var reports: [CaseReport] = []
    let golden: GoldenCase?
    var fault = ""
    do { golden = try GoldenCase(contentsOf: item.url) } catch {
      golden = nil
      fault = "\(error)"
    }
    for precision in precision.map({ [$0] }) ?? Precision.allCases {
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
      let command =
        "pvd golden verify \(item.url.path) --precision \(precision.rawValue)"
        + (isa.map { " --isa \($0)" } ?? "")
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
