import CommandSupport
import Foundation
import SceneIO
import TensorIO

/// The folder of a sweep and what is in it.
struct AblationFolder {
  /// The plan.
  static let planName = "sweep.json"
  /// A folder for each variant, in it one for each seed.
  static let runsName = "runs"
  /// Quality of the variants; the same bytes wherever the runs were made.
  static let tableName = "table.md"
  /// The same numbers with all their digits.
  static let valuesName = "table.csv"
  /// Seconds of the runs, which are never the same twice.
  static let timesName = "times.md"
  /// PSNR over steps.
  static let plotName = "ablation.svg"

  let url: URL

  init(_ url: URL) { self.url = url }

  /// As a folder that may hold nothing but a sweep.
  var output: OutputFolder {
    OutputFolder(
      url: url, content: "a sweep",
      names: [
        Self.planName, Self.runsName, Self.tableName, Self.valuesName, Self.timesName,
        Self.plotName,
      ])
  }

  /// The plan of the sweep there; nil if there is none.
  func plan() throws -> AblationPlan? {
    let file = url.appending(path: Self.planName)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let data = try InputFile.contents(of: file, limit: 1 << 20)
    do {
      let plan = try JSONDecoder().decode(AblationPlan.self, from: data)
      guard plan.isUsable else { throw CocoaError(.coderInvalidValue) }
      return plan
    } catch {
      throw CommandFailure(
        file.path, fact: "it is not the plan of a sweep",
        fix: "Choose another --out, or restore the file from where it was made.")
    }
  }

  /// Stores a plan.
  func write(_ plan: AblationPlan) throws {
    try AtomicFile.write(
      Data((jsonLine(plan) + "\n").utf8), to: url.appending(path: Self.planName))
  }

  func folder(of run: AblationPlan.Run) -> URL { url.appending(path: run.path) }

  /// What a run came to; nil if it is not done.
  func result(of run: AblationPlan.Run) throws -> RunResult? {
    let file = folder(of: run).appending(path: RunFolder.metricsName)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    do { return try RunResult(contentsOf: file) } catch is DecodingError {
      throw CommandFailure(
        file.path, fact: "it is not the result of a run",
        fix: "Remove the folder of this run; the sweep repeats it.")
    }
  }

  /// All results there are, in the order of the plan.
  func results(_ plan: AblationPlan) throws -> [AblationResult] {
    try plan.runs.compactMap { run in
      try result(of: run).map { result in
        AblationResult(
          run: run, result: result,
          log: RunLog(folder(of: run).appending(path: RunFolder.logName), upTo: .max))
      }
    }
  }
}

/// A run that is done.
struct AblationResult {
  var run: AblationPlan.Run
  var result: RunResult
  var log: RunLog
}

extension AblationPlan {
  /// Whether names can be names of folders and numbers are in range: a file may claim anything.
  var isUsable: Bool {
    let allowed = Set("abcdefghijklmnopqrstuvwxyz,@")
    return (1...10_000).contains(seeds) && (1...1000).contains(variants.count)
      && variants.allSatisfy { variant in
        !variant.name.isEmpty && variant.name.allSatisfy(allowed.contains)
          && variant.activeLearning?.isUsable ?? true
      }
  }
}
