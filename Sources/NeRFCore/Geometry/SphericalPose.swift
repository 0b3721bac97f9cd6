import RealModule

extension CameraPose {
  /// A camera on a sphere that looks at the origin, in the axes of a data set.
  ///
  ///     c2w = A · R_y(θ) · R_x(φ) · Translate(0, 0, r)
  ///
  /// with `R_x(φ)` rows (1,0,0), (0,c,−s), (0,s,c), `R_y(θ)` rows (c,0,−s), (0,1,0), (s,0,c) and `A`
  /// rows (−1,0,0), (0,0,1), (0,1,0). The centre is `(r cosφ sinθ, r cosφ cosθ, −r sinφ)`, so a
  /// negative elevation looks down from above. ``convertedFromBlender(scale:)`` takes the result to
  /// marching axes.
  ///
  /// - Parameters:
  ///   - azimuth: θ, in degrees.
  ///   - elevation: φ, in degrees.
  ///   - radius: r, in units of the data set.
  public static func spherical(
    azimuth: Double, elevation: Double, radius: Double
  ) -> CameraPose {
    let theta = azimuth / 180 * Double.pi
    let phi = elevation / 180 * Double.pi
    let (c, s) = (Double.cos(theta), Double.sin(theta))
    let (p, q) = (Double.cos(phi), Double.sin(phi))
    // R_y R_x has rows (c, −s q, −s p), (0, p, −q), (s, c q, c p); A permutes and negates them.
    return CameraPose(rows: [
      [-c, s * q, s * p, radius * s * p],
      [s, c * q, c * p, radius * c * p],
      [0, p, -q, -radius * q],
    ])
  }

  /// A camera at `center` whose optical axis passes through `target`, image rows horizontal.
  ///
  /// In marching axes (world y up; camera x right, y down, z forward), with `d = (0, −1, 0)`:
  ///
  ///     forward = normalise(target − center),  right = normalise(d × forward),  down = forward × right
  ///
  /// Looking straight up or down, `d` is replaced by the z axis.
  public static func looking(from center: SIMD3<Double>, at target: SIMD3<Double>) -> CameraPose {
    let forward = normalised(target - center)
    var right = cross(SIMD3(0, -1, 0), forward)
    if (right * right).sum() < 1e-12 { right = cross(SIMD3(0, 0, 1), forward) }
    right = normalised(right)
    let down = cross(forward, right)
    let rows = (0..<3).map { axis -> [Double] in
      [right[axis], down[axis], forward[axis], center[axis]]
    }
    return CameraPose(rows: rows)
  }

  init(rows: [[Double]]) {
    self.init(trusted: rows.flatMap { $0 })
  }

  static func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
  }

  /// The unit vector along `v`; zero for a zero vector.
  static func normalised(_ v: SIMD3<Double>) -> SIMD3<Double> {
    v / ((v * v).sum().squareRoot() + 1e-10)
  }
}
