extension OccupancyGrid {
  /// Sets cells that no camera sees to −1, which keeps them empty for good.
  ///
  /// With `p = Rᵀ (q − t)` the cell centre `q` in a camera's axes and `h = b_c / G`, it is seen if
  ///
  ///     p_z > 0,   |pₓ| < (cx / fx) p_z + 2h,   |p_y| < (cy / fy) p_z + 2h
  ///
  /// Other cells keep their value; the bits change with the next update.
  ///
  /// - Parameters:
  ///   - cameras: Training cameras in marching axes. Without one, every cell is marked.
  ///   - pool: Threads; the result does not depend on their number.
  public mutating func markUntrained(cameras: [Camera], pool: WorkerPool) {
    let views = cameras.map(View.init)
    let cells = cellsPerCascade
    for cascade in 0..<cascades {
      let margin = 2 * (halfSize(ofCascade: cascade) / Float(resolution))
      let axis = (0..<resolution).map { center(ofCell: $0, cascade: cascade) }
      densities.withUnsafeMutableBufferPointer { densities in
        pool.forEachRange(cells, size: 1 << 14) { range, _ in
          for index in range {
            let cell = Morton.decode(index)
            let q = SIMD3(axis[cell.x], axis[cell.y], axis[cell.z])
            if !views.contains(where: { $0.sees(q, margin: margin) }) {
              densities[cascade * cells + index] = -1
            }
          }
        }
      }
    }
  }

  /// A camera in single precision, as the test is defined.
  private struct View {
    let right: SIMD3<Float>
    let down: SIMD3<Float>
    let forward: SIMD3<Float>
    let center: SIMD3<Float>
    let slopeX: Float
    let slopeY: Float

    init(_ camera: Camera) {
      let m = camera.pose.matrix.map { Float($0) }
      right = SIMD3(m[0], m[4], m[8])
      down = SIMD3(m[1], m[5], m[9])
      forward = SIMD3(m[2], m[6], m[10])
      center = SIMD3(m[3], m[7], m[11])
      slopeX = Float(camera.intrinsics.centerX / camera.intrinsics.focalX)
      slopeY = Float(camera.intrinsics.centerY / camera.intrinsics.focalY)
    }

    func sees(_ point: SIMD3<Float>, margin: Float) -> Bool {
      let offset = point - center
      let depth = (offset * forward).sum()
      guard depth > 0 else { return false }
      return abs((offset * right).sum()) < slopeX * depth + margin
        && abs((offset * down).sum()) < slopeY * depth + margin
    }
  }
}
