import RealModule

/// Window and constants of structural similarity; the defaults are those of Wang et al. (2004).
public struct SimilarityWindow: Equatable, Sendable {
  /// Taps of the Gaussian along an axis; odd.
  public var taps = 11
  /// Its standard deviation, in pixels.
  public var deviation = 1.5
  /// Constant of the means, per unit of the range.
  public var k1 = 0.01
  /// Constant of the variances, per unit of the range.
  public var k2 = 0.03

  /// 11 taps with deviation 1.5.
  public init() {}
}

/// Structural similarity of two images (Wang et al. 2004), in the two forms in use.
public struct StructuralSimilarity<T: RadianceScalar>: Sendable {
  /// Similarity per position, `[channels, height, width]`, row by row.
  public let map: [T]
  /// Mean of the map.
  public let mean: T

  /// The released form: zero-padded windows and a data-dependent range.
  ///
  /// With `max = max(max p, max t)`, variances limited to ≥ 0 and the covariance limited to
  /// `√(σ_p² σ_t²)` in magnitude.
  ///
  /// - Parameters:
  ///   - first: Shape `[height, width, channels]`, row by row.
  ///   - second: The same shape.
  ///   - largestValue: The range; nil takes the largest value of both images.
  ///   - window: The Gaussian and the constants.
  /// - Throws: ``ShapeError`` if a count is not `height · width · channels`.
  public static func pvd(
    _ first: [T], _ second: [T], height: Int, width: Int, channels: Int = 3,
    largestValue: T? = nil, window: SimilarityWindow = SimilarityWindow()
  ) throws(ShapeError) -> StructuralSimilarity {
    try check("StructuralSimilarity.pvd", first, second, height, width, channels)
    let range = largestValue ?? Swift.max(first.max() ?? 0, second.max() ?? 0)
    return make(
      first, second, height, width, channels, range, window, padding: window.taps / 2, limits: true)
  }

  /// The standard form: range 1, and only windows inside the image.
  ///
  /// - Parameters:
  ///   - first: Shape `[height, width, channels]`, row by row.
  ///   - second: The same shape.
  /// - Throws: ``ShapeError`` if a count is not `height · width · channels` or an edge is below 11.
  public static func standard(
    _ first: [T], _ second: [T], height: Int, width: Int, channels: Int = 3
  ) throws(ShapeError) -> StructuralSimilarity {
    try check("StructuralSimilarity.standard", first, second, height, width, channels)
    let window = SimilarityWindow()
    guard height >= window.taps, width >= window.taps else {
      throw ShapeError(
        in: "StructuralSimilarity.standard", "first", expected: [window.taps, window.taps],
        actual: [height, width], fix: "Pass images of at least 11 × 11 pixels.")
    }
    return make(first, second, height, width, channels, 1, window, padding: 0, limits: false)
  }

  private static func check(
    _ operation: String, _ first: [T], _ second: [T], _ height: Int, _ width: Int, _ channels: Int
  ) throws(ShapeError) {
    for (name, image) in [("first", first), ("second", second)] {
      guard height >= 0, width >= 0, channels >= 0, image.count == height * width * channels
      else {
        throw ShapeError(
          in: operation, name, expected: [height, width, channels], actual: [image.count],
          fix: "Pass both images row by row with interleaved channels.")
      }
    }
  }

  @specialized(where T == Float)
  @specialized(where T == Double)
  private static func make(
    _ first: [T], _ second: [T], _ height: Int, _ width: Int, _ channels: Int, _ range: T,
    _ window: SimilarityWindow, padding: Int, limits: Bool
  ) -> StructuralSimilarity {
    let c1 = (T(window.k1) * range) * (T(window.k1) * range)
    let c2 = (T(window.k2) * range) * (T(window.k2) * range)
    var map: [T] = []
    for channel in 0..<channels {
      let p = stride(from: channel, to: first.count, by: channels).map { first[$0] }
      let q = stride(from: channel, to: second.count, by: channels).map { second[$0] }
      func blurred(_ a: [T], _ b: [T]?) -> [T] {
        blur(b.map { b in a.indices.map { a[$0] * b[$0] } } ?? a, height, width, window, padding)
      }
      let (meanP, meanQ) = (blurred(p, nil), blurred(q, nil))
      let (squareP, squareQ, product) = (blurred(p, p), blurred(q, q), blurred(p, q))
      for i in meanP.indices {
        let (pp, qq, pq) = (meanP[i] * meanP[i], meanQ[i] * meanQ[i], meanP[i] * meanQ[i])
        var varianceP = squareP[i] - pp
        var varianceQ = squareQ[i] - qq
        var covariance = product[i] - pq
        if limits {
          varianceP = Swift.max(0, varianceP)
          varianceQ = Swift.max(0, varianceQ)
          let most = (varianceP * varianceQ).squareRoot()
          covariance = Swift.max(-most, Swift.min(most, covariance))
        }
        let numerator: T = (2 * pq + c1) * (2 * covariance + c2)
        let denominator: T = (pp + qq + c1) * (varianceP + varianceQ + c2)
        map.append(numerator / denominator)
      }
    }
    let sum = map.reduce(0.0) { $0 + Double($1) }
    return StructuralSimilarity(map: map, mean: T(sum / Double(map.count)))
  }

  /// Convolves with the separable Gaussian of the window, normalised to sum 1.
  @specialized(where T == Float)
  @specialized(where T == Double)
  private static func blur(
    _ image: [T], _ height: Int, _ width: Int, _ window: SimilarityWindow, _ padding: Int
  ) -> [T] {
    let taps = window.taps
    let raw = (0..<taps).map { tap in
      let x = T(tap - taps / 2) / T(window.deviation)
      return T.exp(-x * x / 2)
    }
    let sum = raw.reduce(0, +)
    let weights = raw.map { $0 / sum }
    let outWidth = Swift.max(0, width + 2 * padding - taps + 1)
    let outHeight = Swift.max(0, height + 2 * padding - taps + 1)
    var rows = [T](repeating: 0, count: height * outWidth)
    for y in 0..<height {
      for (tap, weight) in weights.enumerated() {
        let shift = tap - padding
        let columns =
          Swift.max(
            0, -shift)..<Swift.max(
            Swift.max(0, -shift), Swift.min(outWidth, width - shift))
        for x in columns { rows[y * outWidth + x] += weight * image[y * width + x + shift] }
      }
    }
    var result = [T](repeating: 0, count: outHeight * outWidth)
    for y in 0..<outHeight {
      for (tap, weight) in weights.enumerated() {
        let source = y + tap - padding
        guard source >= 0, source < height else { continue }
        for x in 0..<outWidth {
          result[y * outWidth + x] += weight * rows[source * outWidth + x]
        }
      }
    }
    return result
  }
}
