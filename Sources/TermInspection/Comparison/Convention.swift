import Distill

/// Something that two implementations of a distillation step may do differently.
///
/// A comparison with a dump names the one under which the numbers agree.
public enum Convention: String, CaseIterable, Sendable, Codable {
  // Parameters.
  case halfPrecisionParameters
  // Samples.
  case noJitter
  case fixedMarchJitter
  // Taps.
  case otherSamples
  case unclampedLogDensity
  case densityForLogDensity
  case encodedColors
  case linearColors
  case reversedDirections
  case intervalMidpoints
  case intervalEnds
  case clampedColorFeatures
  case unclampedColorFeatures
  // Images.
  case whiteBackground
  case blackBackground
  case gapsForIntervals
  // Terms.
  case paddingIncluded
  case paddingExcluded
  case targetsClamped
  case targetsNotClamped
  case normL2
  case meanL2
  case normL1
  case meanL1
  case smoothL1
  case squaredNorm
  // The weighted sum and its gradient.
  case rateDecayedAfterUse
  case rateNotDecayed
  case rateDecayedTwice
  case withoutFeatures
  case withoutDensity
  case withoutColor
  case withoutRgb
  case withoutDepth
  case withoutL1
  case lossScale
  case weightDecayInGradient
  case otherRates

  /// Ends the sentence "It matches if …".
  public var condition: String {
    switch self {
    case .halfPrecisionParameters: "parameters are rounded to half precision"
    case .noJitter: "the march starts without an offset"
    case .fixedMarchJitter: "the offsets of the march are the same in every step (PCG32, seed 42)"
    case .otherSamples: "the field is evaluated elsewhere along the rays than the other one"
    case .unclampedLogDensity: "log-densities are dumped before their clamp"
    case .densityForLogDensity: "σ stands where S belongs"
    case .encodedColors: "colours go through the sRGB curve"
    case .linearColors: "colours are linear, the curve of sRGB undone"
    case .reversedDirections: "directions point from the sample to the camera"
    case .intervalMidpoints: "samples lie in the middle of their intervals"
    case .intervalEnds: "samples lie at the end of their intervals"
    case .clampedColorFeatures: "the colour features of vm are clamped"
    case .unclampedColorFeatures: "the colour features of vm are not clamped"
    case .whiteBackground: "the background is white"
    case .blackBackground: "the background is black"
    case .gapsForIntervals: "opacity takes the distance from the previous sample for δ"
    case .paddingIncluded: "padding rows are included"
    case .paddingExcluded: "padding rows are left out"
    case .targetsClamped: "the teacher's log-densities are clamped to the student's range"
    case .targetsNotClamped: "the teacher's log-densities are compared without a clamp"
    case .normL2: "the loss is the norm √Σe²"
    case .meanL2: "the loss is the mean of e²"
    case .normL1: "the loss is the sum of ∣e∣"
    case .meanL1: "the loss is the mean of ∣e∣"
    case .smoothL1: "the loss is smooth L1 with β = 0.05"
    case .squaredNorm: "the loss is Σe², without the root"
    case .rateDecayedAfterUse: "the feature rate is decayed after use"
    case .rateNotDecayed: "the feature rate is not decayed"
    case .rateDecayedTwice: "the feature rate is decayed twice a step"
    case .withoutFeatures: "the term of features is left out"
    case .withoutDensity: "the term of log-densities is left out"
    case .withoutColor: "the term of colours is left out"
    case .withoutRgb: "the term of pixels is left out"
    case .withoutDepth: "the term of depths is left out"
    case .withoutL1: "the L1 term is left out"
    case .lossScale: "everything is multiplied by the same number"
    case .weightDecayInGradient: "the weight decay is added to the gradient"
    case .otherRates: "the terms have other rates"
    }
  }

  static func kind(_ kind: LossKind) -> Convention {
    switch kind {
    case .normL2: .normL2
    case .meanL2: .meanL2
    case .normL1: .normL1
    case .meanL1: .meanL1
    case .smoothL1: .smoothL1
    }
  }

  static func without(_ term: LossTerm) -> Convention {
    switch term {
    case .features: .withoutFeatures
    case .density: .withoutDensity
    case .color: .withoutColor
    case .rgb: .withoutRgb
    case .depth: .withoutDepth
    case .l1: .withoutL1
    }
  }
}
