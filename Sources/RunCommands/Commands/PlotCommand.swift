import ArgumentParser
import CommandSupport
import Foundation
import SceneIO

/// Draws the curves of several runs into one picture.
package struct PlotCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "plot",
    abstract: "Draw PSNR over training time of several runs as one SVG.",
    discussion: """
      One curve a run: PSNR on test views, as `--eval-every` measured it, over the seconds of training \
      without evaluation and saving. The name of the run's folder is that of its curve.

      Examples:
        pvd plot teacher student --out curves.svg
        pvd plot runs/vm runs/mlp --out curves.svg --title "Students of one teacher"
      """)

  package init() {}

  @Argument(help: ArgumentHelp("Folders of runs.", valueName: "run"))
  var runs: [String]

  @Option(help: ArgumentHelp("The picture.", valueName: "file"))
  var out: String

  @Option(help: "What stands above the curves.")
  var title = "test views"

  package func run() throws {
    let logs = try runs.map { path in
      guard FileManager.default.fileExists(atPath: path) else {
        throw CommandFailure(
          path, fact: "there is no such folder", fix: "Name the folder of a run.")
      }
      return try RunFolder(URL(fileURLWithPath: path), mode: .resume)
    }
    try LinePlot(testViewsOf: logs, title: title).write(to: URL(fileURLWithPath: out))
  }
}

extension LinePlot {
  /// PSNR on test views over training time, one curve a run.
  ///
  /// - Throws: ``CommandFailure`` for a run that measured none.
  init(testViewsOf runs: [RunFolder], title: String) throws {
    let series = try runs.map { run in
      let points = RunLog(run.log, upTo: .max).records.compactMap { record in
        record.testPSNR.map { (record.seconds, $0) }
      }
      guard !points.isEmpty else {
        throw CommandFailure(
          run.url.path, fact: "its log has no PSNR on test views",
          fix: "Name the folder of a run that was evaluated, see --eval-every.")
      }
      return try Series(
        name: run.url.lastPathComponent, x: points.map(\.0), y: points.map(\.1))
    }
    self.init(title: title, xLabel: "training time (s)", yLabel: "PSNR (dB)", series: series)
  }
}
