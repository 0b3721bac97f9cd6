/// What a field says about a batch of samples.
public struct FieldSamples<T: RadianceScalar>: Sendable {
  /// σ, shape `[rows]`, in 1 / scene unit.
  public var densities: [T]
  /// c, shape `[rows, 3]`, row by row, in 0...1.
  public var colors: [T]

  /// Wraps the two taps of a field that a renderer needs.
  public init(densities: [T], colors: [T]) {
    self.densities = densities
    self.colors = colors
  }
}

/// An image row of rays, rendered without gradients.
public struct RenderedRays<T: RadianceScalar>: Equatable, Sendable {
  /// Colour over the background, shape `[rays, 3]`, row by row.
  public var image: [T]
  /// Distance as a share of the ray's interval: `max(0, D − near) / (far − near)`, shape `[rays]`.
  public var depth: [T]
  /// W = Σ w, shape `[rays]`.
  public var opacity: [T]
}

/// The state of one round of an inference march, for looking at a march sample by sample.
public struct InferenceRound<T: RadianceScalar>: Sendable {
  /// Index of the round, from 0.
  public let index: Int
  /// The rays that took part.
  public let alive: [Int]
  /// Most samples per ray in this round.
  public let stepsPerRay: Int
  /// Where each ray stood before, as a distance.
  public let times: [Float]
  /// The samples; span i belongs to `alive[i]`.
  public let samples: SampleBatch
  /// Where each ray stands after the round; −1 for a ray that ended.
  public let timesAfter: [Float]
  /// Opacity of all rays after the round.
  public let opacity: [T]
  /// Σ w t of all rays after the round, with t absolute.
  public let weightedDistance: [T]
  /// Σ w c of all rays after the round.
  public let color: [T]
}

/// The constants of an inference march.
public struct InferenceSettings: Equatable, Sendable {
  /// Steps of the march.
  public var march: MarchSettings
  /// A ray ends with the sample in front of which its transmittance was below this.
  public var transmittanceThreshold: Float
  /// Most samples per ray in one round.
  public var largestRound: Int
  /// Leaves the depth of rays that miss the scene as 0 / 0, and pads rounds to the released size.
  public var original: Bool

  /// The published constants.
  public init(
    march: MarchSettings = MarchSettings(), transmittanceThreshold: Float = 1e-4,
    largestRound: Int = 8, original: Bool = false
  ) {
    self.march = march
    self.transmittanceThreshold = transmittanceThreshold
    self.largestRound = largestRound
    self.original = original
  }
}
