import Distill
import SceneIO
import TermInspection

extension InspectionReport {
  /// What active learning chose: in the step, and over those before it.
  func selection(_ page: inout HTMLPage) throws {
    guard let selections else { return }
    page.heading("What active learning chose")
    step(&page)
    if selections.steps > 0 { try steps(selections, &page) }
    if let poses = selections.poses { try self.poses(poses, &page) }
    if let rays = selections.rays {
      page.paragraph(
        "Pool of rays: \(rays.count) of \(rays.capacity), "
          + (rays.isFull
            ? "full: its rays are rendered again." : "still filling: none is replayed."))
    }
  }

  private func step(_ page: inout HTMLPage) {
    guard let chosen = inspection.selection else {
      page.paragraph("Nothing in this step: the levels do not act in its stage.")
      return
    }
    if let all = chosen.samples, let compared = chosen.compared, let teacher = chosen.teacher,
      let student = chosen.student
    {
      page.paragraph(
        "The terms of F, C and S compare \(compared) of \(all) samples of this step "
          + "(\(percent(compared, all))).")
      page.table([
        ["chosen by", "opaque rays", "samples"],
        ["teacher", "\(teacher.rays)", "\(teacher.samples)"],
        ["student", "\(student.rays)", "\(student.samples)"],
        ["either", "", "\(compared)"],
      ])
    }
    guard !chosen.hardest.isEmpty else { return }
    page.paragraph(
      "\(chosen.drawnRays) rays from images, \(chosen.replayedRays) replayed behind them. The "
        + "\(chosen.hardest.count) hardest go into the pool; "
        + "\(chosen.hardest.count { $0.isReplayed }) of them had been replayed.")
    page.details("The hardest rays of the step") { page in
      page.table(
        [["ray", "Σ ∣Δ∣", "replayed"]]
          + chosen.hardest.prefix(40).map {
            ["\($0.ray)", short($0.error), $0.isReplayed ? "yes" : ""]
          })
    }
  }

  private func steps(_ selections: SelectionReport, _ page: inout HTMLPage) throws {
    let total = selections.total
    page.paragraph("Over \(selections.steps) steps before this one:")
    page.table([
      ["", "chosen", "of", "share"],
      [
        "images at replayed poses", "\(total.replayedImages)", "\(total.images)",
        percent(total.replayedImages, total.images),
      ],
      [
        "rays into the pool", "\(total.hardRays)", "\(total.drawnRays + total.replayedRays)",
        percent(total.hardRays, total.drawnRays + total.replayedRays),
      ],
      [
        "replayed rays", "\(total.replayedRays)", "\(total.drawnRays + total.replayedRays)",
        percent(total.replayedRays, total.drawnRays + total.replayedRays),
      ],
      [
        "compared samples", "\(total.comparedSamples)", "\(total.samples)",
        percent(total.comparedSamples, total.samples),
      ],
    ])
    page.paragraph(
      "Without a place in the pictures, because they meet too little: \(selections.hardInBackground) hard rays, "
        + "\(selections.replayedInBackground) replayed ones.")
    guard selections.moments.count > 1 else { return }
    let x = selections.moments.map { Double($0.step) }
    func share(_ part: (SelectionRecord.Counts) -> (Int, Int)) -> [Double] {
      selections.moments.map { moment in
        let (chosen, all) = part(moment.counts)
        return all > 0 ? 100 * Double(chosen) / Double(all) : .nan
      }
    }
    page.plot(
      LinePlot(
        title: "What was chosen, step by step", xLabel: "step", yLabel: "share (%)",
        series: [
          try LinePlot.Series(
            name: "images replayed", x: x, y: share { ($0.replayedImages, $0.images) }),
          try LinePlot.Series(
            name: "rays replayed", x: x,
            y: share { ($0.replayedRays, $0.drawnRays + $0.replayedRays) }),
          try LinePlot.Series(
            name: "samples compared", x: x, y: share { ($0.comparedSamples, $0.samples) }),
        ]))
  }

  private func poses(_ poses: SelectionReport.PosePool, _ page: inout HTMLPage) throws {
    page.paragraph(
      "Pool of poses: \(poses.pool.count), "
        + (poses.isFull
          ? "full: \(poses.replayed.count) poses of this epoch come from it."
          : "still filling (full with more than \(poses.capacity)): none is replayed."))
    guard !poses.pool.isEmpty else { return }
    // Each pose a curve of its own, with a gap behind it: a dot.
    func dots(_ name: String, _ poses: [SelectionReport.Pose]) throws -> LinePlot.Series {
      try LinePlot.Series(
        name: name, x: poses.flatMap { [$0.azimuth, .nan] },
        y: poses.flatMap { [$0.elevation, .nan] })
    }
    var plot = LinePlot(
      title: "Where hard poses stand", xLabel: "azimuth (°)", yLabel: "elevation (°)",
      series: [try dots("in the pool", poses.pool)])
    if !poses.replayed.isEmpty {
      plot.series.append(try dots("replayed in this epoch", poses.replayed))
    }
    plot.dotSize = 6
    page.plot(plot)
    guard !poses.replayed.isEmpty else { return }
    page.details("Poses of this epoch that were replaced") { page in
      page.table(
        [["number", "x", "y", "z", "azimuth", "elevation"]]
          + poses.replayed.map { pose in
            ["\(pose.number ?? 0)"] + pose.center.map(short)
              + [short(pose.azimuth), short(pose.elevation)]
          })
    }
  }

  private func percent(_ part: Int, _ whole: Int) -> String {
    whole > 0 ? "\(short(100 * Double(part) / Double(whole))) %" : "–"
  }
}
