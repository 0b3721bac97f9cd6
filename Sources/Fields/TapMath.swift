import NeRFCore

// Elementwise pieces of the fields, each with its gradient. `@specialized` matters: these run for
// every sample, called from generic code. Indices inside the loops are the loop's own: sums and products
// of indices are checked for overflow one by one, and then nothing is done eight numbers at a time.

/// `y = min(max(x, low), high)`; NaN stays NaN.
@specialized(where T == Float)
@specialized(where T == Double)
func clampRow<T: RadianceScalar>(
  _ x: UnsafePointer<T>, low: T, high: T, into y: UnsafeMutablePointer<T>, count: Int
) {
  for s in 0..<count {
    let value = x[s]
    y[s] = value < low ? low : value > high ? high : value
  }
}

/// The clamp's gradient: passes where `low ≤ x ≤ high`, both ends included.
@specialized(where T == Float)
@specialized(where T == Double)
func maskByClamp<T: RadianceScalar>(
  _ gradient: UnsafeMutablePointer<T>, _ x: UnsafePointer<T>, low: T, high: T, count: Int
) {
  for s in 0..<count { gradient[s] = x[s] >= low && x[s] <= high ? gradient[s] : 0 }
}

/// Gradient of the density: `gₓ += g_y · exp(clamp(x, −12, 12))`; see ``TruncatedExponential``.
///
/// `tap` is `exp(x)`, already known.
@specialized(where T == Float)
@specialized(where T == Double)
func accumulateTruncatedExpGradient<T: RadianceScalar>(
  _ x: UnsafePointer<T>, value tap: UnsafePointer<T>, outputGradient: UnsafePointer<T>,
  into gradient: UnsafeMutablePointer<T>, count: Int
) {
  for s in 0..<count {
    gradient[s] += outputGradient[s] * TruncatedExponential.derivative(at: x[s], value: tap[s])
  }
}

/// Sigmoid's gradient from its value: `gₓ = g_y · y (1 − y)`, for `rows` rows.
@specialized(where T == Float)
@specialized(where T == Double)
func sigmoidGradient<T: RadianceScalar>(
  value y: UnsafePointer<T>, outputGradient gy: UnsafePointer<T>,
  into gx: UnsafeMutablePointer<T>, rows: Int, count: Int
) {
  for row in 0..<rows {
    let offset = row * Tile.stride
    let (y, gy, gx) = (y + offset, gy + offset, gx + offset)
    for s in 0..<count { gx[s] = gy[s] * (y[s] * (1 - y[s])) }
  }
}

/// `y += x` for `rows` rows.
@specialized(where T == Float)
@specialized(where T == Double)
func addRows<T: RadianceScalar>(
  _ x: UnsafePointer<T>, to y: UnsafeMutablePointer<T>, rows: Int, count: Int
) {
  for row in 0..<rows {
    let (x, y) = (x + row * Tile.stride, y + row * Tile.stride)
    for s in 0..<count { y[s] += x[s] }
  }
}

/// `y = x` for `rows` rows of a tile matrix; `stride` is the distance between rows of `y`.
func copyRows<T: RadianceScalar>(
  _ x: UnsafePointer<T>, to y: UnsafeMutablePointer<T>, stride: Int = Tile.stride, rows: Int,
  count: Int
) {
  for row in 0..<rows { (y + row * stride).update(from: x + row * Tile.stride, count: count) }
}

/// Maps −B...B to 0...1.
@specialized(where T == Float)
@specialized(where T == Double)
func normaliseCube<T: RadianceScalar>(
  _ x: UnsafePointer<Float>, bound: T, into y: UnsafeMutablePointer<T>, count: Int
) {
  // (x + B) / (2B), in this order: the cell of a hash grid depends on the last bit.
  for s in 0..<count { y[s] = (T(x[s]) + bound) / (2 * bound) }
}

/// `y = 2 (x − low) / (high − low) − 1`.
@specialized(where T == Float)
@specialized(where T == Double)
func normaliseBox<T: RadianceScalar>(
  _ x: UnsafePointer<Float>, low: T, high: T, into y: UnsafeMutablePointer<T>, count: Int
) {
  for s in 0..<count { y[s] = 2 * (T(x[s]) - low) / (high - low) - 1 }
}

/// The same for positions in the precision of the field.
@specialized(where T == Float)
@specialized(where T == Double)
func normaliseBox<T: RadianceScalar>(
  _ x: UnsafePointer<T>, low: T, high: T, into y: UnsafeMutablePointer<T>, count: Int
) {
  for s in 0..<count { y[s] = 2 * (x[s] - low) / (high - low) - 1 }
}
