import NeRFCore

/// Costs that several workloads share, from shapes alone.
enum CountedCosts {
  /// Operations of an exponential: range reduction, a polynomial, and a power of two.
  static let exponential = 20.0
  /// Operations of a sigmoid: an exponential, a sum and a quotient.
  static let sigmoid = exponential + 2
  /// Operations of the sixteen spherical harmonics of a direction.
  static let harmonics = 40.0
  /// Operations that a gradient of the harmonics would cost the colour network; directions need none.
  static let directionGradient = 2.0 * 16 * 64
  /// Operations of compositing one sample: α and transmittance, three colours, depth and opacity.
  static let compositing = exponential + 14
  /// Operations of the gradients of density and colour of one sample, without a second exponential.
  static let compositingGradient = 20.0

  /// Look-ups of points of the unit cube in the published hash grid, once; see ``HashGridGeometry``.
  ///
  /// The eight corners of a cell are four pairs along x. Both rows of a pair, of eight bytes each, share
  /// a cache line in seven of eight cases, hashed or not: of eight neighbours on x only the lowest three
  /// bits of the index differ. So a level costs 4½ random accesses a point; the other corners of a pair
  /// and the arithmetic of the weights are left out.
  ///
  /// - Parameters:
  ///   - spacing: Distance of a point from the one before along a ray, in units of the cube; nil for
  ///     independent points. At levels whose cells are larger, points share cells.
  static func hashReads(_ points: Double, spacing: Double? = nil, log2TableSize: Int = 19)
    -> WorkloadCost
  {
    let geometry = HashGridGeometry(log2TableSize: log2TableSize, desiredResolution: 2048)
    var cost = WorkloadCost()
    for level in geometry.levels {
      // A direction crosses 1½ cell borders per cell length, the mean of |x| + |y| + |z| on the sphere.
      let newCells = spacing.map { min(1, 1.5 * $0 * Double(level.resolution)) } ?? 1
      cost.add(
        runs: 4.5 * newCells * points, ofBytes: 8, inTableOf: 8 * level.rows)
    }
    return cost
  }

  /// A step of AdamW: values and two moments are read and written, gradients read, and with `clearing`
  /// written as well. The dozen operations of a parameter are left out: they are done while its numbers
  /// are on their way.
  static func adamW(_ parameters: Double, clearing: Bool) -> WorkloadCost {
    var cost = WorkloadCost()
    cost.add(
      .updating, bytes: (clearing ? 32 : 28) * parameters, footprint: 16 * parameters)
    return cost
  }

  /// The networks 28→64→16 and 31→64→64→3 at some points, with harmonics and sigmoids.
  static func heads(_ points: Double, backward: Bool) -> WorkloadCost {
    var cost = WorkloadCost()
    let outputs = harmonics + exponential + 3 * sigmoid
    let weights = HeadsWork<Float>.weights
    cost.operations = points * (backward ? 6 * weights - directionGradient : 2 * weights)
    cost.operations += points * outputs
    return cost
  }
}
