public import Distill
import NeRFCore

/// Everything that ``StepInspector`` says about one step, as values.
public struct StepInspection: Sendable, Codable, Equatable {
  /// One term.
  public struct Term: Sendable, Codable, Equatable {
    public var term: LossTerm
    /// Before its rate.
    public var value: Double
    /// Its rate in this step.
    public var rate: Double
    /// Rate times value: its part of the loss.
    public var weighted: Double
    /// ``weighted`` over the loss; 0 for a loss of 0.
    public var share: Double
    /// ‖rate · ∂ℓ/∂θ‖₂ over all parameters of the student.
    public var gradientNorm: Double
    /// The same for every parameter, by name.
    public var parameterNorms: [String: Double]
  }

  /// How the gradients of two terms lie to each other.
  public struct Pair: Sendable, Codable, Equatable {
    public var first: LossTerm
    public var second: LossTerm
    /// nil where one of the gradients is zero.
    public var cosine: Double?
    /// The same for every parameter that both change, by name.
    public var parameterCosines: [String: Double]
  }

  /// Samples or rays in the order of their weight in a term.
  public struct Ranking: Sendable, Codable, Equatable {
    /// One entry.
    public struct Entry: Sendable, Codable, Equatable {
      /// Number of the ray in the batch.
      public var ray: Int
      /// Row of the sample; nil for a whole ray.
      public var row: Int?
      /// Share of the term.
      public var share: Double
    }

    public var term: LossTerm
    public var samples: [Entry]
    public var rays: [Entry]
  }

  /// The step, from 1.
  public var step: Int
  public var stage: DistillationStage
  /// Σ rate · term.
  public var loss: Double
  public var terms: [Term]
  public var pairs: [Pair]
  public var statistics: StepStatistics
  public var rankings: [Ranking]
  /// Some rays in full.
  public var traces: [SampleTrace]
  /// What active learning chooses; nil without it and before stage 3.
  public var selection: StepSelection?
  /// nil if nobody asked for it.
  public var verification: GradientVerification?
  public var findings: [Finding]
  /// The first number that is NaN or infinite; nil if there is none.
  public var trap: NonFiniteTrap?
}

/// The rays of a step as images.
public struct StepPicture: Sendable {
  /// rgb per ray, over the background.
  public let teacher: [Float]
  public let student: [Float]
  /// Share of every ray in every term that samples or pixels have a part in.
  public let shares: [LossTerm: [Double]]
  /// For every ray, how many of its samples a selection compares; nil without one and before stage 3.
  public var comparedOfRay: [Int]?
}
