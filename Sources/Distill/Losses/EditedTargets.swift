import Fields
import NeRFCore

extension FieldTaps {
  /// Clamps log-densities to the range of another field, so that densities it cannot reach (after an edit) do
  /// not dominate a norm; the first feature, which is S, too.
  ///
  /// - Returns: Whether the ranges differ in a way that matters.
  @discardableResult
  package func clampLogDensities(of field: any RadianceField<T>, to frame: FieldFrame) -> Bool {
    let own = field.frame
    guard
      own.logDensityMinimum < frame.logDensityMinimum
        || own.logDensityMaximum > frame.logDensityMaximum
    else { return false }
    let (low, high) = (T(frame.logDensityMinimum), T(frame.logDensityMaximum))
    for row in [TapRow.logDensity] + (field.hasFeatures ? [TapRow.features] : []) {
      let values = self.row(row)
      for s in 0..<count { values[s] = min(max(values[s], low), high) }
    }
    return true
  }
}
