import ArgumentParser
import CommandSupport
import ForeignBackends
import Foundation
import GoldenKit

/// Runs a backend behind the C interface on case files.
struct GoldenRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a shared library with a backend on case files and compare the answers.",
    discussion: """
      The library exports pvd_backend_get of Sources/CGoldenBackend/include/pvd_backend.h. Every call \
      runs in a process of its own with a time limit, and memory around every tensor is watched: a \
      crash, a hang or a write outside a tensor is reported with its case, and the run goes on.

      A file of expected failures has one name of a case a line; # begins a comment. A listed case \
      that passes is an unexpected pass, which fails the run: the list is out of date.

      Examples:
        pvd golden run --backend ./libmine.so Fixtures/golden
        pvd golden run --backend ./libmine.so cases --expected-failures known.txt --json report.json
      """)

  @Option(help: ArgumentHelp("The shared library.", valueName: "file"))
  var backend: String

  @OptionGroup var selection: CaseSelection

  @Option(help: "float or double.")
  var precision = Precision.float

  @Option(help: ArgumentHelp("Names of cases that are known to fail.", valueName: "file"))
  var expectedFailures: String?

  @Option(help: "Seconds that one call may take.")
  var timeLimit = 60.0

  @OptionGroup var suite: SuiteOptions

  func validate() throws {
    guard timeLimit > 0, timeLimit <= 86_400 else {
      throw ValidationError("--time-limit is \(timeLimit). Use a number above 0.")
    }
  }

  func run() async throws {
    let library = URL(fileURLWithPath: backend)
    guard FileManager.default.fileExists(atPath: library.path) else {
      throw CommandFailure(
        library.path, fact: "there is no such library", fix: "Build it, and name its file.")
    }
    var verifier = Verifier(
      SharedLibraryBackend(
        library,
        child: .init(
          executable: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath(),
          arguments: ["golden", "child"]), timeLimit: timeLimit))
    verifier.profile = suite.profile
    if let expectedFailures {
      verifier.expectedFailures = try Self.names(in: URL(fileURLWithPath: expectedFailures))
    }
    try await SuiteRun(
      verifier: verifier, precisions: [precision], options: suite,
      reproduction: { path, precision in
        "pvd golden run --backend \(library.path) \(path) --precision \(precision.rawValue)"
      }, remark: ""
    ).perform(try selection.items())
  }

  private static func names(in file: URL) throws -> Set<String> {
    let text: String
    do { text = try String(contentsOf: file, encoding: .utf8) } catch {
      throw CommandFailure(
        file.path, fact: "the list of expected failures cannot be read",
        fix: "Name a text file with one case a line.")
    }
    return Set(
      text.split(whereSeparator: \.isNewline).map { line in
        line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
      }.filter { !$0.isEmpty })
  }
}

/// The process that loads a library and answers one call; started by ``GoldenRunCommand``.
struct GoldenChildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "child", shouldDisplay: false)

  @Argument var library: String
  @Argument var call: String
  @Argument var answer: String

  func run() throws {
    ParentProcess.endWithParent()
    do {
      try ForeignCall.answer(
        library: library, call: URL(fileURLWithPath: call), to: URL(fileURLWithPath: answer))
    } catch let refusal as UnsupportedSetting {
      Console.complain(oneLine("\(refusal)"))
      throw ExitCode(ForeignCall.unsupportedCode)
    } catch {
      Console.complain(oneLine("\(error)"))
      throw ExitCode(ForeignCall.failedCode)
    }
  }
}
