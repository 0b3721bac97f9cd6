import Foundation
import TensorIO

extension CaseReport {
  /// One line: state, case, operation, precision, worst ratio.
  public var summary: String {
    let ratio = tensors.isEmpty ? "" : "  ratio \(Self.short(worstRatio))"
    return "\(state.rawValue)  \(name)  \(operation)  \(precision.rawValue)\(ratio)"
  }

  /// What a reader needs to find the fault, one fact a line; empty for a case that passed.
  ///
  /// - Parameters:
  ///   - golden: The case, for the inputs of the worst element.
  ///   - command: A command line that runs this case alone.
  public func details(_ golden: GoldenCase?, reproducedBy command: String) -> [String] {
    guard state != .pass else { return [] }
    var lines: [String] = []
    if let message { lines.append(message) }
    if let first = firstFailure {
      lines.append("first difference: \(first.name)" + (first.note.map { ": \($0)" } ?? ""))
      if let index = first.worstIndex, let expected = first.expected, let actual = first.actual {
        lines.append("  worst at \(index): expected \(expected), actual \(actual)")
        lines.append("  " + Self.errors(first))
        if let golden { lines += golden.inputs(of: first.name, at: index).map { "  " + $0 } }
      }
      lines.append(
        "  \(first.failures) of \(first.compared) elements differ"
          + (first.excluded > 0 ? ", \(first.excluded) are excluded by a mask" : "")
          + (first.wrongNaN > 0 ? ", \(first.wrongNaN) are wrongly NaN or not" : "")
          + (first.wrongInfinity > 0 ? ", \(first.wrongInfinity) are wrongly infinite or not" : ""))
      let others = tensors.filter { $0.state != .pass }.dropFirst().map(\.name)
      if !others.isEmpty { lines.append("also: " + others.joined(separator: ", ")) }
    }
    if state.isFailure { lines.append("reproduce: \(command)") }
    return lines
  }

  private static func errors(_ report: TensorReport) -> String {
    func text(_ value: Double?) -> String { value.map { short($0) } ?? "–" }
    return "absolute \(text(report.absoluteError)), relative \(text(report.relativeError)), "
      + "\(text(report.ulpError)) ulp, allowed \(text(report.allowed)), "
      + "ratio \(short(report.ratio))"
  }

  /// A number with three digits.
  static func short(_ value: Double) -> String { String(format: "%.3g", value) }
}

extension GoldenCase {
  /// The inputs that belong to one element of a result: of every input with as many rows, the row of
  /// that element.
  func inputs(of tensor: String, at index: [Int]) -> [String] {
    guard let row = index.first, let rows = file[tensor]?.shape.first else { return [] }
    return file.names.compactMap { name in
      guard name.hasPrefix("in."), !name.hasSuffix(".f64"), let input = file[name],
        input.shape.first == rows, rows > 0, let values = try? Self.values(input)
      else { return nil }
      let width = values.count / rows
      let shown = values[row * width..<(row + 1) * width].prefix(8)
      let text = shown.map { "\($0)" }.joined(separator: ", ")
      return "\(name)[\(row)] = \(text)" + (width > 8 ? ", … (\(width))" : "")
    }
  }
}
