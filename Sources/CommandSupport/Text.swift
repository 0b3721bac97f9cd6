import Foundation

/// One JSON object without line breaks, keys sorted; numbers that JSON cannot hold become texts.
package func jsonLine(_ value: any Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  guard let data = try? encoder.encode(value) else { return "{}" }
  return String(decoding: data, as: UTF8.self)
}

/// Seconds of a clock that only runs forward.
package func monotonicSeconds() -> Double {
  Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
}

/// For example "27.31".
package func decimal(_ value: Double, _ digits: Int = 2) -> String {
  String(format: "%.\(digits)f", value)
}

/// For example "1:05".
package func clock(_ seconds: Double) -> String {
  let whole = Int(min(max(seconds, 0), 1e8).rounded())
  let tail = String(format: "%02d", whole % 60)
  return whole < 3600
    ? "\(whole / 60):\(tail)"
    : "\(whole / 3600):\(String(format: "%02d", whole / 60 % 60)):\(tail)"
}

/// Columns of text, the first left-aligned and the others right-aligned.
package func table(_ rows: [[String]]) -> [String] {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    row.enumerated().map { column, text in
      let space = String(repeating: " ", count: widths[column] - text.count)
      return column == 0 ? text + space : space + text
    }.joined(separator: "  ")
  }
}

/// Rows as a Markdown table, the first as its header.
package func markdownTable(_ rows: [[String]]) -> [String] {
  rows.enumerated().flatMap { index, row in
    let line = "| " + row.joined(separator: " | ") + " |"
    return index == 0 ? [line, "|" + row.map { _ in " --- |" }.joined()] : [line]
  }
}
