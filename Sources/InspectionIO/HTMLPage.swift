import Foundation
import SceneIO
import TermInspection

/// Pieces of an HTML page that loads nothing: headings, tables, pictures, plots.
///
/// Readable from 400 pixels of width on; tables that are wider scroll by themselves. Colours follow the
/// reader's light or dark setting.
struct HTMLPage {
  private var body: [String] = []
  let title: String

  init(title: String) { self.title = title }

  mutating func heading(_ text: String) { body.append("<h2>\(XMLText.escaped(text))</h2>") }

  mutating func paragraph(_ text: String, style: String? = nil) {
    let type = style.map { " class=\"\($0)\"" } ?? ""
    body.append("<p\(type)>\(XMLText.escaped(text))</p>")
  }

  mutating func list(_ entries: [(term: String, text: String)]) {
    let rows = entries.map {
      "<dt>\(XMLText.escaped($0.term))</dt><dd>\(XMLText.escaped($0.text))</dd>"
    }
    body.append("<dl>\(rows.joined())</dl>")
  }

  /// The first row is the header, the first column too.
  mutating func table(_ rows: [[String]]) { body.append(Self.table(rows)) }

  private static func table(_ rows: [[String]]) -> String {
    let lines = rows.enumerated().map { index, row in
      let cells = row.enumerated().map { column, text in
        let kind = index == 0 || column == 0 ? "th" : "td"
        return "<\(kind)>\(XMLText.escaped(text))</\(kind)>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    return "<div class=\"scroll\"><table>\(lines.joined(separator: "\n"))</table></div>"
  }

  mutating func plot(_ plot: LinePlot) { body.append("<figure>\(plot.svg)</figure>") }

  /// Pictures side by side, as PNG inside the page.
  mutating func pictures(_ pictures: [InspectionPicture]) throws(ImageDefect) {
    var figures: [String] = []
    for picture in pictures {
      let data = try PNGImage.encode(picture.image).base64EncodedString()
      let words = XMLText.escaped(picture.title)
      figures.append(
        "<figure><img alt=\"\(words)\" width=\"\(picture.image.width)\" "
          + "height=\"\(picture.image.height)\" src=\"data:image/png;base64,\(data)\">"
          + "<figcaption>\(words)</figcaption></figure>")
    }
    body.append("<div class=\"pictures\">\(figures.joined())</div>")
  }

  /// A part that opens on demand.
  mutating func details(_ summary: String, _ fill: (inout HTMLPage) throws -> Void) rethrows {
    var inner = HTMLPage(title: "")
    try fill(&inner)
    body.append(
      "<details><summary>\(XMLText.escaped(summary))</summary>"
        + "\(inner.body.joined(separator: "\n"))</details>")
  }

  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="data:,">
    <title>\(XMLText.escaped(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <h1>\(XMLText.escaped(title))</h1>
    \(body.joined(separator: "\n"))
    </body>
    </html>

    """
  }

  private static let style = """
    :root{color-scheme:light dark}
    body{font:15px/1.5 sans-serif;max-width:72rem;margin:0 auto;padding:1rem;color:#222;background:#fff}
    h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
    th,td{padding:.2rem .6rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
    th:first-child{text-align:left}
    dt{font-weight:600}dd{margin:0 0 .5rem 1rem}
    .finding{border-left:4px solid #c2410c;padding-left:.75rem}
    figure{margin:.5rem 0}figure svg{width:100%;height:auto;max-width:46rem}
    .pictures{display:flex;flex-wrap:wrap;gap:1rem}
    .pictures img{width:11rem;height:auto;image-rendering:pixelated;border:1px solid #ddd}
    figcaption{font-size:.85rem;max-width:11rem}
    details{margin:.5rem 0}summary{cursor:pointer}
    @media (prefers-color-scheme:dark){body{color:#e4e4e4;background:#16181c}
    th,td,.pictures img{border-color:#3a3d44}.finding{border-color:#ff9a62}}
    """
}
