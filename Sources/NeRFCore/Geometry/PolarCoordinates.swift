extension RayBatch {
  /// Where each ray leaves a sphere around the world's origin, in normalised polar coordinates.
  ///
  /// With `A = d·d`, `b = o·d`, `C = o·o − R²`, the larger root `t = (−b + √(b² − A C)) / A` and
  /// `q = o + t d` (y is up):
  ///
  ///     θ = atan2(√(qₓ² + q_z²), q_y),   φ = atan2(q_z, qₓ),   result = (2θ/π − 1, φ/π)
  ///
  /// both in −1...1, for looking up environment maps. Directions need not have unit length. A ray
  /// that misses the sphere gives NaN.
  ///
  /// - Parameter radius: R, in scene units.
  /// - Returns: Shape `[rays, 2]`, row by row.
  public func polarCoordinates(onSphereOfRadius radius: T) -> [T] {
    var result: [T] = []
    result.reserveCapacity(2 * count)
    for ray in 0..<count {
      let (o, d) = self[ray]
      let a = (d * d).sum()
      let b = (o * d).sum()
      let c = (o * o).sum() - radius * radius
      let t = (-b + (b * b - a * c).squareRoot()) / a
      let q = o + d * t
      let theta = T.atan2(y: (q.x * q.x + q.z * q.z).squareRoot(), x: q.y)
      let phi = T.atan2(y: q.z, x: q.x)
      result.append(2 * theta / T.pi - 1)
      result.append(phi / T.pi)
    }
    return result
  }
}
