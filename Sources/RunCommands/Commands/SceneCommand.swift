import ArgumentParser
import CommandSupport
import Foundation
import SceneIO

/// Writes a built-in scene as a data set.
package struct SceneCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "scene",
    abstract: "Write a built-in scene as photographs with cameras, or fields with known answers.",
    discussion: """
      Scenes:
      \(ProceduralScenes.all.map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))
        tiny: no photographs, but pairs of fields for `pvd inspect` whose losses have closed forms; \
      --size, --views and --seed do not apply.

      Examples:
        pvd scene orb --out scene
        pvd scene orb --out scene --size 200 --views 60
        pvd scene tiny --out tiny
      """)

  package init() {}

  @Argument(help: "The scene's name.")
  var name: String

  @Option(help: ArgumentHelp("The folder to make.", valueName: "folder"))
  var out: String

  @Option(help: "Side of the images in pixels.")
  var size = 100

  @Option(help: "Photographs to train with; a quarter as many to test.")
  var views = 100

  @Option(help: "Chooses cameras and antialiasing.")
  var seed: UInt64 = 0

  @Flag(help: "Replace an earlier scene in the folder.")
  var overwrite = false

  @OptionGroup var engine: EngineOptions

  package func run() throws {
    let console = Console(json: engine.json)
    guard name != KnownSceneFolder.name else {
      try KnownSceneFolder(URL(fileURLWithPath: out)).write(overwrite: overwrite)
      console.say("written to \(out)")
      console.emit("done", ["out": out])
      return
    }
    try Self.write(
      name, to: URL(fileURLWithPath: out), size: size, views: views, seed: seed,
      overwrite: overwrite, engine: engine, console: console)
    console.say("written to \(out)")
    console.emit("done", ["out": out])
  }

  static func write(
    _ name: String, to folder: URL, size: Int, views: Int, seed: UInt64, overwrite: Bool,
    engine: EngineOptions, console: Console
  ) throws {
    let scene = try ProceduralScenes.named(name)
    console.say("rendering the scene \(name): \(views) photographs of \(size)×\(size)")
    try scene.write(
      to: folder, size: size, views: views, testViews: nil, valViews: nil, seed: seed,
      overwrite: overwrite, pool: engine.pool, progress: { _, _ in })
  }
}
