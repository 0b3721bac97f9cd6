import Foundation
import NeRFCore
import TensorIO

/// Curves over a common axis, as a self-contained SVG picture.
///
/// The picture follows the reader's light or dark setting and loads nothing from elsewhere.
public struct LinePlot: Sendable {
  /// One curve.
  public struct Series: Sendable {
    /// The text in the legend.
    public let name: String
    /// Positions along the horizontal axis.
    public let x: [Double]
    /// Positions along the vertical axis; a value that is not finite interrupts the curve.
    public let y: [Double]

    /// - Throws: ``NeRFCore/ShapeError`` if `x` and `y` differ in length.
    public init(name: String, x: [Double], y: [Double]) throws(ShapeError) {
      guard x.count == y.count else {
        throw ShapeError(
          in: "LinePlot.Series.init", "y", expected: [x.count], actual: [y.count],
          fix: "Pass one y for each x.")
      }
      self.name = name
      self.x = x
      self.y = y
    }
  }

  /// The heading.
  public var title: String
  /// What the horizontal axis shows, with its unit, for example "time (s)".
  public var xLabel: String
  /// What the vertical axis shows, with its unit, for example "PSNR (dB)".
  public var yLabel: String
  /// The curves; more than six repeat colours with a dashed line.
  public var series: [Series]
  /// Vertical lines with a word beside them.
  public var marks: [(x: Double, label: String)] = []
  /// Diameter of points without neighbours, in SVG pixels; nil for the width of a line.
  public var dotSize: Double?
  /// Size of the picture in SVG pixels.
  public var width = 720
  /// Size of the picture in SVG pixels.
  public var height = 420

  /// A plot of the given curves.
  public init(title: String, xLabel: String, yLabel: String, series: [Series]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
  }

  /// Writes ``svg`` to a file that appears whole or not at all.
  ///
  /// - Throws: ``SceneError`` if the file cannot be written.
  public func write(to url: URL) throws(SceneError) {
    do throws(FileError) { try AtomicFile.write(Data(svg.utf8), to: url) } catch {
      throw SceneError(error)
    }
  }

  /// The picture as text. Without a finite point both axes run from 0 to 1.
  public var svg: String {
    let points = series.flatMap { zip($0.x, $0.y) }.filter { $0.0.isFinite && $0.1.isFinite }
    let xs = points.map(\.0)
    let ys = points.map(\.1)
    let frame = Frame(
      x: AxisTicks(enclosing: xs.min() ?? 0, xs.max() ?? 1),
      y: AxisTicks(enclosing: ys.min() ?? 0, ys.max() ?? 1),
      right: Double(max(width, 240)) - 24,
      bottom: Double(max(height, 180)) - 52 - 18 * Double((series.count + 2) / 3))
    var parts = [header]
    parts.append(text(title, x: frame.middleX, y: 24, anchor: "middle", style: "title"))
    parts += axes(frame)
    for mark in marks where frame.x.range.contains(mark.x) {
      let x = frame.column(mark.x)
      parts.append(
        "<path class=\"mark dash\" d=\"M\(number(x)) \(number(frame.top))V\(number(frame.bottom))\"/>"
      )
      parts.append(text(mark.label, x: x + 4, y: frame.top + 14, anchor: "start"))
    }
    for (index, series) in series.enumerated() {
      let style = dotSize.map { " style=\"stroke-width:\(number($0))\"" } ?? ""
      parts.append(
        "<path class=\"line\(index % 6)\(dash(index))\"\(style) d=\"\(path(series, frame))\"/>")
    }
    parts += legend(frame)
    return (parts + ["</svg>", ""]).joined(separator: "\n")
  }
}

// MARK: parts of the picture

extension LinePlot {
  /// The rectangle of the curves and the axes along it.
  private struct Frame {
    let x: AxisTicks
    let y: AxisTicks
    let left = 72.0
    let top = 40.0
    let right: Double
    let bottom: Double

    var middleX: Double { (left + right) / 2 }

    func column(_ value: Double) -> Double {
      left + (right - left) * Self.part(value, x.range)
    }

    func row(_ value: Double) -> Double {
      bottom - (bottom - top) * Self.part(value, y.range)
    }

    private static func part(_ value: Double, _ range: ClosedRange<Double>) -> Double {
      // The cut only matters for magnitudes beyond those that ticks are made for.
      min(max((value - range.lowerBound) / (range.upperBound - range.lowerBound), -1), 2)
    }
  }

  /// The colours as rules with plain values: custom properties are unknown to many viewers.
  private static func colors(paper: String, ink: String, grid: String, lines: [String]) -> String {
    "svg{background:\(paper)}.paper{fill:\(paper)}text{fill:\(ink)}.frame,.mark{stroke:\(ink)}"
      + ".grid{stroke:\(grid)}"
      + lines.enumerated().map { ".line\($0.offset){stroke:\($0.element)}" }.joined()
  }

  private var header: String {
    let light = Self.colors(
      paper: "#fff", ink: "#222", grid: "#ddd",
      lines: ["#0b62b0", "#c2410c", "#15803d", "#8e24aa", "#9a6b00", "#0e7c86"])
    let dark = Self.colors(
      paper: "#16181c", ink: "#e4e4e4", grid: "#3a3d44",
      lines: ["#6cb2ff", "#ff9a62", "#62d58b", "#d695f2", "#e6bd55", "#5fd3dd"])
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(max(width, 240)) \(max(height, 180))" \
      font-family="sans-serif" font-size="12" role="img">
      <style>
      .title{font-size:15px;font-weight:600}.frame{fill:none}.dash{stroke-dasharray:6 4}
      path{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
      \(light)
      @media (prefers-color-scheme:dark){\(dark)}
      </style>
      <title>\(XMLText.escaped(title))</title>
      <rect class="paper" width="100%" height="100%"/>
      """
  }

  private func axes(_ frame: Frame) -> [String] {
    var parts: [String] = []
    for value in frame.x.values {
      let x = frame.column(value)
      parts.append(line(x, frame.top, x, frame.bottom))
      parts.append(
        text(frame.x.label(value), x: x, y: frame.bottom + 16, anchor: "middle"))
    }
    for value in frame.y.values {
      let y = frame.row(value)
      parts.append(line(frame.left, y, frame.right, y))
      parts.append(text(frame.y.label(value), x: frame.left - 6, y: y + 4, anchor: "end"))
    }
    parts.append(
      "<rect class=\"frame\" x=\"\(number(frame.left))\" y=\"\(number(frame.top))\" "
        + "width=\"\(number(frame.right - frame.left))\" "
        + "height=\"\(number(frame.bottom - frame.top))\"/>")
    parts.append(text(xLabel, x: frame.middleX, y: frame.bottom + 34, anchor: "middle"))
    let middle = number((frame.top + frame.bottom) / 2)
    parts.append(
      "<text text-anchor=\"middle\" transform=\"translate(18 \(middle)) rotate(-90)\">"
        + "\(XMLText.escaped(yLabel))</text>")
    return parts
  }

  /// Three entries a row below the plot.
  private func legend(_ frame: Frame) -> [String] {
    series.enumerated().flatMap { index, series in
      let x = frame.left + Double(index % 3) * (frame.right - frame.left) / 3
      let y = frame.bottom + 54 + 18 * Double(index / 3)
      let sample =
        "<path class=\"line\(index % 6)\(dash(index))\" d=\"M\(number(x)) \(number(y - 4))h22\"/>"
      return [sample, text(series.name, x: x + 28, y: y, anchor: "start")]
    }
  }

  /// The curve as SVG commands, a new piece after each gap; a lone point becomes a dot.
  private func path(_ series: Series, _ frame: Frame) -> String {
    var commands: [String] = []
    var drawing = false
    for (x, y) in zip(series.x, series.y) {
      guard x.isFinite, y.isFinite else {
        drawing = false
        continue
      }
      let place = "\(number(frame.column(x))) \(number(frame.row(y)))"
      commands.append(drawing ? "L\(place)" : "M\(place)h0")
      drawing = true
    }
    return commands.joined()
  }

  private func dash(_ index: Int) -> String { index / 6 % 2 == 1 ? " dash" : "" }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"grid\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" "
      + "y2=\"\(number(y2))\"/>"
  }

  private func text(
    _ content: String, x: Double, y: Double, anchor: String, style: String? = nil
  ) -> String {
    let type = style.map { " class=\"\($0)\"" } ?? ""
    return "<text\(type) x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">"
      + "\(XMLText.escaped(content))</text>"
  }

  /// Hundredths of a pixel are enough for any screen.
  private func number(_ value: Double) -> String { String(format: "%.2f", value) }
}
