import ArgumentParser
import CommandSupport
import Fields
import Foundation
import NeRFCore
import SceneIO
import TensorIO

/// Renders views of a field as images.
package struct RenderCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Render a field: colour, depth and opacity as PNG.",
    discussion: """
      From the cameras of a scene, or from a circle around the origin with the lens and distance \
      that the file remembers. Each view becomes NAME_color.png, NAME_depth.png (near bright, far \
      dark) and NAME_opacity.png. Files of these names are replaced.

      Examples:
        pvd render student --scene scene --out renders
        pvd render student --orbit 24 --size 400x300 --out orbit
      """)

  package init() {}

  @Argument(help: ArgumentHelp("The run or file.", valueName: "run"))
  var model: String

  @Option(help: ArgumentHelp("Use the cameras of this scene.", valueName: "folder"))
  var scene: String?

  @Option(help: "Use this many cameras on a circle instead.")
  var orbit: Int?

  @Option(help: ArgumentHelp("The folder for the images.", valueName: "folder"))
  var out: String

  @Option(help: ArgumentHelp("Size of the images; that of the scene by default.", valueName: "WxH"))
  var size: PixelSize?

  @Option(help: "Which cameras of the scene: train, val, test or trainval.")
  var split = DatasetSplit.test

  @Option(help: "Render this many views, spread over the split; all by default.")
  var views: Int?

  @OptionGroup var engine: EngineOptions

  package func validate() throws {
    if let views, views < 1 { throw ValidationError("--views is \(views). Use at least 1.") }
    guard (scene == nil) != (orbit == nil) else {
      throw ValidationError("Give either --scene or --orbit.")
    }
    if let orbit, !(1...100_000).contains(orbit) {
      throw ValidationError("--orbit is \(orbit). Use 1 to 100000.")
    }
  }

  package func run() throws {
    let console = Console(json: engine.json)
    let loaded = try Checkpoint.load(try RunFile.newest(at: model))
    let set = try viewSet(loaded)
    let folder = URL(fileURLWithPath: out)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch let error as CocoaError {
      throw FileError(error, creating: folder)
    }
    let renderer = FieldRenderer(loaded, pool: engine.pool)
    for (index, view) in set.views.enumerated() {
      let image = try renderer.render(view.camera)
      let name = view.name.replacing("/", with: "_")
      let (width, height) = (image.width, image.height)
      // The renderer returns Σ w t as a share of the interval; the expected depth divides by Σ w.
      let depths = zip(image.depth, image.opacity).map { $0 / max($1, 1e-6) }
      for (kind, picture) in [
        ("color", try image.buffer()),
        (
          "depth",
          try DepthImage.colourise(
            depths: depths, opacities: image.opacity, width: width, height: height)
        ),
        ("opacity", try DepthImage.opacity(image.opacity, width: width, height: height)),
      ] {
        try PNGImage.write(picture, to: folder.appending(path: "\(name)_\(kind).png"))
      }
      console.progress(last: index + 1 == set.views.count) {
        "\(index + 1) of \(set.views.count) views"
      }
      console.emit("view", ["view": name])
    }
    console.endProgress()
    console.say("written to \(out)")
  }

  private func viewSet(_ loaded: LoadedField) throws -> ViewSet {
    let template = loaded.record.view
    let pixels = size.map { (width: $0.width, height: $0.height) }
    guard let scene else { return ViewSet(orbit: orbit ?? 1, template, size: pixels) }
    var options = BlenderSceneOptions()
    options.scale = template.scale
    let dataset = try BlenderScene.load(
      folder: URL(fileURLWithPath: scene), split: split, options: options, pool: engine.pool)
    let set = ViewSet(dataset, limit: views ?? .max)
    guard let pixels else { return set }
    return ViewSet(
      try set.views.map { view in
        let own = try ViewTemplate(cameras: [view.camera], scale: template.scale)
        return ViewSet.View(
          name: view.name, camera: own.camera(pose: view.camera.pose, size: pixels), truth: nil)
      })
  }
}
