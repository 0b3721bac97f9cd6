import ArgumentParser
import CommandSupport
import Fields
import Foundation
import GoldenKit
import NeRFCore
import ReferenceBackend

/// Checks gradients against central differences.
package struct GradientCheckCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "gradcheck",
    abstract: "Compare gradients with central differences in double precision.",
    discussion: """
      For every gradient of the generated cases: difference quotients along its steepest coordinates \
      and some others. Coordinates at a kink are left out and counted. As a control the steepest entry \
      is changed by 0.1 %, which must be rejected. Exit code 0 if every gradient is right, else 1.

      Examples:
        pvd gradcheck
        pvd gradcheck --op composite_rays_train --seed 3
        pvd gradcheck --field hash
      """)

  package init() {}

  @OptionGroup var selection: FamilySelection

  @Option(help: "Only the whole field of this architecture: hash, mlp, vm or tensors.")
  var field: Architecture?

  @Flag(help: "Print one JSON object a line, for machines.")
  var json = false

  package func run() async throws {
    let console = Console(json: json)
    let families = selection.families.filter { family in
      field.map { family.operation == "field_forward" && family.variant == $0.rawValue } ?? true
    }
    let check = GradientCheck(ReferenceBackend(pool: WorkerPool(threads: 1)))
    var rows = [["case", "gradient", "checked", "at kinks", "ratio", "control", "state"]]
    var wrong = 0
    for (index, family) in families.enumerated() {
      console.progress { "\(index) of \(families.count) cases" }
      for report in try await family.checkGradients(check, seed: selection.seed) {
        struct Entry: Encodable {
          let name: String
          let isRight: Bool
          let report: GradientReport
        }
        console.emit(
          "gradient", Entry(name: family.name, isRight: report.isRight, report: report))
        wrong += report.isRight ? 0 : 1
        rows.append([
          family.name, report.name, "\(report.checked)", "\(report.excluded)",
          String(format: "%.3g", report.ratio), report.controlIsRejected ? "rejected" : "ACCEPTED",
          report.isRight ? "right" : "WRONG",
        ])
      }
    }
    console.endProgress()
    guard rows.count > 1 else {
      throw CommandFailure(
        "gradcheck", fact: "none of the chosen cases has a gradient",
        fix: "Choose another --op or --field.")
    }
    for line in table(rows) { console.say(line) }
    console.say("\(rows.count - 1 - wrong) of \(rows.count - 1) gradients are right")
    if wrong > 0 { throw ExitCode(CommandFailure.badResult) }
  }
}
