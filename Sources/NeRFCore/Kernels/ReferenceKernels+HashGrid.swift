extension ReferenceKernels {
  /// Calls `body(feature row, weight)` for the corners around a point, in corner order; nothing for
  /// a point outside the unit cube (NaN included).
  ///
  /// Bit d of the corner number chooses ⌊p_d⌋ (weight 1 − f_d) or ⌊p_d⌋ + 1 (weight f_d). Position
  /// and shift are two roundings, never one fused operation.
  @inline(__always)
  private static func forEachCorner(
    _ geometry: HashGridGeometry, level: Int, points: [UnsafePointer<Scalar>], sample s: Int,
    _ body: (_ row: Int, _ weight: Scalar) -> Void
  ) {
    let scale = geometry.scale(of: level, as: Scalar.self)
    let shift = geometry.shift(as: Scalar.self)
    var cell = SIMD3<UInt32>(repeating: 0)
    var fraction = SIMD3<Scalar>(repeating: 0)
    for axis in 0..<geometry.dimensions {
      let u = points[axis][s]
      guard u >= 0, u <= 1 else { return }
      let product = u * scale
      let position = product + shift
      let floor = position.rounded(.down)
      cell[axis] = UInt32(floor)
      fraction[axis] = position - floor
    }
    for corner in 0..<(1 << geometry.dimensions) {
      var weight: Scalar = 1
      var coordinates = cell
      for axis in 0..<geometry.dimensions {
        if corner >> axis & 1 == 1 {
          weight *= fraction[axis]
          coordinates[axis] &+= 1
        } else {
          weight *= 1 - fraction[axis]
        }
      }
      body(geometry.row(of: coordinates, level: geometry.levels[level]), weight)
    }
  }

  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public static func hashGrid(
    _ geometry: HashGridGeometry, level: Int, table: UnsafePointer<Scalar>,
    points: [UnsafePointer<Scalar>], output: UnsafeMutablePointer<Scalar>, outputStride: Int,
    count: Int
  ) {
    let features = geometry.features
    let rows = table + geometry.levels[level].offset * features
    for s in 0..<count {
      for c in 0..<features { output[c * outputStride + s] = 0 }
      forEachCorner(geometry, level: level, points: points, sample: s) { row, weight in
        for c in 0..<features {
          output[c * outputStride + s] += weight * rows[row * features + c]
        }
      }
    }
  }

  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public static func accumulateHashGridGradients(
    _ geometry: HashGridGeometry, level: Int, points: [UnsafePointer<Scalar>],
    gradients: UnsafePointer<Scalar>, gradientStride: Int, count: Int,
    tableGradient: UnsafeMutablePointer<Scalar>
  ) {
    let features = geometry.features
    let rows = tableGradient + geometry.levels[level].offset * features
    for s in 0..<count {
      forEachCorner(geometry, level: level, points: points, sample: s) { row, weight in
        for c in 0..<features {
          rows[row * features + c] += weight * gradients[c * gradientStride + s]
        }
      }
    }
  }

  /// Adds the gradient with respect to the normalised point to `pointGradients`:
  ///
  ///     ∂out/∂u_d = s_l · Σ over the corners of the other axes of (their weights) · (E[right] − E[left])
  ///
  /// On a cell face the derivative is that of the cell that ⌊·⌋ chooses; outside the cube it is 0.
  /// Divide by the side length of the box for the gradient with respect to the world point.
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public static func accumulateHashGridPointGradients(
    _ geometry: HashGridGeometry, level: Int, table: UnsafePointer<Scalar>,
    points: [UnsafePointer<Scalar>], gradients: UnsafePointer<Scalar>, gradientStride: Int,
    count: Int, pointGradients: [UnsafeMutablePointer<Scalar>]
  ) {
    let features = geometry.features
    let rows = table + geometry.levels[level].offset * features
    let scale = geometry.scale(of: level, as: Scalar.self)
    let shift = geometry.shift(as: Scalar.self)
    for s in 0..<count {
      var fraction = SIMD3<Scalar>(repeating: 0)
      for axis in 0..<geometry.dimensions {
        let product = points[axis][s] * scale
        let position = product + shift
        fraction[axis] = position - position.rounded(.down)
      }
      var corner = 0
      forEachCorner(geometry, level: level, points: points, sample: s) { row, _ in
        var value: Scalar = 0
        for c in 0..<features {
          value += rows[row * features + c] * gradients[c * gradientStride + s]
        }
        for axis in 0..<geometry.dimensions {
          var weight: Scalar = corner >> axis & 1 == 1 ? scale : -scale
          for other in 0..<geometry.dimensions where other != axis {
            weight *= corner >> other & 1 == 1 ? fraction[other] : 1 - fraction[other]
          }
          pointGradients[axis][s] += weight * value
        }
        corner += 1
      }
    }
  }
}
