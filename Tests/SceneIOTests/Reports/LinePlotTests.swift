import Foundation
import NeRFCore
import SceneIO
import TestSupport
import Testing

/// The curves and texts of a picture.
private struct Markup {
  let paths: [String]
  let texts: [String]

  init(_ svg: String) {
    paths = Self.captures(#/<path class="line[^"]*" d="([^"]*)"/>/#, svg)
    texts = Self.captures(#/<text[^>]*>([^<]*)<\/text>/#, svg)
  }

  private static func captures(_ regex: Regex<(Substring, Substring)>, _ text: String) -> [String] {
    text.matches(of: regex).map { String($0.1) }
  }
}

@Suite("Line plots")
struct LinePlotTests {
  private func plot(_ series: [(String, [Double], [Double])]) throws -> LinePlot {
    LinePlot(
      title: "Quality", xLabel: "time (s)", yLabel: "PSNR (dB)",
      series: try series.map { try LinePlot.Series(name: $0.0, x: $0.1, y: $0.2) })
  }

  @Test("title, axis labels with units, legend and ticks are there")
  func texts() throws {
    let markup = Markup(try plot([("teacher", [0, 10], [20, 30])]).svg)
    for text in ["Quality", "time (s)", "PSNR (dB)", "teacher", "0", "10", "20", "30"] {
      #expect(markup.texts.contains(text), "\(text)")
    }
  }

  @Test("larger values are higher and later ones further right, corner to corner")
  func geometry() throws {
    let path = try #require(Markup(try plot([("a", [0, 10], [20, 30])]).svg).paths.first)
    let numbers = path.split { !"0123456789.".contains($0) }.compactMap { Double($0) }
    // M x y h0 L x y; the frame of a 720 × 420 picture with one row of legend.
    #expect(numbers == [72, 350, 0, 696, 40])
  }

  @Test("a value that is not finite interrupts the curve")
  func gaps() throws {
    let svg = try plot([("a", [0, 1, 2, 3, 4], [1, 2, .nan, 3, .infinity])]).svg
    let path = try #require(Markup(svg).paths.first)
    #expect(path.filter { $0 == "M" }.count == 2 && path.filter { $0 == "L" }.count == 1)
    #expect(!svg.contains("nan") && !svg.contains("inf"))
  }

  @Test(
    "nothing, a single point and huge values are drawn without bad numbers",
    arguments: [
      ([], []), ([3], [5]), ([0, 1], [7, 7]), ([0, 1], [-1.7e308, 1.7e308]), ([.nan], [.nan]),
      ([1e-300, 2e-300], [0, 0]),
    ] as [([Double], [Double])])
  func degenerate(x: [Double], y: [Double]) throws {
    let svg = try plot([("a", x, y)]).svg
    #expect(!svg.contains("nan") && !svg.contains("inf") && svg.hasSuffix("</svg>\n"))
  }

  @Test("names cannot break the markup, and nothing is loaded from elsewhere")
  func escaping() throws {
    let svg = try plot([("<a href=\"x\">&\u{1}</a>", [0, 1], [0, 1])]).svg
    #expect(svg.contains("&lt;a href=&quot;x&quot;&gt;&amp; &lt;/a&gt;"))
    #expect(!svg.contains("<a ") && !svg.contains("\u{1}"))
    let outside = svg.replacing("http://www.w3.org/2000/svg", with: "")
    #expect(!outside.contains("http") && !outside.contains("url("))
    #expect(svg.contains("prefers-color-scheme:dark"))
  }

  @Test("more than six curves differ by a dash")
  func manySeries() throws {
    let svg = try plot((0..<7).map { ("s\($0)", [0, 1], [0, 1]) }).svg
    #expect(svg.contains("class=\"line0\"") && svg.contains("class=\"line0 dash\""))
  }

  @Test("series of different lengths are refused")
  func misfits() {
    #expect(throws: ShapeError.self) { try LinePlot.Series(name: "a", x: [1], y: []) }
  }

  @Test("a plot is written as it is")
  func file() throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appending(path: "plot.svg")
    let plot = try plot([("a", [0, 1], [0, 1])])
    try plot.write(to: url)
    #expect(try Data(contentsOf: url) == Data(plot.svg.utf8))
    #expect(throws: SceneError.self) { try plot.write(to: folder.url) }
  }

  @Test(
    "ticks are 1, 2 or 5 times a power of ten and enclose the data",
    arguments: [
      (0.0, 1, 0.2), (0, 10, 2), (20, 30, 2), (0, 7, 2), (-3, 18, 5), (0, 0.013, 0.005),
      (0, 40_000, 10_000),
    ])
  func ticks(lower: Double, upper: Double, step: Double) throws {
    let ticks = AxisTicks(enclosing: lower, upper)
    #expect(ticks.step.isClose(to: step, .reference))
    #expect(ticks.range.lowerBound <= lower && ticks.range.upperBound >= upper)
    #expect(lower - ticks.range.lowerBound < step && ticks.range.upperBound - upper < step)
    #expect(ticks.values.count >= 3 && ticks.values.count <= 9)
  }

  @Test(
    "labels have the decimals of the step",
    arguments: [
      (0.0, 1, 0.2, "0.2"), (0, 10, 4, "4"), (0, 0.013, 0.005, "0.005"), (-1, 1, 1e-17, "0.0"),
      (0, 5e7, 2e7, "2e+07"), (0, 1e-7, 2e-8, "2e-08"),
    ])
  func tickLabels(lower: Double, upper: Double, value: Double, label: String) {
    #expect(AxisTicks(enclosing: lower, upper).label(value) == label)
  }
}
