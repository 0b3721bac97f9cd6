import RealModule

/// Distances between an image and its ground truth, as numbers of the whole image.
public enum ImageError {
  /// `mean (p − t)²` over all pixels and channels, summed in double precision; NaN for no values.
  ///
  /// - Parameter clipping: Limits predictions to 0...1 first; the published numbers do not.
  /// - Throws: ``ShapeError`` if the counts differ.
  public static func meanSquared<T: RadianceScalar>(
    _ prediction: [T], _ truth: [T], clipping: Bool = false
  ) throws(ShapeError) -> Double {
    guard prediction.count == truth.count else {
      throw ShapeError(
        in: "ImageError.meanSquared", "truth", expected: [prediction.count],
        actual: [truth.count], fix: "Compare images of one size.")
    }
    var sum = 0.0
    for index in prediction.indices {
      var value = Double(prediction[index])
      if clipping { value = min(1, max(0, value)) }
      let error = value - Double(truth[index])
      sum += error * error
    }
    return sum / Double(prediction.count)
  }

  /// Peak signal-to-noise ratio `−10 log₁₀(mean (p − t)²)` for a peak of 1, in dB.
  ///
  /// Infinite for equal images. The released code reports its first five characters; this is the
  /// full value.
  ///
  /// - Throws: ``ShapeError`` if the counts differ.
  public static func peakSignalToNoise<T: RadianceScalar>(
    _ prediction: [T], _ truth: [T], clipping: Bool = false
  ) throws(ShapeError) -> Double {
    -10 * Double.log10(try meanSquared(prediction, truth, clipping: clipping))
  }
}
