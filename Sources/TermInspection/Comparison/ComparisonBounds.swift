/// By how much another correct implementation may differ.
///
/// Values are those of double precision. What single precision makes of them is measured, by evaluating the
/// same step in it; another implementation with another order of operations may be off by some times that.
/// What is computed from numbers of the dump itself is bounded by the roundings of its sums. Half precision
/// multiplies all of it by 2¹³, the quotient of the unit roundoffs.
struct ComparisonBounds {
  let precision: StepComparison.Precision

  /// Largest measured deviation to allowed deviation.
  static let margin = 8.0
  /// Roundings of short chains of operations.
  private static let roundings = 16.0

  private var unit: Double { precision.unit }
  private var scale: Double { unit / 0x1p-24 }

  /// For elements of one kind, of which `measured` are the values in single precision.
  func elements(_ exact: [Double], measured: [Double]) -> [Double] {
    let spread = zip(exact, measured).reduce(0.0) { most, pair in
      let distance = abs(pair.0 - pair.1)
      return distance.isFinite ? max(most, distance) : most
    }
    return exact.map { scale * Self.margin * spread + Self.roundings * unit * abs($0) }
  }

  /// For the distance ‖g − g′‖ of a gradient.
  func norm(_ exact: [Double], measured: [[Double]]) -> Double {
    let spread = measured.map { distance(exact, $0) }.max() ?? 0
    return scale * Self.margin * spread + Self.roundings * unit * distance(exact, nil)
  }

  /// For a sum of `count` numbers of one sign. A sum in any order is off by (n − 1)u at most; sums of many
  /// numbers are blocked or pairwise everywhere, and their roundings do not all point one way: √n.
  func sum(_ value: Double, count: Int) -> Double {
    (Self.roundings + 4 * Double(count).squareRoot()) * unit * abs(value)
  }

  /// For a pixel of at most 1 from `samples` samples of the dump: each has an exponential and a product.
  func pixel(samples: Int) -> Double {
    (2 * Self.roundings + 4 * Double(samples)) * unit
  }

  /// For a position at a distance of `reach` from the origin.
  func position(reach: Double) -> Double { 2 * Self.roundings * 0x1p-24 * reach }
}

/// ‖a − b‖₂; ‖a‖₂ without b.
func distance(_ a: [Double], _ b: [Double]?) -> Double {
  guard let b else { return a.reduce(0) { $0 + $1 * $1 }.squareRoot() }
  return zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
}

/// Where an element of a compared array stands.
typealias ElementPlace = (index: Int, row: Int?, ray: Int?)

extension StepComparison.Quantity {
  /// Compares element by element; all three arrays are in the order of `expected`.
  init(
    _ name: String, _ part: StepComparison.Part, expected: [Double], actual: [Double],
    bounds: [Double], place: (Int) -> ElementPlace
  ) {
    var differing = 0
    var ratio = 0.0
    var furthest: Int?
    for i in expected.indices {
      let own = Self.ratio(expected[i], actual[i], bounds[i])
      if own > 1 { differing += 1 }
      if own > ratio { (ratio, furthest) = (own, i) }
    }
    self.init(
      name: name, part: part, count: expected.count, differing: differing, ratio: ratio,
      worst: furthest.map { i in
        let place = place(i)
        return StepComparison.Element(
          index: place.index, row: place.row, ray: place.ray, expected: expected[i],
          actual: actual[i], bound: bounds[i])
      }, verdict: differing == 0 ? .agrees : .differs)
  }

  /// Distance in units of the bound; NaN agrees with NaN, infinity with infinity.
  static func ratio(_ expected: Double, _ actual: Double, _ bound: Double) -> Double {
    if expected == actual || (expected.isNaN && actual.isNaN) { return 0 }
    let distance = abs(expected - actual)
    guard distance.isFinite else { return .infinity }
    return bound > 0 ? distance / bound : .infinity
  }

  /// The same quantity, explained.
  func explained(by conventions: [Convention], note: String? = nil) -> Self {
    var result = self
    result.verdict = .agreesIf
    result.conventions = conventions
    result.note = note
    return result
  }
}
