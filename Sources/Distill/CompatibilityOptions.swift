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
  }
}
