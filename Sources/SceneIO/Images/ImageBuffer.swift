import NeRFCore

/// An image in memory: `width` × `height` pixels of 1, 3 or 4 interleaved channels.
///
/// Pixel (column `i`, row `j`) starts at `(j · width + i) · channels`. Channels are grey, red green
/// blue, or red green blue alpha with **straight** (not premultiplied) alpha. Values are display
/// values, as they stand in a file divided by its maximum; nothing here converts to linear light.
/// Values outside 0...1 are allowed in memory and clamped when an image is written.
public struct ImageBuffer: Equatable, Sendable {
  /// Number of columns, at least 1.
  public let width: Int
  /// Number of rows, at least 1.
  public let height: Int
  /// Values per pixel: 1, 3 or 4.
  public let channels: Int
  /// All values, shape `[height, width, channels]`.
  public let pixels: [Float]

  /// Takes over finished pixels.
  ///
  /// - Throws: ``NeRFCore/ShapeError`` for a size below 1, a channel count other than 1, 3 or 4, or
  ///   a number of values that is not `height · width · channels`.
  public init(width: Int, height: Int, channels: Int, pixels: [Float]) throws(ShapeError) {
    guard width > 0, height > 0 else {
      throw ShapeError(
        in: "ImageBuffer.init", "width, height", expected: [1, 1], actual: [width, height],
        fix: "Give an image at least one column and one row.")
    }
    guard channels == 1 || channels == 3 || channels == 4 else {
      throw ShapeError(
        in: "ImageBuffer.init", "channels", expected: [3], actual: [channels],
        fix: "Use 1 (grey), 3 (red green blue) or 4 (with alpha) channels.")
    }
    let (area, areaOverflows) = width.multipliedReportingOverflow(by: height)
    let (count, countOverflows) = area.multipliedReportingOverflow(by: channels)
    guard !areaOverflows, !countOverflows, pixels.count == count else {
      throw ShapeError(
        in: "ImageBuffer.init", "pixels", expected: [height, width, channels],
        actual: [pixels.count], fix: "Pass one value per channel of every pixel, row by row.")
    }
    self.init(checkedWidth: width, height: height, channels: channels, pixels: pixels)
  }

  /// Takes over pixels whose number follows from the code that made them.
  init(checkedWidth width: Int, height: Int, channels: Int, pixels: [Float]) {
    precondition(
      pixels.count == width * height * channels,
      "ImageBuffer: \(pixels.count) values for \(width)×\(height)×\(channels)")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// An image of one colour.
  ///
  /// - Throws: ``NeRFCore/ShapeError`` as ``init(width:height:channels:pixels:)``, the channels
  ///   being the number of values in `color`.
  public init(width: Int, height: Int, filledWith color: [Float]) throws(ShapeError) {
    var pixels: [Float] = []
    if width > 0, height > 0, !width.multipliedReportingOverflow(by: height).overflow {
      pixels.reserveCapacity(width * height * color.count)
      for _ in 0..<width * height { pixels += color }
    }
    try self.init(width: width, height: height, channels: color.count, pixels: pixels)
  }

  /// Number of pixels, `width · height`.
  public var pixelCount: Int { width * height }

  /// The value of one channel of the pixel in `column` and `row`; traps outside the image.
  public subscript(column column: Int, row row: Int, channel channel: Int) -> Float {
    precondition(
      (0..<width).contains(column) && (0..<height).contains(row)
        && (0..<channels).contains(channel),
      "ImageBuffer: no channel \(channel) at column \(column), row \(row)")
    return pixels[(row * width + column) * channels + channel]
  }
}
