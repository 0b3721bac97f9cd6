import RealModule

/// Conversion between sRGB values, as stored in images, and linear light, both in 0...1.
///
/// The constants are those of the released code: the exponent of the inverse is 0.41666, so a
/// round trip is off by up to 3e-5.
public enum ColorSpace {
  /// Linear light from an sRGB value: `x / 12.92` below 0.04045, else `((x + 0.055) / 1.055)^2.4`.
  @inlinable
  public static func linear<T: RadianceScalar>(fromSRGB x: T) -> T {
    x < T(0.04045) ? x / T(12.92) : T.pow((x + T(0.055)) / T(1.055), T(2.4))
  }

  /// An sRGB value from linear light: `12.92 x` below 0.0031308, else `1.055 x^0.41666 − 0.055`.
  @inlinable
  public static func sRGB<T: RadianceScalar>(fromLinear x: T) -> T {
    x < T(0.0031308) ? x * T(12.92) : T(1.055) * T.pow(x, T(0.41666)) - T(0.055)
  }
}
