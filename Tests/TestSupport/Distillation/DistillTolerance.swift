/// Below which size a derivative of a distillation loss is not compared relatively.
///
/// A loss L that carries r roundings is uncertain by r·ε·L, its central difference with step h by
/// r·ε·L/h. That is the tolerance t of a derivative of size r·ε·L/(h·t). A feature passes some dozens
/// of sums before it enters the loss; their roundings do not all point in one direction: r = 16.
package enum GradientFloor {
  package static func forLoss(_ loss: Double) -> Double {
    16 * Double.ulpOfOne * loss / (GradientCheck.defaultStep * Tolerance.gradient.relative)
  }
}
