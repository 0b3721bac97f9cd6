/// Where the released PVD program and a clean definition differ, one named switch each.
///
/// ``reference`` is what this library considers right; ``original`` reproduces the released code for
/// comparison. The text of each switch says what `true` does.
public struct CompatibilityOptions: Equatable, Sendable, Codable {
  /// Zero rows at the end of a sample buffer enter the tap losses.
  public var lossIncludesPaddingRows: Bool
  /// Buffers have the size of the teacher's mean count, and rays that do not fit are dropped.
  public var meanCountBudget: Bool
  /// The offset of a ray's first sample is the same in every step (PCG32, seed 42).
  public var fixedMarchJitter: Bool
  /// Random poses ignore the scene's scale and use 0.8.
  public var fixedRandomPoseScale: Bool
  /// Random forward-facing poses negate one matrix element, which leaves no rotation.
  public var llffElementFlip: Bool
  /// The occupancy grid sees the density of `tensors` without its clamp.
  public var unclampedTensorsDensity: Bool
  /// A `vm` teacher is distilled with its colour features clamped to the log-density range, although
  /// it was trained without. Both presets do it, as the released code; false takes it as it was trained.
  public var clampVMColorFeatures = true
  /// A student of the teacher's architecture starts from the teacher's weights.
  public var inheritSameType: Bool
  /// Teacher log-densities outside the student's range are clamped before they are compared.
  public var clampEditedTargets: Bool
  /// Training depth subtracts the near distance twice.
  public var legacyTrainingDepth: Bool
  /// Rays that miss the box have NaN depth when rendered.
  public var missedDepthIsNaN: Bool
  /// Active learning takes the pose at the place of an image in its epoch for the one that was rendered.
  public var misalignedPosePSNR: Bool
  /// Rays that are replayed count for the PSNR of the image in front of them.
  public var posePSNRWithReplayedRays: Bool

  /// The clean definition.
  public static let reference = CompatibilityOptions(isOriginal: false)
  /// The released code.
  public static let original = CompatibilityOptions(isOriginal: true)

  private init(isOriginal: Bool) {
    lossIncludesPaddingRows = isOriginal
    meanCountBudget = isOriginal
    fixedMarchJitter = isOriginal
    fixedRandomPoseScale = isOriginal
    llffElementFlip = isOriginal
    unclampedTensorsDensity = isOriginal
    inheritSameType = isOriginal
    clampEditedTargets = !isOriginal
    legacyTrainingDepth = isOriginal
    missedDepthIsNaN = isOriginal
    misalignedPosePSNR = isOriginal
    posePSNRWithReplayedRays = isOriginal
  }

  /// Reads switches; those that a file of an earlier version does not have are those of ``reference``.
  public init(from decoder: any Decoder) throws {
    self = .reference
    let values = try decoder.container(keyedBy: CodingKeys.self)
    for (key, path) in Self.paths {
      if let value = try values.decodeIfPresent(Bool.self, forKey: key) {
        self[keyPath: path] = value
      }
    }
  }

  private enum CodingKeys: CodingKey {
    case lossIncludesPaddingRows, meanCountBudget, fixedMarchJitter, fixedRandomPoseScale
    case llffElementFlip, unclampedTensorsDensity, clampVMColorFeatures, inheritSameType
    case clampEditedTargets, legacyTrainingDepth, missedDepthIsNaN, misalignedPosePSNR
    case posePSNRWithReplayedRays
  }

  private static var paths: [(CodingKeys, WritableKeyPath<CompatibilityOptions, Bool>)] {
    [
      (.lossIncludesPaddingRows, \.lossIncludesPaddingRows), (.meanCountBudget, \.meanCountBudget),
      (.fixedMarchJitter, \.fixedMarchJitter), (.fixedRandomPoseScale, \.fixedRandomPoseScale),
      (.llffElementFlip, \.llffElementFlip), (.unclampedTensorsDensity, \.unclampedTensorsDensity),
      (.clampVMColorFeatures, \.clampVMColorFeatures), (.inheritSameType, \.inheritSameType),
      (.clampEditedTargets, \.clampEditedTargets), (.legacyTrainingDepth, \.legacyTrainingDepth),
      (.missedDepthIsNaN, \.missedDepthIsNaN), (.misalignedPosePSNR, \.misalignedPosePSNR),
      (.posePSNRWithReplayedRays, \.posePSNRWithReplayedRays),
    ]
  }
}
