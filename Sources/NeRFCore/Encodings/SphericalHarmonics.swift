import RealModule

/// Real spherical harmonics with the Condon-Shortley sign, as polynomials of the direction.
///
/// With P_l the Legendre polynomials, `Q_lm(z) = dᵐP_l(z)/dzᵐ` and `(x + iy)ᵐ = A_m + i B_m`:
///
///     Y[l²+l+m] = N_lm Q_lm(z) A_m(x, y),    Y[l²+l−m] = N_lm Q_lm(z) B_m(x, y)   (m ≥ 1)
///     N_lm = (−1)ᵐ √((2l+1)/(4π) · (l−m)!/(l+m)!) · (√2 if m > 0)
///
/// Evaluated in this form for vectors of any length: nothing is normalised and no factor x²+y²+z²
/// is inserted, so Y₆(0) = −0.3153916 for the zero directions of padding rows.
public struct SphericalHarmonics: Sendable {
  /// Number of bands n; there are n² values.
  public let degree: Int
  /// N_lm at index l·8 + m.
  @usableFromInline let norms: [Double]

  /// - Parameter degree: Number of bands, 1...8.
  public init(degree: Int) {
    precondition((1...8).contains(degree), "SphericalHarmonics: degree \(degree) is not in 1...8")
    self.degree = degree
    var norms = [Double](repeating: 0, count: 64)
    for l in 0..<8 {
      for m in 0...l {
        var ratio = 1.0  // (l−m)! / (l+m)!
        if m > 0 { for k in (l - m + 1)...(l + m) { ratio /= Double(k) } }
        let base = (Double(2 * l + 1) / (4 * .pi) * ratio).squareRoot()
        norms[l * 8 + m] = base * (m > 0 ? Double(2).squareRoot() : 1) * (m % 2 == 0 ? 1 : -1)
      }
    }
    self.norms = norms
  }

  /// Q_lm(z) for l, m ≤ 8 at index l·9 + m, by the recurrence of the associated Legendre functions.
  @inlinable
  func derivatives<T: RadianceScalar>(_ z: T) -> [T] {
    var q = [T](repeating: 0, count: 81)
    var doubleFactorial = T(1)
    for m in 0..<9 {
      if m > 0 { doubleFactorial *= T(2 * m - 1) }
      q[m * 9 + m] = doubleFactorial
      for l in (m + 1)..<9 where m < 8 {
        let previous = l >= m + 2 ? q[(l - 2) * 9 + m] : 0
        q[l * 9 + m] = (T(2 * l - 1) * z * q[(l - 1) * 9 + m] - T(l + m - 1) * previous) / T(l - m)
      }
    }
    return q
  }

  /// A_m and B_m for m ≤ 8.
  @inlinable
  func powers<T: RadianceScalar>(_ x: T, _ y: T) -> (a: [T], b: [T]) {
    var a = [T](repeating: 1, count: 9)
    var b = [T](repeating: 0, count: 9)
    for m in 1..<9 {
      a[m] = a[m - 1] * x - b[m - 1] * y
      b[m] = a[m - 1] * y + b[m - 1] * x
    }
    return (a, b)
  }

  /// The `degree²` values of one direction, at index l² + l + m.
  @inlinable
  public func values<T: RadianceScalar>(x: T, y: T, z: T) -> [T] {
    let q = derivatives(z)
    let (a, b) = powers(x, y)
    var out = [T](repeating: 0, count: degree * degree)
    for l in 0..<degree {
      for m in 0...l {
        let factor = T(norms[l * 8 + m]) * q[l * 9 + m]
        out[l * l + l + m] = factor * a[m]
        if m > 0 { out[l * l + l - m] = factor * b[m] }
      }
    }
    return out
  }

  /// The gradient of `Σ cotangents · Y` with respect to (x, y, z): partial derivatives of the
  /// polynomials, with `∂A_m/∂x = m A_{m−1}`, `∂A_m/∂y = −m B_{m−1}`, `∂B_m/∂x = m B_{m−1}`,
  /// `∂B_m/∂y = m A_{m−1}` and `dQ_lm/dz = Q_l,m+1`.
  @inlinable
  public func gradient<T: RadianceScalar>(x: T, y: T, z: T, cotangents: [T]) -> SIMD3<T> {
    let q = derivatives(z)
    let (a, b) = powers(x, y)
    var gradient = SIMD3<T>(repeating: 0)
    for l in 0..<degree {
      for m in 0...l {
        let norm = T(norms[l * 8 + m])
        let plus = cotangents[l * l + l + m]
        let minus = m > 0 ? cotangents[l * l + l - m] : 0
        gradient.z += norm * q[l * 9 + m + 1] * (plus * a[m] + minus * b[m])
        guard m > 0 else { continue }
        let slope = norm * q[l * 9 + m] * T(m)
        gradient.x += slope * (plus * a[m - 1] + minus * b[m - 1])
        gradient.y += slope * (minus * a[m - 1] - plus * b[m - 1])
      }
    }
    return gradient
  }
}
