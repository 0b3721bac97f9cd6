import ArgumentParser
import CommandSupport
import Foundation
import GoldenKit
import ReferenceBackend
import TensorIO

/// Which generated cases.
struct FamilySelection: ParsableArguments {
  @Option(help: ArgumentHelp("One operation; all by default.", valueName: "operation"))
  var op: String?

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0

  func validate() throws {
    let known = Set(CaseFamily.all.map(\.operation)).sorted()
    if let op, !known.contains(op) {
      throw ValidationError("--op is \(op). Use one of \(known.joined(separator: ", ")).")
    }
  }

  var families: [CaseFamily] { CaseFamily.all.filter { op == nil || $0.operation == op } }
}

/// Writes cases with forward-error bounds.
struct GoldenGenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Write cases computed in double precision, with a bound for every number.",
    discussion: """
      Small cases of single operations. Beside every result stands `bound.<name>`: how far a correct \
      single-precision implementation may be off, in whatever order it sums and with or without fused \
      operations. The same seed gives the same bytes.

      Examples:
        pvd golden generate --out cases
        pvd golden generate --out cases --op hash_grid_encoding --seed 7
      """)

  @Option(help: ArgumentHelp("The folder for the cases.", valueName: "folder"))
  var out: String

  @OptionGroup var selection: FamilySelection

  @Flag(help: "Replace files of the same names.")
  var overwrite = false

  func run() throws {
    let folder = URL(fileURLWithPath: out)
    let console = Console(json: false)
    let families = selection.families
    for family in families {
      let url = folder.appending(path: family.name + ".safetensors")
      guard overwrite || !FileManager.default.fileExists(atPath: url.path) else {
        throw CommandFailure(
          url.path, fact: "there is a file already",
          fix: "Add --overwrite, or choose another --out.")
      }
    }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch let error as CocoaError { throw FileError(error, creating: folder) }
    for (index, family) in families.enumerated() {
      console.progress { "\(index) of \(families.count) cases" }
      try family.generate(seed: selection.seed).write(
        to: folder.appending(path: family.name + ".safetensors"))
    }
    console.endProgress()
    console.say("\(families.count) cases written to \(folder.path)")
  }
}
