extension Camera {
  /// The pixel in which a point is seen, whatever stands in front of it; nil behind the camera and outside the image.
  ///
  /// With q = Rᵀ (p − c), the inverse of ``rays(pixels:as:)``:
  ///
  ///     column = ⌊fx q_x / q_z + cx⌋,    row = ⌊fy q_y / q_z + cy⌋
  ///
  /// - Parameter point: In scene units, marching axes.
  public func pixel(of point: SIMD3<Double>) -> (column: Int, row: Int)? {
    let m = pose.matrix
    let p = point - pose.center
    let q = (0..<3).map { axis in
      m[axis] * p.x + m[4 + axis] * p.y + m[8 + axis] * p.z
    }
    guard q[2] > 0 else { return nil }
    let column = intrinsics.focalX * q[0] / q[2] + intrinsics.centerX
    let row = intrinsics.focalY * q[1] / q[2] + intrinsics.centerY
    guard column >= 0, row >= 0, column < Double(width), row < Double(height) else { return nil }
    return (Int(column), Int(row))
  }
}
