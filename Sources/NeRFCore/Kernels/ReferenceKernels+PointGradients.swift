extension ReferenceKernels {
  /// Adds the gradient of a trilinear look-up with respect to the point to `pointGradients`:
  ///
  ///     ∂out/∂x_d = (size_d − 1)/2 · Σ over the voxels of the other axes of (their weights) ·
  ///                 (V[right] − V[left])
  ///
  /// where voxels outside the array count as zero. On a cell face the derivative is that of the cell
  /// that ⌊·⌋ chooses; from one voxel outside the array on it is 0. Fields never need this (their
  /// positions are given); it serves whoever checks a sampler of their own.
  ///
  /// - Parameters:
  ///   - points: Coordinates in −1...1.
  ///   - gradients: Sample-major, `[count, channels]`.
  ///   - pointGradients: x, y and z of every sample.
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public static func accumulateVolumePointGradients(
    _ shape: VolumeShape, values: UnsafePointer<Scalar>, points: PointPointers<Scalar>,
    gradients: UnsafePointer<Scalar>, count: Int,
    pointGradients: [UnsafeMutablePointer<Scalar>]
  ) {
    let sizes = [shape.width, shape.height, shape.depth]
    for s in 0..<count {
      let axes = (0..<3).map { taps(points[$0][s], size: sizes[$0]) }
      let slopes = (0..<3).map { weightSlopes(points[$0][s], size: sizes[$0]) }
      for corner in 0..<8 {
        let bits = SIMD3(corner & 1, corner >> 1 & 1, corner >> 2)
        let voxel =
          (axes[2].index[bits.z] * shape.height + axes[1].index[bits.y]) * shape.width
          + axes[0].index[bits.x]
        var value: Scalar = 0
        for c in 0..<shape.channels {
          value += values[voxel * shape.channels + c] * gradients[s * shape.channels + c]
        }
        for axis in 0..<3 {
          var weight = slopes[axis][bits[axis]]
          for other in 0..<3 where other != axis { weight *= axes[other].weight[bits[other]] }
          pointGradients[axis][s] += weight * value
        }
      }
    }
  }

  /// Derivatives of the two weights of ``taps(_:size:)``: ∓(size − 1)/2 where the voxel exists.
  private static func weightSlopes(_ coordinate: Scalar, size: Int) -> SIMD2<Scalar> {
    let half = (coordinate + 1) / 2
    let position = half * Scalar(size - 1)
    guard position > -1, position < Scalar(size) else { return SIMD2(0, 0) }
    let low = Int(position.rounded(.down))
    let slope = Scalar(size - 1) / 2
    return SIMD2(low < 0 ? 0 : -slope, low + 1 >= size ? 0 : slope)
  }
}
