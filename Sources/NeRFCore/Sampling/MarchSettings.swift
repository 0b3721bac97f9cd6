/// The constants of a march along rays.
public struct MarchSettings: Equatable, Sendable {
  /// Largest number of samples per ray; the smallest step is `2√3 / maximumSteps` scene units.
  public var maximumSteps: Int
  /// Growth of the step with distance (`dt_gamma`); 0 keeps every step the smallest.
  public var stepGrowth: Float
  /// Leaves out the skipping of empty blocks, which does not change a result.
  package var skipsOnlyCells = false

  /// 1024 steps of constant length unless told otherwise.
  public init(maximumSteps: Int = 1024, stepGrowth: Float = 0) {
    self.maximumSteps = maximumSteps
    self.stepGrowth = stepGrowth
  }

  /// `2√3 / maximumSteps` in single precision: the diagonal of the unit cube in that many steps.
  public var smallestStep: Float { 2 * Float(3).squareRoot() / Float(Swift.max(1, maximumSteps)) }
}

/// How the first sample of each ray is displaced, as a fraction of the smallest step.
public enum MarchJitter: Equatable, Sendable {
  /// Not at all.
  case none
  /// The released code: ``PCG32`` seeded with 42 in every march; ray n takes output n + 1.
  case fixedPCG32
  /// Independent numbers for every step and ray.
  case random(seed: UInt64, step: Int)
  /// Given fractions in [0, 1), one per ray.
  case given([Float])

  /// The fractions of `range`; nil where nothing is added.
  func fractions(_ range: Range<Int>) -> [Float]? {
    switch self {
    case .none: return nil
    case .fixedPCG32:
      var generator = PCG32()
      generator.advance(by: UInt64(range.lowerBound))
      return range.map { _ in generator.nextFloat() }
    case .random(let seed, let step):
      let random = CounterRandom(seed: seed, purpose: .marchJitter, stream: step)
      return range.map { random.uniform(at: $0) }
    case .given(let values): return Array(values[range])
    }
  }
}

/// How many rows the sample buffer of a training march has.
public enum PointBudget: Equatable, Sendable {
  /// As many as there are samples.
  case unlimited
  /// The released code, which pads with zero rows and may drop rays.
  ///
  /// With `meanCount > 0` the buffer has `meanCount + (alignment − meanCount mod alignment)` rows,
  /// and a ray is written only if `offset + count` is strictly smaller. Otherwise, or with
  /// `forceAllRays`, it is trimmed to the samples plus 1 to `alignment` rows.
  case original(meanCount: Int, forceAllRays: Bool = false, alignment: Int = 128)
}
