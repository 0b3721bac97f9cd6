/// A bug that has been seen in the field's software, or is easy to make.
public enum Mutation: String, Sendable, CaseIterable {
  // Hash grid
  case wrongPrime
  case rotatedPrimes
  case missingHalfCell
  case halfPrecisionTable
  case denseSwitchOffByOne
  case finestResolutionOffByOne
  case flippedAlignCorners
  case scatterLosesDuplicates
  // Spherical harmonics, frequencies, exponential
  case missingCondonShortley
  case normalisedDirection
  case cosineFirst
  case rawValueLast
  case spuriousPi
  case gradientClampAt15
  case gradientNotClamped
  // Volume
  case reversedVolumeAxes
  case halfTexelShift
  // Network
  case halfPrecisionWeights
  case skipBehindActivations
  case missingReLUGradient
  case gradientAtKink
  case clampGradientPassed
  // Compositing
  case inclusiveTransmittance
  case infiniteLastInterval
  case earlyStop
  case missingOpacityGradient
  case depthOfFirstDelta
  case missingDepthGradient
  case cancelledAlpha
  case paddingRowsCount
  case backgroundWithOpacity
  // Marching
  case sampleAtMidpoint
  case gapWithoutSkip
  case skipOffTheLattice
  case sameJitterForAll
  case overflowWritten
  case earlyStopOffByOne
  // Losses and optimiser
  case squaredNorm
  case averagedNorm
  case normGradientNaN
  case coupledWeightDecay
  case missingBiasCorrection
  case epsilonInsideRoot
  case oneStepBehind
  // Rays, colours, occupancy
  case missingHalfPixel
  case flippedCameraAxes
  case unnormalisedRays
  case swappedColorSpaces
  case swappedMortonAxes
  case highBitFirst
  case inclusiveThreshold
  case missingGridDecay
  // Distillation
  case featureRateDecayedAfterUse
  case stageBorderOffByOne
  case paddingLeftOut
  case selectionIgnored
  case depthTermIgnored

  /// The operation it breaks.
  public var operation: String {
    switch self {
    case .wrongPrime, .rotatedPrimes, .missingHalfCell, .halfPrecisionTable, .denseSwitchOffByOne,
      .finestResolutionOffByOne, .flippedAlignCorners, .scatterLosesDuplicates:
      "hash_grid_encoding"
    case .missingCondonShortley, .normalisedDirection: "sh_encoding"
    case .cosineFirst, .rawValueLast, .spuriousPi: "frequency_encoding"
    case .gradientClampAt15, .gradientNotClamped: "trunc_exp"
    case .reversedVolumeAxes, .halfTexelShift: "plenoxel_field"
    case .halfPrecisionWeights, .skipBehindActivations, .missingReLUGradient, .gradientAtKink:
      "nerf_mlp_trunk"
    case .clampGradientPassed: "field_forward"
    case .backgroundWithOpacity, .earlyStopOffByOne: "march_composite_inference"
    case .sampleAtMidpoint, .gapWithoutSkip, .skipOffTheLattice, .sameJitterForAll,
      .overflowWritten:
      "march_rays_train"
    case .inclusiveTransmittance, .infiniteLastInterval, .earlyStop, .missingOpacityGradient,
      .depthOfFirstDelta, .missingDepthGradient, .cancelledAlpha, .paddingRowsCount:
      "composite_rays_train"
    case .squaredNorm, .averagedNorm, .normGradientNaN: "distill_loss"
    case .coupledWeightDecay, .missingBiasCorrection, .epsilonInsideRoot, .oneStepBehind:
      "adamw_cosine"
    case .missingHalfPixel, .flippedCameraAxes, .unnormalisedRays: "get_rays"
    case .swappedColorSpaces: "srgb"
    case .swappedMortonAxes: "morton3D"
    case .highBitFirst, .inclusiveThreshold: "packbits"
    case .missingGridDecay: "density_grid_update"
    case .featureRateDecayedAfterUse, .paddingLeftOut: "pvd_distill_step"
    case .selectionIgnored, .depthTermIgnored: "pvd_al_distill_step"
    case .stageBorderOffByOne: "pvd_distill_sequence"
    }
  }

  /// What is wrong, in a few words.
  public var summary: String {
    switch self {
    case .wrongPrime: "805459861 of the spatial hash is 805459863"
    case .rotatedPrimes: "the primes are rotated over the axes"
    case .missingHalfCell: "the half cell is not added to scaled positions"
    case .halfPrecisionTable: "the table is stored in half precision"
    case .denseSwitchOffByOne: "a level is dense if cells, not corners, fit into the table"
    case .finestResolutionOffByOne: "the finest level has one cell more"
    case .flippedAlignCorners: "align_corners is the other way round"
    case .scatterLosesDuplicates: "of two gradients for one row only the last counts"
    case .missingCondonShortley: "harmonics of odd order have the other sign"
    case .normalisedDirection: "the direction is normalised first"
    case .cosineFirst: "cosines stand before sines"
    case .rawValueLast: "the raw value stands behind the waves"
    case .spuriousPi: "frequencies are multiplied by π"
    case .gradientClampAt15: "the gradient is clamped at 15 instead of 12"
    case .gradientNotClamped: "the gradient is not clamped"
    case .reversedVolumeAxes: "x addresses the first axis instead of the last"
    case .halfTexelShift: "texel centres instead of corners are aligned"
    case .halfPrecisionWeights: "weights are stored in half precision"
    case .skipBehindActivations: "the skip connection is put behind the activations"
    case .missingReLUGradient: "the gradient passes units that are off"
    case .gradientAtKink: "the gradient passes units at exactly zero"
    case .clampGradientPassed: "the gradient passes log-densities outside the clamp"
    case .inclusiveTransmittance: "the transmittance behind the sample weights it"
    case .infiniteLastInterval: "the last interval of a ray is 1e10"
    case .earlyStop: "a ray ends where its transmittance falls below 1e-4"
    case .missingOpacityGradient: "no gradient comes back through the opacity"
    case .depthOfFirstDelta: "the depth sums step lengths instead of distances"
    case .missingDepthGradient: "no gradient comes back through the depth"
    case .cancelledAlpha: "opacity is 1 − exp(−x) instead of −expm1(−x)"
    case .paddingRowsCount: "the last ray takes the padding rows"
    case .backgroundWithOpacity: "the background is weighted with W instead of 1 − W"
    case .sampleAtMidpoint: "samples lie in the middle of their intervals instead of at the start"
    case .gapWithoutSkip: "empty space in front of a sample does not count into its distance"
    case .skipOffTheLattice: "empty cells are left at their face instead of at the next step"
    case .sameJitterForAll: "all rays are displaced by the same number"
    case .overflowWritten: "a ray that does not fit is written as far as there is room"
    case .earlyStopOffByOne: "a ray ends by the transmittance behind a sample, one sample early"
    case .squaredNorm: "the norm is squared"
    case .normGradientNaN: "the gradient of a norm of zero is 0 / 0"
    case .averagedNorm: "the norm is divided by the number of entries"
    case .coupledWeightDecay: "the weight decay is added to the gradient"
    case .missingBiasCorrection: "moments are not corrected for their start"
    case .epsilonInsideRoot: "ε is added inside the root"
    case .oneStepBehind: "the schedule is advanced before the step"
    case .missingHalfPixel: "rays start at the corners of pixels"
    case .flippedCameraAxes: "y and z of the camera are flipped"
    case .unnormalisedRays: "ray directions are not normalised"
    case .swappedColorSpaces: "sRGB and linear are exchanged"
    case .swappedMortonAxes: "x and z of the Morton order are exchanged"
    case .highBitFirst: "the first cell is the highest bit"
    case .inclusiveThreshold: "a density at the threshold sets its bit"
    case .missingGridDecay: "old densities do not decay"
    case .featureRateDecayedAfterUse: "the feature rate decays after use"
    case .stageBorderOffByOne: "stages change one step late"
    case .selectionIgnored: "all samples are compared, not the weightiest"
    case .depthTermIgnored: "the depth term is not added"
    case .paddingLeftOut: "padding rows do not enter the loss, unlike in the original"
    }
  }
}

/// A difference that a correct implementation may have: no verification may reject it.
public enum HonestVariant: String, Sendable, CaseIterable {
  /// The textbook form as it stands.
  case plain
  /// Products and sums contracted to one rounding.
  case fused
  /// Sums from the last term to the first.
  case reversedSums
  /// An exponential of its own: reduced to ±½ ln 2, then a polynomial.
  case otherExponential

  /// What it does otherwise, in a few words.
  public var summary: String {
    switch self {
    case .plain: "the textbook form"
    case .fused: "products and sums fused to one rounding"
    case .reversedSums: "sums from the last term to the first"
    case .otherExponential: "exponentials by reduction and a polynomial"
    }
  }
}
