import RealModule

/// Sines and cosines of a point at several frequencies, in every form that configurations name.
///
///     γ(x) = [x, sin(f₀x), cos(f₀x), sin(f₁x), cos(f₁x), …]
///
/// Each entry is a block with one number per coordinate; the raw point in front is optional. There is
/// no factor π. Mildenhall et al. (2020, eq. 4). Training evaluates the common case (octaves, three
/// coordinates) with ``KernelSet/frequencyBands(_:points:output:count:)``; this type defines all of
/// them, and their gradient.
public struct FrequencyEncoding: Equatable, Sendable {
  /// How the second function of a band is computed.
  public enum CosineForm: String, Sendable, Codable {
    /// `cos(a)`.
    case cosine
    /// `sin(a + π/2)` with π rounded to the working precision: the form of the torch-ngp kernel. In
    /// single precision the shift moves zeros of the cosine by up to an ulp of the argument.
    case shiftedSine
  }

  /// Coordinates of a point.
  public let dimensions: Int
  /// f₀, f₁, ….
  public let frequencies: [Double]
  /// Whether the output begins with the point itself.
  public let includesInput: Bool
  /// How cosines are computed.
  public let cosine: CosineForm

  /// An encoding with the given frequencies.
  public init(
    dimensions: Int = 3, frequencies: [Double], includesInput: Bool = true,
    cosine: CosineForm = .cosine
  ) {
    precondition(dimensions >= 1, "FrequencyEncoding: \(dimensions) dimensions")
    self.dimensions = dimensions
    self.frequencies = frequencies
    self.includesInput = includesInput
    self.cosine = cosine
  }

  /// An encoding with `bands` frequencies from 1 to 2^(bands − 1).
  ///
  /// - Parameter logarithmic: Octaves fₖ = 2ᵏ; otherwise equally spaced.
  public init(
    dimensions: Int = 3, bands: Int, logarithmic: Bool = true, includesInput: Bool = true,
    cosine: CosineForm = .cosine
  ) {
    precondition(bands >= 0, "FrequencyEncoding: \(bands) bands")
    let top = Double(sign: .plus, exponent: max(bands - 1, 0), significand: 1)
    let frequencies = (0..<bands).map { k in
      if logarithmic { return Double(sign: .plus, exponent: k, significand: 1) }
      return bands > 1 ? 1 + (top - 1) * Double(k) / Double(bands - 1) : 1
    }
    self.init(
      dimensions: dimensions, frequencies: frequencies, includesInput: includesInput,
      cosine: cosine)
  }

  /// Numbers in γ(x).
  public var outputCount: Int {
    dimensions * ((includesInput ? 1 : 0) + 2 * frequencies.count)
  }

  private var firstBand: Int { includesInput ? dimensions : 0 }

  /// γ of one point. Arguments fₖx are rounded to the working precision.
  ///
  /// - Throws: ``ShapeError`` if the point has another number of coordinates.
  public func values<T: RadianceScalar>(of point: [T]) throws(ShapeError) -> [T] {
    try check("point", point.count, dimensions)
    var output = includesInput ? point : []
    output.reserveCapacity(outputCount)
    for frequency in frequencies {
      let arguments = point.map { $0 * T(frequency) }
      output += arguments.map(T.sin)
      output += arguments.map { argument in
        cosine == .cosine ? T.cos(argument) : T.sin(argument + Self.quarterTurn())
      }
    }
    return output
  }

  /// The gradient of `Σ cotangents · γ(x)` with respect to the point:
  ///
  ///     g_x + Σₖ fₖ (g_sin,ₖ cos(fₖx) − g_cos,ₖ sin(fₖx))
  ///
  /// with the sines and cosines that ``values(of:)`` returns, also in the shifted form, whose own
  /// derivative differs from this by rounding.
  ///
  /// - Throws: ``ShapeError`` if the point or the cotangents have another length.
  public func gradient<T: RadianceScalar>(
    of point: [T], cotangents: [T]
  ) throws(ShapeError) -> [T] {
    try check("cotangents", cotangents.count, outputCount)
    let outputs = try values(of: point)
    var gradient = includesInput ? Array(cotangents[..<dimensions]) : point.map { _ in T.zero }
    for (k, frequency) in frequencies.enumerated() {
      let sine = firstBand + 2 * k * dimensions
      let cosine = sine + dimensions
      for axis in 0..<dimensions {
        gradient[axis] +=
          T(frequency)
          * (cotangents[sine + axis] * outputs[cosine + axis]
            - cotangents[cosine + axis] * outputs[sine + axis])
      }
    }
    return gradient
  }

  /// π/2, from π rounded to nearest; `Float.pi` is rounded towards zero.
  private static func quarterTurn<T: RadianceScalar>() -> T { T(Double.pi) / 2 }

  private func check(_ operand: String, _ actual: Int, _ expected: Int) throws(ShapeError) {
    guard actual == expected else {
      throw ShapeError(
        in: "FrequencyEncoding", operand, expected: [expected], actual: [actual],
        fix: "Pass one point of \(dimensions) coordinates, \(outputCount) cotangents.")
    }
  }
}
