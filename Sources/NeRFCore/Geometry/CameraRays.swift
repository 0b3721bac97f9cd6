extension Camera {
  /// The rays through the centres of some pixels.
  ///
  /// Pixel `j W + i` is column `i` of row `j`; its centre is `(i + ½, j + ½)`. With the rotation `R`
  /// and the centre `c` of the pose,
  ///
  ///     d = R normalise( (i + ½ − cx) / fx, (j + ½ − cy) / fy, 1 ),    o = c
  ///
  /// Every step is rounded to `T`, as in a framework of that precision.
  ///
  /// - Parameter pixels: Indices in `0 ..< width · height`, in any order, repeated or not.
  /// - Throws: ``ValueError`` for an index outside the image.
  public func rays<T: RadianceScalar>(
    pixels: [Int], as type: T.Type = T.self
  ) throws(ValueError) -> RayBatch<T> {
    let total = width * height
    for (position, pixel) in pixels.enumerated() where pixel < 0 || pixel >= total {
      throw ValueError(
        in: "Camera.rays", "pixels[\(position)]", expected: "0 ..< \(total)", actual: "\(pixel)",
        fix: "Count pixels row by row; the image has \(width) × \(height).")
    }
    return makeRays(pixels)
  }

  /// The rays through the centres of all pixels, row by row.
  public func rays<T: RadianceScalar>(as type: T.Type = T.self) -> RayBatch<T> {
    makeRays(0..<Swift.max(0, width * height))
  }

  @specialized(where T == Float, Pixels == [Int])
  @specialized(where T == Float, Pixels == Range<Int>)
  @specialized(where T == Double, Pixels == [Int])
  private func makeRays<T: RadianceScalar, Pixels: Collection<Int>>(
    _ pixels: Pixels
  ) -> RayBatch<T> {
    let m = pose.matrix.map { T($0) }
    let fx = T(intrinsics.focalX)
    let fy = T(intrinsics.focalY)
    let cx = T(intrinsics.centerX)
    let cy = T(intrinsics.centerY)
    let half = T(0.5)
    var dx = [T](repeating: 0, count: pixels.count)
    var dy = dx
    var dz = dx
    for (ray, pixel) in pixels.enumerated() {
      let x = (T(pixel % width) + half - cx) / fx
      let y = (T(pixel / width) + half - cy) / fy
      let length = (x * x + y * y + 1).squareRoot()
      let (u, v, w) = (x / length, y / length, 1 / length)
      dx[ray] = m[0] * u + m[1] * v + m[2] * w
      dy[ray] = m[4] * u + m[5] * v + m[6] * w
      dz[ray] = m[8] * u + m[9] * v + m[10] * w
    }
    let origins = [3, 7, 11].map { [T](repeating: m[$0], count: pixels.count) }
    return RayBatch(trusted: origins, [dx, dy, dz])
  }
}
