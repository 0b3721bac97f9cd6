import RealModule

/// Pose sets that know the training cameras, as PVD-AL draws them.
extension RandomPoseSet {
  /// Poses of ``synthetic`` with radii between those of the cameras, widened by 0.01 at both ends.
  ///
  /// - Parameters:
  ///   - centers: Of the training cameras, in marching axes.
  ///   - scale: Scene units per unit of the data set, in which radii are.
  /// - Throws: ``ValueError`` without a centre.
  public static func synthetic(
    around centers: [SIMD3<Double>], scale: Double
  ) throws(ValueError) -> RandomPoseSet {
    .syntheticAt(radii: try radii(of: centers, scale: scale))
  }

  /// Poses of ``tank`` with radii like those of ``synthetic(around:scale:)`` and elevations between the 5th and the
  /// 95th percentile of the cameras', m and M (linear between neighbours, in degrees):
  ///
  ///     first a = ⌊m + (M − m)/2⌋,   then whole a from m − 1 to below M + 1, both cut to integers
  ///
  /// - Throws: ``ValueError`` without a centre.
  public static func tank(
    around centers: [SIMD3<Double>], scale: Double
  ) throws(ValueError) -> RandomPoseSet {
    let radii = try radii(of: centers, scale: scale)
    let elevations = centers.map { center in
      let length = (center * center).sum().squareRoot()
      return 90 - Double.acos(length > 0 ? center.y / length : 0) * 180 / .pi
    }.sorted()
    func percentile(_ share: Double) -> Double {
      let place = share * Double(elevations.count - 1)
      let lower = Int(place)
      let upper = min(lower + 1, elevations.count - 1)
      return elevations[lower] + (place - Double(lower)) * (elevations[upper] - elevations[lower])
    }
    let (low, high) = (percentile(0.05), percentile(0.95))
    let start = Int(low - 1)
    return .tankAt(
      radii: radii, first: Int(low + (high - low) / 2),
      elevations: start..<max(start, Int(high + 1)))
  }

  private static func radii(
    of centers: [SIMD3<Double>], scale: Double
  ) throws(ValueError) -> ClosedRange<Double> {
    _ = try box(of: centers)
    let distances = centers.map { ($0 * $0).sum().squareRoot() / scale }
    let low = (distances.min() ?? 0) - 0.01
    return low...max(low, (distances.max() ?? 0) + 0.01)
  }

  /// The smallest box around some centres.
  static func box(
    of centers: [SIMD3<Double>]
  ) throws(ValueError) -> (lower: SIMD3<Double>, upper: SIMD3<Double>) {
    guard var lower = centers.first else {
      throw ValueError(
        in: "RandomPoseSet", "trainingCenters", expected: "at least one centre",
        actual: "empty", fix: "Pass the centres of the training cameras in marching axes.")
    }
    var upper = lower
    for center in centers {
      lower = pointwiseMin(lower, center)
      upper = pointwiseMax(upper, center)
    }
    return (lower, upper)
  }

  static func forwardFacingTurned(
    _ centers: [SIMD3<Double>], random: CounterRandom, options: Options
  ) throws(ValueError) -> [CameraPose] {
    // Half a unit nearer, so that cameras around the origin look into the scene.
    let shift = SIMD3(0, 0, 0.5)
    var (lower, upper) = try box(of: centers.map { $0 + shift })
    upper += (upper - lower) / 10
    lower -= (upper - lower) / 10
    return (0..<30).map { index in
      let u = (0..<6).map { random.uniformDouble(at: 6 * index + $0) }
      let center = lower + (upper - lower) * SIMD3(u[0], u[1], u[2])
      let angles = u[3...].map { (2 * $0 - 1) * Double.pi / 20 }
      var pose = CameraPose.looking(from: center, at: SIMD3())
      if options.llffElementFlip {
        // The released code takes right = forward × (0, −1, 0), the opposite of image right, and mirrors the
        // world's x axis for it, which also mirrors where the camera looks.
        for row in [0, 4, 8] { pose.matrix[row] = -pose.matrix[row] }
      }
      pose = pose.turned(roll: angles[0], pitch: angles[1], yaw: angles[2])
      if options.llffElementFlip { for i in 0..<3 { pose.matrix[i] = -pose.matrix[i] } }
      pose.matrix[11] -= shift.z
      return pose
    }
  }
}
