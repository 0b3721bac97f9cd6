import Distill
public import Foundation
import NeRFCore
import SceneIO
import TensorIO
import TermInspection

extension InspectionReport {
  /// Writes the report as one HTML file that loads nothing.
  ///
  /// - Parameter pictures: Images for it, in groups that stand side by side.
  /// - Throws: ``SceneError`` if the file cannot be written or a picture holds NaN.
  public func writePage(
    pictures: [(heading: String, pictures: [InspectionPicture])], to url: URL
  ) throws {
    var page = HTMLPage(
      title: "Step \(inspection.step), stage \(inspection.stage.rawValue): "
        + "\(teacher.rawValue) → \(student.rawValue)")
    findings(&page)
    comparison(&page)
    terms(&page)
    try history(&page)
    gradients(&page)
    verification(&page)
    statistics(&page)
    try selection(&page)
    for group in pictures {
      page.heading(group.heading)
      do throws(ImageDefect) { try page.pictures(group.pictures) } catch {
        throw SceneError(error, in: url)
      }
    }
    rankings(&page)
    try traces(&page)
    do throws(FileError) { try AtomicFile.write(Data(page.html.utf8), to: url) } catch {
      throw SceneError(error)
    }
  }

  private func findings(_ page: inout HTMLPage) {
    page.heading("Findings")
    if let trap = inspection.trap { page.paragraph(trap.message, style: "finding") }
    guard !inspection.findings.isEmpty else {
      page.paragraph("None: every term has a weight and a gradient, and every number is finite.")
      return
    }
    for finding in inspection.findings {
      page.paragraph("\(finding.kind.rawValue): \(finding.message)", style: "finding")
    }
  }

  private func terms(_ page: inout HTMLPage) {
    page.heading("Terms")
    page.paragraph(
      "Values are compared as \(lossKind.rawValue). The gradient is that of rate times value with respect "
        + "to all parameters of the student.")
    page.table(termTable(inspection))
    guard let variant else { return }
    page.heading("The same step with \(variant.changes.joined(separator: ", "))")
    page.table(termTable(variant.inspection))
    for finding in variant.inspection.findings where !inspection.findings.contains(finding) {
      page.paragraph("\(finding.kind.rawValue): \(finding.message)", style: "finding")
    }
  }

  private func termTable(_ inspection: StepInspection) -> [[String]] {
    [["term", "value", "rate", "weighted", "share", "‖gradient‖"]]
      + inspection.terms.map {
        [
          $0.term.rawValue, short($0.value), short($0.rate), short($0.weighted),
          "\(short(100 * $0.share)) %", short($0.gradientNorm),
        ]
      } + [["loss", "", "", short(inspection.loss), "", ""]]
  }

  private func history(_ page: inout HTMLPage) throws(ShapeError) {
    guard history.count > 1 else { return }
    page.heading("History")
    let shown = LossTerm.allCases.filter { term in history.contains { $0.terms[term] > 0 } }
    var series: [LinePlot.Series] = []
    for term in shown {
      series.append(
        try LinePlot.Series(
          name: term.rawValue, x: history.map { Double($0.step) },
          y: history.map { $0.terms[term] > 0 ? log10($0.terms[term]) : .nan }))
    }
    let borders = zip(history, history.dropFirst()).filter { $0.stage != $1.stage }.map(\.1)
    var plot = LinePlot(
      title: "Terms before their rates", xLabel: "step", yLabel: "log₁₀ of the value",
      series: series)
    plot.marks = borders.map { (x: Double($0.step), label: "stage \($0.stage.rawValue)") }
    page.plot(plot)
    page.paragraph(
      "Stage \(history[0].stage.rawValue) from step \(history[0].step)"
        + borders.map { ", stage \($0.stage.rawValue) from step \($0.step)" }.joined()
        + ". By the schedule of \(iterations) steps stage 2 begins at "
        + "step \(stages.first) and stage 3 at step \(stages.second).")
  }

  private func gradients(_ page: inout HTMLPage) {
    page.heading("Gradients, parameter by parameter")
    let terms = inspection.terms
    let names = terms.first?.parameterNorms.keys.sorted() ?? []
    page.table(
      [["parameter"] + terms.map { "‖\($0.term.rawValue)‖" }]
        + names.map { name in [name] + terms.map { short($0.parameterNorms[name] ?? 0) } })
    guard !inspection.pairs.isEmpty else { return }
    page.heading("Which terms pull together")
    page.paragraph(
      "Cosine between gradients: 1 the same direction, 0 unrelated, −1 one undoes the other.")
    page.table(
      [["parameter"] + inspection.pairs.map { "\($0.first.rawValue) · \($0.second.rawValue)" }]
        + [["all"] + inspection.pairs.map { $0.cosine.map(short) ?? "–" }]
        + names.map { name in
          [name] + inspection.pairs.map { $0.parameterCosines[name].map(short) ?? "–" }
        })
  }

  private func verification(_ page: inout HTMLPage) {
    page.heading("Are these gradients right?")
    guard let verification = inspection.verification else {
      page.paragraph("Not verified in this report.")
      return
    }
    page.paragraph(
      "Derivatives of every term along random directions and along its steepest parameter, against central "
        + "differences in double precision, on \(verification.rays) rays with "
        + "\(verification.samples) samples. Largest relative error \(short(verification.worst)).")
    page.table(
      [["term", "direction", "gradient", "difference", "relative error"]]
        + verification.checks.map {
          [
            $0.term.rawValue, $0.direction, short($0.analytic), short($0.difference),
            short($0.relativeError),
          ]
        })
    page.paragraph(
      "Distance of single from double precision, relative: "
        + inspection.terms.compactMap { term in
          verification.singleAgainstDouble[term.term].map { "\(term.term.rawValue) \(short($0))" }
        }.joined(separator: ", ") + ".")
  }

  private func statistics(_ page: inout HTMLPage) {
    let counts = inspection.statistics
    page.heading("Samples")
    page.table([
      [
        "rays", "of them empty", "samples", "padding rows", "compared", "without gradient",
        "S stopped by the clamp",
      ],
      [
        "\(counts.rays)", "\(counts.emptyRays)", "\(counts.samples)", "\(counts.padding)",
        counts.comparesPadding ? "padding too" : "samples", "\(counts.withoutGradient)",
        "\(counts.stoppedByClamp)",
      ],
    ])
    page.table(
      [["field", "S at the lower end", "S at the upper end", "a feature at an end", "not finite"]]
        + [("teacher", counts.teacher), ("student", counts.student)].map { name, clamp in
          [name, "\(clamp.low)", "\(clamp.high)", "\(clamp.features)", "\(clamp.nonFinite)"]
        })
  }

  private func rankings(_ page: inout HTMLPage) {
    page.heading("Where the terms come from")
    for ranking in inspection.rankings {
      page.details("\(ranking.term.rawValue): the rays and samples that weigh most") { page in
        page.table(
          [["ray", "share"]] + ranking.rays.map { ["\($0.ray)", "\(short(100 * $0.share)) %"] })
        guard !ranking.samples.isEmpty else { return }
        page.table(
          [["row of the sample", "ray", "share"]]
            + ranking.samples.map {
              ["\($0.row ?? 0)", "\($0.ray)", "\(short(100 * $0.share)) %"]
            })
      }
    }
  }

  private func traces(_ page: inout HTMLPage) throws {
    page.heading("Rays, sample by sample")
    for trace in inspection.traces {
      try page.details("Ray \(trace.ray): \(trace.samples.count) samples") { page in
        page.paragraph(
          "Pixel of the teacher \(trace.teacherPixel.map(short).joined(separator: " ")), of the student "
            + "\(trace.studentPixel.map(short).joined(separator: " ")).")
        for quantity in Quantity.allCases {
          page.plot(try plot(quantity, trace))
        }
        page.table(sampleTable(trace))
      }
    }
  }

  /// What is plotted along a ray.
  private enum Quantity: String, CaseIterable {
    case density = "σ, 1 / scene unit"
    case transmittance = "T, light that arrives"
    case weight = "w, share of the pixel"

    func value(_ taps: SampleTrace.Taps) -> Double {
      switch self {
      case .density: taps.density
      case .transmittance: taps.transmittance
      case .weight: taps.weight
      }
    }
  }

  private func plot(_ quantity: Quantity, _ trace: SampleTrace) throws(ShapeError) -> LinePlot {
    let x = trace.samples.map(\.distance)
    return LinePlot(
      title: "Ray \(trace.ray)", xLabel: "distance from the start of the march, scene units",
      yLabel: quantity.rawValue,
      series: [
        try LinePlot.Series(
          name: "teacher", x: x, y: trace.samples.map { quantity.value($0.teacher) }),
        try LinePlot.Series(
          name: "student", x: x, y: trace.samples.map { quantity.value($0.student) }),
      ])
  }

  private func sampleTable(_ trace: SampleTrace) -> [[String]] {
    let terms = inspection.terms.map(\.term)
    var heading = ["row", "t", "δ", "x", "y", "z"]
    for tap in ["S", "σ", "r", "g", "b", "α", "T", "w"] {
      heading += ["\(tap) teacher", "student"]
    }
    heading += terms.map { "share of \($0.rawValue)" }
    heading += terms.map { "∂\($0.rawValue)" }
    if inspection.selection?.samples != nil { heading.append("compared") }
    return [heading]
      + trace.samples.map { sample in
        func both(_ value: (SampleTrace.Taps) -> Double) -> [String] {
          [short(value(sample.teacher)), short(value(sample.student))]
        }
        var row = ["\(sample.row)", short(sample.distance), short(sample.delta)]
        row += sample.position.map(short)
        row += both(\.logDensity) + both(\.density) + both { $0.color[0] }
        row += both { $0.color[1] } + both { $0.color[2] } + both(\.alpha)
        row += both(\.transmittance) + both(\.weight)
        row += terms.map { sample.shares[$0].map { "\(short(100 * $0)) %" } ?? "–" }
        row += terms.map { sample.gradients[$0].map(short) ?? "–" }
        return row + (sample.isCompared.map { [$0 ? "yes" : ""] } ?? [])
      }
  }
}

/// Four digits, with an exponent where that is shorter.
func short(_ value: Double) -> String { String(format: "%.4g", value) }
