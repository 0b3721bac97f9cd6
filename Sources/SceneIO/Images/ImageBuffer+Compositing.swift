extension ImageBuffer {
  /// The colours seen in front of a plain background.
  ///
  /// With straight colour `c`, opacity `a` and background `b`, per channel
  ///
  ///     p = c a + (1 − a) b
  ///
  /// An image without alpha is opaque and comes back as it is; grey is repeated three times.
  ///
  /// - Parameter background: Display colour behind the image; white in every evaluation.
  /// - Returns: Colours of shape `[height, width, 3]`.
  public func composited(onto background: SIMD3<Float>) -> [Float] {
    if channels == 3 { return pixels }
    var colors = [Float](repeating: 0, count: pixelCount * 3)
    for pixel in 0..<pixelCount {
      for channel in 0..<3 {
        if channels == 1 {
          colors[3 * pixel + channel] = pixels[pixel]
        } else {
          let alpha = pixels[4 * pixel + 3]
          colors[3 * pixel + channel] =
            pixels[4 * pixel + channel] * alpha + (1 - alpha) * background[channel]
        }
      }
    }
    return colors
  }

  /// The image in front of a plain background as an image of three channels.
  public func flattened(onto background: SIMD3<Float>) -> ImageBuffer {
    ImageBuffer(
      checkedWidth: width, height: height, channels: 3, pixels: composited(onto: background))
  }
}
