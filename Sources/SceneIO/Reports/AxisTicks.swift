import Foundation

/// Round numbers along an axis.
package struct AxisTicks: Equatable {
  /// First and last number of the axis; both are ticks and enclose the data.
  package let range: ClosedRange<Double>
  /// Distance between ticks: 1, 2 or 5 times a power of ten.
  package let step: Double
  /// All ticks, in rising order.
  package let values: [Double]

  /// Chooses about `count` ticks that enclose `lower...upper`.
  ///
  /// A range without extent, or below the resolution of `Double`, is widened. Both ends must be
  /// finite; magnitudes are cut at 10³⁰⁰ so that no difference overflows.
  package init(enclosing lower: Double, _ upper: Double, count: Int = 6) {
    var low = max(min(lower, upper), -1e300)
    var high = min(max(lower, upper), 1e300)
    let smallest = max(abs(low), abs(high)) * 1e-9
    if high - low <= smallest {
      let margin = low == 0 && high == 0 ? 1 : max(abs(low), abs(high)) * 0.1
      low -= margin
      high += margin
    }
    let rough = (high - low) / Double(max(count - 1, 1))
    let power = pow(10, floor(log10(rough)))
    let enough: Double = rough * (1 - 1e-9)
    let factors: [Double] = [1, 2, 5]
    let factor = factors.first { $0 * power >= enough } ?? 10
    let step = factor * power
    let first = (low / step + 1e-9).rounded(.down)
    let last = (high / step - 1e-9).rounded(.up)
    self.step = step
    values = stride(from: first, through: last, by: 1).map { $0 * step }
    range = first * step...last * step
  }

  /// A tick with as many decimals as the step needs; very large and small ones as 1.2e-05.
  package func label(_ value: Double) -> String {
    let largest = max(abs(range.lowerBound), abs(range.upperBound))
    // Rounding leaves crumbs like 1e-17 where zero is meant.
    let clean = abs(value) < step * 1e-6 ? 0 : value
    if largest >= 1e6 || step < 1e-4 {
      return clean == 0 ? "0" : String(format: "%.3g", clean)
    }
    let decimals = max(0, Int(-floor(log10(step) + 1e-9)))
    return String(format: "%.\(decimals)f", clean)
  }
}
