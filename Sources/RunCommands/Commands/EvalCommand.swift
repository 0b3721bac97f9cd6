import ArgumentParser
import CommandSupport
import Fields
import Foundation
import NeRFCore
import SceneIO

extension DatasetSplit: ExpressibleByArgument {}

/// Measures a field against photographs.
package struct EvalCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure a field against the photographs of a scene.",
    discussion: """
      Prints PSNR, SSIM as the released program computes it, SSIM in its standard form, and seconds \
      per image, for every view and on average. Photographs and renderings lie on white.

      Examples:
        pvd eval student --scene scene
        pvd eval student/model.safetensors --scene scene --split val --json
      """)

  package init() {}

  @Argument(help: ArgumentHelp("The run or file.", valueName: "run"))
  var model: String

  @Option(help: ArgumentHelp("The folder of the scene.", valueName: "folder"))
  var scene: String

  @Option(help: "Which photographs: train, val, test or trainval.")
  var split = DatasetSplit.test

  @Option(help: "Measure this many views, spread over the split; all by default.")
  var views: Int?

  @Option(help: "The architecture the file must hold.")
  var field: Architecture?

  @Option(help: "Scene units per unit of the data set; that of the run by default.")
  var scale: Double?

  @OptionGroup var engine: EngineOptions

  package func validate() throws {
    if let views, views < 1 { throw ValidationError("--views is \(views). Use at least 1.") }
  }

  package func run() throws {
    let console = Console(json: engine.json)
    let pool = engine.pool
    let loaded = try Checkpoint.load(try RunFile.newest(at: model), expecting: field)
    var options = BlenderSceneOptions()
    options.scale = scale ?? loaded.record.view.scale
    let dataset = try BlenderScene.load(
      folder: URL(fileURLWithPath: scene), split: split, options: options, pool: pool)
    let renderer = FieldRenderer(loaded, pool: pool)
    var rows = [["view", "PSNR", "SSIM", "SSIM standard", "seconds"]]
    let scores = try renderer.scores(ViewSet(dataset, limit: views ?? .max)) { _, _, score in
      console.emit("view", score)
      console.progress { "\(rows.count) of \(views ?? dataset.frames.count) views" }
      rows.append(Self.row(score.view, score.psnr, score.ssim, score.ssimStandard, score.seconds))
    }
    let mean = MeanScore(scores)
    rows.append(Self.row("mean", mean.psnr, mean.ssim, mean.ssimStandard, mean.seconds))
    console.emit("mean", mean)
    for line in table(rows) { console.say(line) }
  }

  private static func row(
    _ name: String, _ psnr: Double?, _ ssim: Double?, _ standard: Double?, _ seconds: Double
  ) -> [String] {
    [
      name, psnr.map { decimal($0) } ?? "inf", ssim.map { decimal($0, 4) } ?? "-",
      standard.map { decimal($0, 4) } ?? "-", decimal(seconds, 3),
    ]
  }
}
