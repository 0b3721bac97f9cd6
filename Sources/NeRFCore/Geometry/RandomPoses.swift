import RealModule

/// The sets of virtual cameras from which a distillation renders its targets.
///
/// One set is drawn per epoch; every pose is used once. The reference poses have the scale of the
/// data set; see ``Options`` for what the released code does instead.
public enum RandomPoseSet: Equatable, Sendable {
  /// 312 poses on the upper hemisphere around an object: radius 4, denser towards the horizon.
  case synthetic
  /// 87 poses in a low band around a large object: radius 3 to 4.
  case tank
  /// 30 poses in the box of the training cameras' centres (marching axes), looking at the origin.
  case forwardFacing(trainingCenters: [SIMD3<Double>])
  /// Like ``synthetic``, as far from the object as some cameras; see ``synthetic(around:scale:)``.
  case syntheticAt(radii: ClosedRange<Double>)
  /// Like ``tank``, as far and as high as some cameras; see ``tank(around:scale:)``.
  case tankAt(radii: ClosedRange<Double>, first: Int, elevations: Range<Int>)
  /// 30 poses in a wider box of the training cameras' centres, turned a little; see
  /// ``poses(seed:epoch:scale:options:)``.
  case forwardFacingTurned(trainingCenters: [SIMD3<Double>])

  /// Behaviour of the released code that a comparison may need.
  public struct Options: Equatable, Sendable {
    /// Places spherical poses with scale 0.8 whatever the scale of the data set.
    public var fixedRandomPoseScale: Bool
    /// Negates only `R[0][0]` of a mirrored forward-facing pose, which leaves no rotation.
    public var llffElementFlip: Bool

    /// The reference behaviour unless a switch is set.
    public init(fixedRandomPoseScale: Bool = false, llffElementFlip: Bool = false) {
      self.fixedRandomPoseScale = fixedRandomPoseScale
      self.llffElementFlip = llffElementFlip
    }
  }

  /// The parameter `a` of each spherical pose, in degrees above the horizon.
  ///
  /// One pose with 8, then `(90 − a) div 15 + 1` poses for each whole `a`.
  private var bands: [Double] {
    var first = 8
    let range: Range<Int>
    switch self {
    case .synthetic, .syntheticAt: range = 0..<80
    case .tank: range = 5..<20
    case .tankAt(_, let own, let elevations): (first, range) = (own, elevations)
    case .forwardFacing, .forwardFacingTurned: return []
    }
    var result = [Double(first)]
    for band in range {
      result.append(contentsOf: repeatElement(Double(band), count: (90 - band) / 15 + 1))
    }
    return result
  }

  /// Number of poses in one set.
  public var count: Int {
    switch self {
    case .forwardFacing, .forwardFacingTurned: 30
    case .synthetic, .tank, .syntheticAt, .tankAt: bands.count
    }
  }

  /// Draws the set of one epoch, in marching axes.
  ///
  /// Spherical: azimuth uniform in −180...180 degrees; elevation uniform in `−a ... (a ≥ 5 ? 5 − a : 0)`;
  /// radius 4, for ``tank`` uniform in 3...4 except for its first pose; with radii of its own uniform in these.
  /// Forward facing: centres uniform in the box of the training centres, widened by 1e-6, looking at the origin.
  /// Turned: the box is a tenth of its extent larger above, then a tenth of that below; the poses look at
  /// (0, 0, −½) and are turned by three angles, each uniform in −π/20...π/20, see
  /// ``CameraPose/turned(roll:pitch:yaw:)``. Released code of PVD and PVD-AL.
  ///
  /// - Parameters:
  ///   - seed: Identifies the run.
  ///   - epoch: Each epoch has a set of its own.
  ///   - scale: Scene units per unit of the data set; not used for forward-facing sets.
  ///   - options: Switches for the released behaviour.
  /// - Throws: ``ValueError`` for a forward-facing set without training centres.
  public func poses(
    seed: UInt64, epoch: Int, scale: Double, options: Options = Options()
  ) throws(ValueError) -> [CameraPose] {
    let random = CounterRandom(seed: seed, purpose: .poses, stream: epoch)
    var radii: ClosedRange<Double>?
    switch self {
    case .forwardFacing(let centers):
      return try Self.forwardFacing(centers, random: random, options: options)
    case .forwardFacingTurned(let centers):
      return try Self.forwardFacingTurned(centers, random: random, options: options)
    case .syntheticAt(let own): radii = own
    case .tankAt(let own, _, _): radii = own
    case .tank: radii = 3...4
    case .synthetic: break
    }
    // Sets that know cameras know their scale, too.
    let ownsScale = self != .synthetic && self != .tank
    let used = options.fixedRandomPoseScale && !ownsScale ? 0.8 : scale
    return bands.enumerated().map { index, band in
      let low = -band
      let high = band >= 5 ? 5 - band : 0
      let varying = self == .tank && index == 0 ? nil : radii
      return CameraPose.spherical(
        azimuth: -180 + 360 * random.uniformDouble(at: 3 * index),
        elevation: low + (high - low) * random.uniformDouble(at: 3 * index + 1),
        radius: varying.map {
          $0.lowerBound + ($0.upperBound - $0.lowerBound) * random.uniformDouble(at: 3 * index + 2)
        } ?? 4
      ).convertedFromBlender(scale: used)
    }
  }

  private static func forwardFacing(
    _ centers: [SIMD3<Double>], random: CounterRandom, options: Options
  ) throws(ValueError) -> [CameraPose] {
    let box = try box(of: centers)
    let lower = box.lower - SIMD3(repeating: 1e-6)
    let upper = box.upper + SIMD3(repeating: 1e-6)
    return (0..<30).map { index in
      let u = SIMD3(
        random.uniformDouble(at: 3 * index), random.uniformDouble(at: 3 * index + 1),
        random.uniformDouble(at: 3 * index + 2))
      var pose = CameraPose.looking(from: lower + (upper - lower) * u, at: SIMD3())
      if options.llffElementFlip {
        // The released code takes right = forward × (0, −1, 0), the opposite of image right, and
        // then negates one element instead of the column.
        pose.matrix[4] = -pose.matrix[4]
        pose.matrix[8] = -pose.matrix[8]
      }
      return pose
    }
  }
}
