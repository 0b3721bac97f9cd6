import Fields
import NeRFCore
import RealModule

/// The three stages of progressive volume distillation.
public enum DistillationStage: Int, Sendable, Codable, CaseIterable {
  /// Only the feature vectors F are compared; networks stop there.
  case features = 1
  /// F, S and C are compared; no compositing.
  case volume = 2
  /// Rendered pixels as well.
  case image = 3

  /// How far the fields are evaluated.
  public var detail: TapDetail { self == .features ? .features : .full }
}

/// When the stages change.
///
/// With the 1-based step g: stage 1 while `g < first`, stage 2 while `g < second`, then stage 3.
public struct StageSchedule: Equatable, Sendable, Codable {
  /// First step of stage 2 (or later); at most 1 for no stage 1.
  public var first: Int
  /// First step of stage 3.
  public var second: Int

  /// Borders as PVD's `stage_iters` gives them.
  public init(first: Int, second: Int) {
    self.first = first
    self.second = second
  }

  /// The published borders, for 30,000 steps.
  public static let published = StageSchedule(first: 2000, second: 5000)

  /// The borders for a short run: a fifteenth of its steps for stage 1, the last fifth for stage 3.
  ///
  /// Published is a fifteenth and then five sixths of stage 3. But the pixel term outweighs the others
  /// by its rate of 1 against 0.002, and its gradient is noisier than theirs: at a learning rate that
  /// is still high it undoes what stage 2 has learned. See `Docs/Decisions/0005-late-image-stage.md`.
  public static func short(iterations: Int) -> StageSchedule {
    StageSchedule(
      first: max(2, iterations / 15), second: max(3, iterations + 1 - max(1, iterations / 5)))
  }

  /// The stage of step `step` (from 1).
  ///
  /// Stage 1 needs the feature tap on both sides: without it stage 2 begins at once. The same holds
  /// if the feature term has no weight.
  public func stage(of step: Int, comparesFeatures: Bool) -> DistillationStage {
    if comparesFeatures && step < first { return .features }
    return step < second ? .volume : .image
  }
}

/// Weights of the distillation terms.
public struct LossRates: Equatable, Sendable, Codable {
  /// Rendered pixels.
  public var rgb = 1.0
  /// Feature vectors; decays by ``featureDecay`` per step.
  public var features = 0.002
  /// Colours of samples.
  public var color = 0.002
  /// Log-densities of samples.
  public var density = 0.002
  /// Depths of rays.
  public var depth = 0.0
  /// L1 of the density factors of a `vm` student.
  public var l1 = 1e-4
  /// Factor on the feature rate, applied once per step, before use.
  public var featureDecay = 0.995

  /// The published rates.
  public init() {}

  /// Reads rates; those that a file of an earlier version does not have keep their published values.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    for (key, path) in Self.paths {
      if let value = try values.decodeIfPresent(Double.self, forKey: key) {
        self[keyPath: path] = value
      }
    }
  }

  private static var paths: [(CodingKeys, WritableKeyPath<LossRates, Double>)] {
    [
      (.rgb, \.rgb), (.features, \.features), (.color, \.color), (.density, \.density),
      (.depth, \.depth), (.l1, \.l1), (.featureDecay, \.featureDecay),
    ]
  }

  private enum CodingKeys: CodingKey {
    case rgb, features, color, density, depth, l1, featureDecay
  }

  /// The feature rate used by step `step` (from 1): `features · featureDecay^step`.
  public func featureRate(at step: Int) -> Double {
    features * Double.pow(featureDecay, Double(step))
  }
}
