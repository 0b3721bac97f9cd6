import ArgumentParser
import CommandSupport
import Foundation
import GoldenKit
import NeRFCore
import TensorIO

extension Precision: ExpressibleByArgument {}
extension PrecisionProfile: ExpressibleByArgument {}

/// Golden cases: verify, look at, compare.
package struct GoldenCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "golden",
    abstract: "Verify operations against stored cases with known answers.",
    discussion: """
      A case is a safetensors file with the inputs, parameters, results and gradients of one call of \
      one operation, and with the tolerance of each tensor. `verify` runs this library on cases; \
      `compare` judges a file that another program wrote.

      Examples:
        pvd golden verify Fixtures/golden
        pvd golden show Fixtures/golden/trunc_exp_a.safetensors
        pvd golden compare Fixtures/golden/trunc_exp_a.safetensors mine.safetensors
      """,
    subcommands: [
      GoldenVerifyCommand.self, GoldenListCommand.self, GoldenShowCommand.self,
      GoldenCompareCommand.self, GoldenCoverageCommand.self, GoldenGenerateCommand.self,
      GoldenMutantsCommand.self,
      GoldenRunCommand.self, GoldenChildCommand.self,
    ])

  package init() {}
}

/// Case files given on the command line.
struct CaseSelection: ParsableArguments {
  @Argument(help: ArgumentHelp("Case files, or folders to search for them.", valueName: "path"))
  var paths: [String] = []

  @Option(help: "Only cases whose `operation/name` this regular expression matches somewhere.")
  var filter: String?

  func validate() throws {
    if paths.isEmpty {
      throw ValidationError("There is no path. Name case files or folders, as Fixtures/golden.")
    }
    if let filter, (try? Regex(filter)) == nil {
      throw ValidationError("--filter is `\(filter)`, which is not a regular expression.")
    }
  }

  /// A file that was found, with what its metadata says; nil if it is no case.
  struct Item {
    let url: URL
    let operation: String?
    let name: String
  }

  /// The selected files. Without a filter, files that are no cases are among them.
  func items() throws -> [Item] {
    let pattern = try filter.map { try Regex($0) }
    return try CaseFiles.find(paths.map { URL(fileURLWithPath: $0) }).compactMap { url in
      let metadata = try? TensorFile.readMetadata(contentsOf: url)
      let item = Item(
        url: url, operation: metadata?["op"],
        name: metadata?["case"] ?? url.deletingPathExtension().lastPathComponent)
      guard let pattern else { return item }
      let text = "\(item.operation ?? "")/\(item.name)"
      return text.firstMatch(of: pattern) == nil ? nil : item
    }
  }
}

/// Lists cases.
struct GoldenListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List cases with their operation.")

  @OptionGroup var selection: CaseSelection

  @Flag(help: "Print one JSON object a line, for machines.")
  var json = false

  func run() throws {
    let console = Console(json: json)
    var rows = [["case", "operation", "bytes"]]
    for item in try selection.items() {
      struct Entry: Encodable {
        let name: String
        let operation: String?
        let path: String
        let bytes: Int
      }
      let size = (try? item.url.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
      console.emit(
        "case",
        Entry(name: item.name, operation: item.operation, path: item.url.path, bytes: size))
      rows.append([oneLine(item.name), oneLine(item.operation ?? "not a case"), "\(size)"])
    }
    for line in table(rows) { console.say(line) }
  }
}

/// Shows one case.
struct GoldenShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the settings and tensors of one case.")

  @Argument(help: "The case file.")
  var file: String

  func run() throws {
    let golden = try GoldenCase(contentsOf: URL(fileURLWithPath: file))
    let console = Console(json: false)
    console.say("case       \(oneLine(golden.name))")
    console.say("operation  \(oneLine(golden.operation))")
    console.say("source     \(oneLine(golden.source))")
    if !golden.notes.isEmpty { console.say("notes      \(oneLine(golden.notes))") }
    for (key, value) in golden.config.values.sorted(by: { $0.key < $1.key }) {
      console.say("  \(oneLine("\(key) = \(value.text)"))")
    }
    var rows = [["tensor", "type", "shape", "tolerance"]]
    for name in golden.file.names {
      guard let tensor = golden.file[name] else { continue }
      let tolerance =
        switch golden.tolerances[name]?.kind {
        case .exact: "exact"
        case .close(let relative, let absolute): "\(absolute) + \(relative)·|x|"
        case nil: "-"
        }
      rows.append([
        oneLine(name), tensor.elementType.rawValue,
        tensor.shape.map(String.init).joined(separator: "×"), tolerance,
      ])
    }
    for line in table(rows) { console.say(line) }
  }
}
