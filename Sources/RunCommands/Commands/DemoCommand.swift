import ArgumentParser
import CommandSupport
import Fields
import Foundation
import NeRFCore
import SceneIO
import TensorIO

/// The whole job on the built-in scene.
package struct DemoCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Train a teacher on the built-in scene and distil it into the other architectures.",
    discussion: """
      Renders the scene `orb`, trains a hash field on its photographs, distils it into vm, tensors \
      and mlp (preset `small`), prints a table and writes sheet.png, psnr.svg and table.json to the \
      output folder. An interrupted demo goes on where it stopped when it is started again. The exit \
      code is 1 if a student is more than 1 dB below its teacher on the test photographs.

      --quick is a smoke test: preset `tiny` and few steps, within half a minute. Its students may \
      be 4 dB below their teacher, and its teacher must reach 16 dB.

      Examples:
        pvd demo
        pvd demo --out demo --overwrite
      """)

  package init() {}

  @Option(help: ArgumentHelp("The folder of the demo.", valueName: "folder"))
  var out = "pvd-demo"

  @Flag(help: "A smoke test with tiny fields.")
  var quick = false

  @Flag(help: "Replace an earlier demo in the folder.")
  var overwrite = false

  @Option(help: "Seed of everything random.")
  var seed: UInt64 = 0

  @OptionGroup var engine: EngineOptions

  package func run() throws {
    let demo = Demo(
      folder: URL(fileURLWithPath: out), plan: quick ? .quick : .full, seed: seed, engine: engine,
      console: Console(json: engine.json))
    try demo.prepare(overwrite: overwrite)
    try demo.perform()
  }
}
