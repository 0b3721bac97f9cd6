import RealModule

/// How a learning rate changes over a run.
public enum LearningRateSchedule: Equatable, Sendable, Codable {
  /// Cosine annealing (Loshchilov and Hutter 2017), without restarts:
  /// `lr_k = η + (lr₀ − η)(1 + cos(π k / T)) / 2`, with an absolute floor η. The closed form also
  /// holds for `k > T`, where the rate rises again.
  case cosine(iterations: Int, minimum: Double)
  /// `lr_k = lr₀ · factor^min(k / T, 1)`.
  case exponential(iterations: Int, factor: Double)
  /// `lr₀` for the share `hold` of the run, then exponentially down to `lr₀ · factor` at its end.
  case heldExponential(iterations: Int, factor: Double, hold: Double)
  /// `lr_k = lr₀`.
  case constant

  /// The rate used by the step after `steps` scheduler steps (0 for the first).
  public func rate(initial: Double, after steps: Int) -> Double {
    switch self {
    case .cosine(let iterations, let minimum):
      let phase = Double.pi * Double(steps) / Double(max(iterations, 1))
      return minimum + (initial - minimum) * (1 + Double.cos(phase)) / 2
    case .exponential(let iterations, let factor):
      return initial * Double.pow(factor, min(Double(steps) / Double(max(iterations, 1)), 1))
    case .heldExponential(let iterations, let factor, let hold):
      let position = Double(steps) / Double(max(iterations, 1))
      let share = min(1, max(0, (position - hold) / max(1 - hold, .ulpOfOne)))
      return initial * Double.pow(factor, share)
    case .constant:
      return initial
    }
  }
}
