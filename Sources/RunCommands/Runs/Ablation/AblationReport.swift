import CommandSupport
import Foundation
import SceneIO
import TensorIO

/// The results of a sweep as tables and a plot.
///
/// Everything but the seconds is a function of results alone, in the order of the plan: the bytes are the same
/// whichever machines made the runs and in which order.
struct AblationReport {
  let plan: AblationPlan
  let folder: AblationFolder
  let rows: [AblationRow]
  let results: [AblationResult]

  /// Reads the results in a folder.
  init(_ plan: AblationPlan, _ folder: AblationFolder) throws {
    self.plan = plan
    self.folder = folder
    results = try folder.results(plan)
    rows = AblationRow.rows(plan, results)
  }

  /// Shows what there is; writes it once all runs are done.
  func finish(_ console: Console) throws {
    for (index, line) in table(cells(withTimes: true)).enumerated() {
      console.say(index == 0 ? console.bold(line) : line)
    }
    console.emit("table", ["rows": rows])
    let missing = plan.runs.count - results.count
    guard missing == 0 else {
      console.say(
        "\n\(results.count) of \(plan.runs.count) runs are done; the table is written with the last. "
          + "`pvd ablate merge` joins parts of different folders.")
      return
    }
    try write()
    console.say("\nwritten to \(folder.url.path)")
    console.emit("done", ["out": folder.url.path])
  }

  private func write() throws {
    func store(_ text: String, _ name: String) throws {
      try AtomicFile.write(Data(text.utf8), to: folder.url.appending(path: name))
    }
    try store(page(cells(withTimes: false)), AblationFolder.tableName)
    try store(values, AblationFolder.valuesName)
    try store(page(times), AblationFolder.timesName)
    try plot().write(to: folder.url.appending(path: AblationFolder.plotName))
  }

  private func page(_ cells: [[String]]) -> String {
    (markdownTable(cells) + [""] + notes).joined(separator: "\n") + "\n"
  }

  /// What the columns mean.
  private var notes: [String] {
    let first = plan.variants.first?.name ?? ""
    var lines = [
      "Means over \(plan.seeds) seeds ± sample standard deviation. "
        + "\"over \(first)\" pairs runs of one seed."
    ]
    if let psnr = plan.setup.teacherPSNR {
      lines.append("The teacher has PSNR \(decimal(psnr)) dB on the same test views.")
    } else {
      lines.append("There are no photographs: PSNR is that against the teacher's renderings.")
    }
    let settings = plan.setup.settings
    lines.append(
      "Steps of a run: \(settings.iterations)"
        + (plan.setup.seconds.map { ", at most \(decimal($0, 0)) s" } ?? "") + ".")
    return lines
  }

  private func cells(withTimes: Bool) -> [[String]] {
    let photographs = plan.setup.teacherPSNR != nil
    var head = ["variant", "runs", "steps", "PSNR (dB)", "spread"]
    if photographs { head += ["gap to the teacher", "against the teacher (dB)"] }
    head.append("over \(plan.variants.first?.name ?? "")")
    if withTimes { head.append("seconds") }
    return [head]
      + rows.map { row in
        var cells = [row.variant, "\(row.runs)", Self.text(row.steps.mean, 0)]
        cells += [Self.text(row.psnr.mean), Self.text(row.psnr.deviation)]
        if photographs { cells += [Self.text(row.gap), Self.text(row.teacherPSNR.mean)] }
        cells.append(row.isFirst ? "-" : row.difference.text)
        if withTimes { cells.append(Self.text(row.seconds.mean, 1)) }
        return cells
      }
  }

  private var times: [[String]] {
    let first = rows.first?.perStep
    return [["variant", "runs", "seconds", "spread", "ms a step", "ratio"]]
      + rows.map { row in
        [
          row.variant, "\(row.runs)", Self.text(row.seconds.mean, 1),
          Self.text(row.seconds.deviation, 1), Self.text(row.perStep.map { 1e3 * $0 }, 1),
          Self.text(zip(row.perStep, first).map { $0 / $1 }, 3),
        ]
      }
  }

  /// One line a run, all digits.
  private var values: String {
    let head = "variant,seed,steps,psnr,ssim,ssim_standard,teacher_psnr\n"
    return head
      + results.map { entry in
        let score = entry.result.score
        let numbers = [score?.psnr, score?.ssim, score?.ssimStandard, score?.teacherPSNR].map {
          $0.map { "\($0)" } ?? ""
        }
        let name = entry.run.variant.name.replacing(",", with: "+")
        return "\(name),\(entry.run.seed),\(entry.result.step),\(numbers.joined(separator: ","))\n"
      }.joined()
  }

  /// Mean PSNR over steps, one curve a variant, where all its seeds were measured.
  private func plot() throws -> LinePlot {
    let series = try plan.variants.map { variant in
      let logs = results.filter { $0.run.variant == variant }.map(\.log.records)
      let curves = logs.map { records in
        Dictionary(
          records.compactMap { record in
            (record.testPSNR ?? record.teacherPSNR).map { (record.step, $0) }
          }, uniquingKeysWith: { _, last in last })
      }
      let steps = (curves.first ?? [:]).keys.sorted().filter { step in
        curves.allSatisfy { $0[step] != nil }
      }
      return try LinePlot.Series(
        name: variant.name, x: steps.map(Double.init),
        y: steps.map { step in Spread(curves.compactMap { $0[step] }).mean ?? .nan })
    }
    return LinePlot(
      title: "mean over \(plan.seeds) seeds", xLabel: "step",
      yLabel: "PSNR on some test views (dB)",
      series: series)
  }

  private static func text(_ value: Double?, _ digits: Int = 2) -> String {
    value.map { decimal($0, digits) } ?? "-"
  }
}

/// Two optionals as one.
private func zip(_ a: Double?, _ b: Double?) -> (Double, Double)? {
  guard let a, let b else { return nil }
  return (a, b)
}
