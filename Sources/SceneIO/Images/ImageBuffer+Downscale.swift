import NeRFCore

extension ImageBuffer {
  /// The image at `1/factor` of its size; each new pixel is the mean of a block of old ones.
  ///
  /// The new size is `⌊width / factor⌋` × `⌊height / factor⌋`. Columns and rows left over at the
  /// right and at the bottom are cut off, so focal lengths and principal point divide by `factor`
  /// exactly. With alpha the mean is taken over light, not over straight colour:
  ///
  ///     a = mean(aᵢ),    c = mean(aᵢ cᵢ) / mean(aᵢ)    (0 where a = 0)
  ///
  /// so that averaging and compositing can be exchanged and empty pixels do not darken an outline.
  ///
  /// - Parameters:
  ///   - factor: Side of a block in pixels, at least 1.
  ///   - straightAlpha: Averages the straight colours channel by channel instead, as a resize
  ///     function that knows nothing of alpha does.
  /// - Throws: ``NeRFCore/ShapeError`` if `factor` is below 1 or larger than a side of the image.
  /// - Complexity: O(`width · height · channels`); sums run in `Double` over rows, then columns.
  public func downscaled(by factor: Int, straightAlpha: Bool = false) throws(ShapeError)
    -> ImageBuffer
  {
    guard factor >= 1, factor <= width, factor <= height else {
      throw ShapeError(
        in: "downscaled", "by", expected: [1, min(width, height)], actual: [factor],
        fix: "Choose a whole factor between 1 and the shorter side of the image.")
    }
    if factor == 1 { return self }
    let newWidth = width / factor
    let newHeight = height / factor
    let premultiplies = channels == 4 && !straightAlpha
    var result = [Float](repeating: 0, count: newWidth * newHeight * channels)
    for row in 0..<newHeight {
      for column in 0..<newWidth {
        var sum = SIMD4<Double>.zero
        for j in row * factor..<(row + 1) * factor {
          for i in column * factor..<(column + 1) * factor {
            let start = (j * width + i) * channels
            let weight = premultiplies ? Double(pixels[start + 3]) : 1
            for channel in 0..<channels {
              sum[channel] += Double(pixels[start + channel]) * (channel == 3 ? 1 : weight)
            }
          }
        }
        let start = (row * newWidth + column) * channels
        let area = Double(factor * factor)
        let colorWeight = premultiplies ? sum.w : area
        for channel in 0..<channels {
          let weight = channel == 3 ? area : colorWeight
          result[start + channel] = weight == 0 ? 0 : Float(sum[channel] / weight)
        }
      }
    }
    return ImageBuffer(
      checkedWidth: newWidth, height: newHeight, channels: channels, pixels: result)
  }
}
