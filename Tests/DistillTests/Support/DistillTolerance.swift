import TestSupport

/// How closely the parameters after a stored sequence of optimiser steps must be met.
///
/// AdamW with ε = 1e-15 gives every entry a step of about lr, whatever the size of its gradient, and
/// an entry whose gradient is rounding noise a step of either sign. So no bound holds for all entries
/// but the length of the path; the bulk is held against the stored tolerance.
enum SequenceTolerance {
  /// Least share of a tensor's entries within the stored tolerance.
  static let bulk = 0.99

  /// Bound for every entry: steps · lr, one full step of the learning rate for each step taken.
  static func path(steps: Int, learningRate: Double) -> Double { Double(steps) * learningRate }
}

/// Below which size a derivative of a distillation loss is not compared relatively.
///
/// A loss L that carries r roundings is uncertain by r·ε·L, its central difference with step h by
/// r·ε·L/h. That is the tolerance t of a derivative of size r·ε·L/(h·t). A feature passes some dozens
/// of sums before it enters the loss; their roundings do not all point in one direction: r = 16.
enum GradientFloor {
  static func forLoss(_ loss: Double) -> Double {
    16 * Double.ulpOfOne * loss / (GradientCheck.defaultStep * Tolerance.gradient.relative)
  }
}
