import ArgumentParser
import Foundation
import GoldenKit
import NeRFCore
import ReferenceBackend

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

  @OptionGroup var suite: SuiteOptions

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
    var verifier = Verifier(ReferenceBackend(pool: WorkerPool(threads: threads)))
    verifier.profile = suite.profile
    try await SuiteRun(
      verifier: verifier, precisions: precision.map { [$0] } ?? Precision.allCases, options: suite,
      reproduction: { path, precision in
        "pvd golden verify \(path) --precision \(precision.rawValue)"
          + (isa.map { " --isa \($0)" } ?? "")
      }, remark: ", kernels \(FastKernels.instructionSet)"
    ).perform(try selection.items())
  }
}
