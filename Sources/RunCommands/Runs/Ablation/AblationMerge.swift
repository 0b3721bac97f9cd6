import CommandSupport
import Foundation
import SceneIO
import TensorIO

/// Joins the results of a sweep whose parts were made in different folders: what `pvd ablate merge` does.
struct AblationMerge {
  var parts: [AblationFolder]
  var folder: AblationFolder
  var console: Console

  /// Copies result and log of every run, not its field, and writes the tables.
  func perform(overwrite: Bool) throws {
    let plan = try commonPlan()
    let sources = try plan.runs.map { run in try source(of: run) }
    let missing = zip(plan.runs, sources).filter { $0.1 == nil }.map(\.0.path)
    guard missing.isEmpty else {
      let more = missing.count > 3 ? " and \(missing.count - 3) more" : ""
      throw CommandFailure(
        parts.map(\.url.path).joined(separator: ", "),
        fact: "they lack \(missing.prefix(3).joined(separator: ", "))\(more)",
        fix: "Name all parts; in each, the call that made it finishes what is missing.")
    }
    try folder.output.check(overwrite: overwrite || isPart)
    try folder.output.make()
    try folder.write(plan)
    for case let (run, source?) in zip(plan.runs, sources) where source.url != folder.url {
      let (from, to) = (source.folder(of: run), folder.folder(of: run))
      try OutputFolder(url: to, content: "a run", names: []).make()
      for name in [RunFolder.logName, RunFolder.metricsName] {
        let data = try InputFile.contents(of: from.appending(path: name), limit: 1 << 28)
        try AtomicFile.write(data, to: to.appending(path: name))
      }
    }
    try AblationReport(plan, folder).finish(console)
  }

  /// Whether the parts are joined into one of them.
  private var isPart: Bool { parts.contains { $0.url == folder.url } }

  private func commonPlan() throws -> AblationPlan {
    let plans = try parts.map { part in
      guard let plan = try part.plan() else {
        throw CommandFailure(
          part.url.path, fact: "there is no \(AblationFolder.planName)",
          fix: "Name folders that `pvd ablate --out` made.")
      }
      return plan
    }
    for (part, plan) in zip(parts, plans).dropFirst() {
      try plans[0].requireSameSetup(as: plan, in: part.url)
      guard plan.variants == plans[0].variants, plan.seeds == plans[0].seeds else {
        throw CommandFailure(
          part.url.path, fact: "its variants or seeds are not those of \(parts[0].url.path)",
          fix: "Give all parts the same --variants and --seeds.")
      }
    }
    return plans[0]
  }

  /// The first part that has a run.
  ///
  /// - Throws: ``CommandFailure`` if two parts have it with different results.
  private func source(of run: AblationPlan.Run) throws -> AblationFolder? {
    var found: (part: AblationFolder, result: RunResult)?
    for part in parts {
      guard var result = try part.result(of: run) else { continue }
      guard let first = found else {
        found = (part, result)
        continue
      }
      // Seconds are never the same twice.
      result.seconds = first.result.seconds
      result.score?.seconds = first.result.score?.seconds ?? 0
      if let difference = firstDifference(result, first.result) {
        throw CommandFailure(
          part.folder(of: run).path,
          fact: "`\(difference.name)` is \(difference.given) here and \(difference.saved) in "
            + first.part.url.path,
          fix: "Remove one of the two; runs repeat each other only on one kind of processor.")
      }
    }
    return found?.part
  }
}
