import Distill
import SceneIO
import TermInspection

extension InspectionReport {
  /// What of another implementation's numbers agrees.
  func comparison(_ page: inout HTMLPage) {
    guard let comparison else { return }
    page.heading("Beside the other implementation")
    page.paragraph(comparison.summary, style: comparison.agrees ? nil : "finding")
    page.paragraph(
      "Distances are in units of what a correct implementation in \(comparison.precision.rawValue) precision may "
        + "be off by. Parts stand in the order in which they are computed.")
    page.table(
      [["array", "part", "elements", "beyond the bound", "largest distance", "verdict"]]
        + comparison.quantities.map {
          [
            $0.name, $0.part.rawValue, "\($0.count)", "\($0.differing)", short($0.ratio),
            $0.verdict.rawValue,
          ]
        })
    for quantity in comparison.quantities where quantity.verdict != .agrees {
      page.paragraph(quantity.message)
    }
    guard !comparison.ignored.isEmpty else { return }
    page.paragraph("Not compared: \(comparison.ignored.joined(separator: ", ")).")
  }
}
