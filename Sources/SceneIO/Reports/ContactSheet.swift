import NeRFCore

/// Images side by side on white, with a label over each column.
public enum ContactSheet {
  /// Lays out a table of images.
  ///
  /// A column is as wide as its widest image or label, a row as high as its highest image; images
  /// stand in the upper left of their cell and images with alpha on white. Rows may be shorter than
  /// others. Labels are drawn in the built-in font of 5×7 dots.
  ///
  /// - Parameters:
  ///   - rows: The images, row by row, for example teacher, student and difference of each view.
  ///   - labels: One text per column, or none for a sheet without a heading.
  ///   - padding: White pixels around and between the cells.
  /// - Returns: An image of 3 channels.
  /// - Throws: ``NeRFCore/ShapeError`` without any image, for a number of labels that is not that of
  ///   columns, or for padding outside 0...1024.
  public static func make(
    rows: [[ImageBuffer]], labels: [String] = [], padding: Int = 4
  ) throws(ShapeError) -> ImageBuffer {
    let columns = rows.map(\.count).max() ?? 0
    guard columns > 0 else {
      throw ShapeError(
        in: "ContactSheet.make", "rows", expected: [1, 1], actual: [rows.count, columns],
        fix: "Pass at least one image.")
    }
    guard labels.isEmpty || labels.count == columns else {
      throw ShapeError(
        in: "ContactSheet.make", "labels", expected: [columns], actual: [labels.count],
        fix: "Pass one label per column, or none.")
    }
    guard (0...1024).contains(padding) else {
      throw ShapeError(
        in: "ContactSheet.make", "padding", expected: [1024], actual: [padding],
        fix: "Use 0 to 1024 pixels.")
    }
    let widths = (0..<columns).map { column in
      let images = rows.compactMap { column < $0.count ? $0[column].width : nil }
      let label = labels.isEmpty ? 0 : BitmapFont.width(of: labels[column])
      return max(images.max() ?? 0, label)
    }
    let heights = rows.map { row in row.map(\.height).max() ?? 0 }
    let heading = labels.isEmpty ? 0 : BitmapFont.glyphHeight + max(padding, 2)
    var canvas = Canvas(
      width: widths.reduce(padding) { $0 + $1 + padding },
      height: heights.reduce(padding + heading) { $0 + $1 + padding })
    var left = padding
    for (column, width) in widths.enumerated() {
      if !labels.isEmpty { canvas.draw(labels[column], left: left, top: padding) }
      var top = padding + heading
      for (row, height) in zip(rows, heights) {
        if column < row.count { canvas.draw(row[column], left: left, top: top) }
        top += height + padding
      }
      left += width + padding
    }
    return try ImageBuffer(
      width: canvas.width, height: canvas.height, channels: 3, pixels: canvas.pixels)
  }

  /// White paper for images and text.
  private struct Canvas {
    let width: Int
    let height: Int
    var pixels: [Float]

    init(width: Int, height: Int) {
      self.width = max(1, width)
      self.height = max(1, height)
      pixels = [Float](repeating: 1, count: self.width * self.height * 3)
    }

    mutating func draw(_ image: ImageBuffer, left: Int, top: Int) {
      let colors = image.composited(onto: SIMD3(repeating: 1))
      for row in 0..<image.height {
        let start = ((top + row) * width + left) * 3
        let source = row * image.width * 3..<(row + 1) * image.width * 3
        pixels.replaceSubrange(start..<start + image.width * 3, with: colors[source])
      }
    }

    mutating func draw(_ text: String, left: Int, top: Int) {
      for (index, character) in text.enumerated() {
        for (row, dots) in BitmapFont.rows(of: character).enumerated() {
          for column in 0..<BitmapFont.glyphWidth where dots >> (4 - column) & 1 == 1 {
            let x = left + index * BitmapFont.advance + column
            for channel in 0..<3 { pixels[((top + row) * width + x) * 3 + channel] = 0 }
          }
        }
      }
    }
  }
}

/// The absolute difference of two images, both on white, made visible.
///
///     d = min(1, gain |a − b|)    per channel
///
/// - Parameters:
///   - a: An image of any number of channels.
///   - b: An image of the same size.
///   - gain: Factor, finite and not negative; 4 shows differences of a few per cent.
/// - Returns: An image of 3 channels, black where both agree.
/// - Throws: ``NeRFCore/ShapeError`` for images of different sizes or a gain out of range.
public func differenceImage(
  _ a: ImageBuffer, _ b: ImageBuffer, gain: Float = 4
) throws(ShapeError) -> ImageBuffer {
  guard a.width == b.width, a.height == b.height else {
    throw ShapeError(
      in: "differenceImage", "b", expected: [a.height, a.width], actual: [b.height, b.width],
      fix: "Compare images of one size.")
  }
  guard gain.isFinite, gain >= 0 else {
    throw ShapeError(
      in: "differenceImage", "gain", expected: [1], actual: [0],
      fix: "Use a finite factor of at least 0, not \(gain).")
  }
  let first = a.composited(onto: SIMD3(repeating: 1))
  let second = b.composited(onto: SIMD3(repeating: 1))
  return try ImageBuffer(
    width: a.width, height: a.height, channels: 3,
    pixels: zip(first, second).map { x, y in
      // NaN stays NaN, so that writing the sheet reports it instead of showing it as agreement.
      let d = gain * abs(x - y)
      return d > 1 ? 1 : d
    })
}
