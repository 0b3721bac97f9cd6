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
  // Compositing
  case inclusiveTransmittance
  case infiniteLastInterval
  case earlyStop
  case missingOpacityGradient
  case depthOfFirstDelta
  // Losses and optimiser
  case squaredNorm
  case averagedNorm
  case coupledWeightDecay
  case missingBiasCorrection
  // Rays, colours, occupancy
  case missingHalfPixel
  case flippedCameraAxes
  case unnormalisedRays
  case swappedColorSpaces
  case swappedMortonAxes
  case highBitFirst
  case missingGridDecay
  // Distillation
  case featureRateDecayedAfterUse
  case stageBorderOffByOne

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
    case .halfPrecisionWeights, .skipBehindActivations, .missingReLUGradient: "nerf_mlp_trunk"
    case .inclusiveTransmittance, .infiniteLastInterval, .earlyStop, .missingOpacityGradient,
      .depthOfFirstDelta:
      "composite_rays_train"
    case .squaredNorm, .averagedNorm: "distill_loss"
    case .coupledWeightDecay, .missingBiasCorrection: "adamw_cosine"
    case .missingHalfPixel, .flippedCameraAxes, .unnormalisedRays: "get_rays"
    case .swappedColorSpaces: "srgb"
    case .swappedMortonAxes: "morton3D"
    case .highBitFirst: "packbits"
    case .missingGridDecay: "density_grid_update"
    case .featureRateDecayedAfterUse: "pvd_distill_step"
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
    case .inclusiveTransmittance: "the transmittance behind the sample weights it"
    case .infiniteLastInterval: "the last interval of a ray is 1e10"
    case .earlyStop: "a ray ends where its transmittance falls below 1e-4"
    case .missingOpacityGradient: "no gradient comes back through the opacity"
    case .depthOfFirstDelta: "the depth sums step lengths instead of distances"
    case .squaredNorm: "the norm is squared"
    case .averagedNorm: "the norm is divided by the number of entries"
    case .coupledWeightDecay: "the weight decay is added to the gradient"
    case .missingBiasCorrection: "moments are not corrected for their start"
    case .missingHalfPixel: "rays start at the corners of pixels"
    case .flippedCameraAxes: "y and z of the camera are flipped"
    case .unnormalisedRays: "ray directions are not normalised"
    case .swappedColorSpaces: "sRGB and linear are exchanged"
    case .swappedMortonAxes: "x and z of the Morton order are exchanged"
    case .highBitFirst: "the first cell is the highest bit"
    case .missingGridDecay: "old densities do not decay"
    case .featureRateDecayedAfterUse: "the feature rate decays after use"
    case .stageBorderOffByOne: "stages change one step late"
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
}
