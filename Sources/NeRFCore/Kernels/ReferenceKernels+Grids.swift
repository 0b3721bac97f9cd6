extension ReferenceKernels {
  /// The two texels of one axis and their weights.
  ///
  /// With aligned corners a coordinate c in −1...1 lies at p = (c + 1)/2 · (size − 1). Texels outside
  /// the array count as zero: their weight is dropped. NaN counts as outside.
  @inlinable
  public static func taps(_ coordinate: Scalar, size: Int) -> (
    index: SIMD2<Int>, weight: SIMD2<Scalar>
  ) {
    let half = (coordinate + 1) / 2
    let position = half * Scalar(size - 1)
    guard position > -1, position < Scalar(size) else {
      return (SIMD2(0, 0), SIMD2(0, 0))
    }
    let floor = position.rounded(.down)
    let low = Int(floor)
    let fraction = position - floor
    return (
      SIMD2(max(low, 0), min(low + 1, size - 1)),
      SIMD2(low < 0 ? 0 : 1 - fraction, low + 1 >= size ? 0 : fraction)
    )
  }

  /// Texel offsets and weights of one plane and one line.
  private struct FactorTaps {
    var texels: (Int, Int, Int, Int)
    var texelWeights: SIMD4<Scalar>
    var rungs: SIMD2<Int>
    var rungWeights: SIMD2<Scalar>

    @inline(__always)
    init(_ shape: PlaneLineShape, channels: Int, _ u: Scalar, _ v: Scalar, _ t: Scalar) {
      let (column, columnWeight) = taps(u, size: shape.width)
      let (row, rowWeight) = taps(v, size: shape.height)
      let (rung, rungWeight) = taps(t, size: shape.length)
      texels = (
        (row.x * shape.width + column.x) * channels,
        (row.x * shape.width + column.y) * channels,
        (row.y * shape.width + column.x) * channels,
        (row.y * shape.width + column.y) * channels
      )
      texelWeights = SIMD4(
        rowWeight.x * columnWeight.x, rowWeight.x * columnWeight.y, rowWeight.y * columnWeight.x,
        rowWeight.y * columnWeight.y)
      rungs = rung &* channels
      rungWeights = rungWeight
    }

    @inline(__always)
    func plane(_ values: UnsafePointer<Scalar>, _ c: Int) -> Scalar {
      texelWeights.x * values[texels.0 + c] + texelWeights.y * values[texels.1 + c]
        + texelWeights.z * values[texels.2 + c] + texelWeights.w * values[texels.3 + c]
    }

    @inline(__always)
    func line(_ values: UnsafePointer<Scalar>, _ c: Int) -> Scalar {
      rungWeights.x * values[rungs.x + c] + rungWeights.y * values[rungs.y + c]
    }
  }

  @specialized(where Scalar == Double)
  public static func accumulatePlaneLineOutputs(
    _ shape: PlaneLineShape, factors: [PlaneLineFactor<Scalar>],
    points: UnsafeBufferPointer<PlanePoint<Scalar>>,
    sums: UnsafeMutablePointer<Scalar>, sumStride: Int
  ) {
    for point in points {
      let row = sums + Int(point.sample) * sumStride
      for factor in factors {
        let taps = FactorTaps(shape, channels: factor.channels, point.u, point.v, point.t)
        for (j, output) in factor.outputs.enumerated() {
          var sum: Scalar = 0
          for c in 0..<factor.channels {
            sum +=
              Scalar.factor(factor.mixing[j * factor.mixingStride + c])
              * Scalar.factor(taps.plane(factor.plane, c) * taps.line(factor.line, c))
          }
          row[output] += sum
        }
      }
    }
  }

  @specialized(where Scalar == Double)
  public static func accumulatePlaneLineGradients(
    _ shape: PlaneLineShape, factors: [PlaneLineFactor<Scalar>],
    points: UnsafeBufferPointer<PlanePoint<Scalar>>,
    gradients: UnsafePointer<Scalar>, gradientStride: Int, into sums: [PlaneLineGradients<Scalar>]
  ) {
    for point in points {
      let row = gradients + Int(point.sample) * gradientStride
      for (factor, sum) in zip(factors, sums) {
        let taps = FactorTaps(shape, channels: factor.channels, point.u, point.v, point.t)
        for c in 0..<factor.channels {
          let a = taps.plane(factor.plane, c)
          let b = taps.line(factor.line, c)
          var productGradient: Scalar = 0
          for (j, output) in factor.outputs.enumerated() {
            let entry = j * factor.mixingStride + c
            productGradient += Scalar.factor(row[output]) * Scalar.factor(factor.mixing[entry])
            sum.mixing?[entry] += Scalar.factor(row[output]) * Scalar.factor(a * b)
          }
          sum.plane[taps.texels.0 + c] += taps.texelWeights.x * (productGradient * b)
          sum.plane[taps.texels.1 + c] += taps.texelWeights.y * (productGradient * b)
          sum.plane[taps.texels.2 + c] += taps.texelWeights.z * (productGradient * b)
          sum.plane[taps.texels.3 + c] += taps.texelWeights.w * (productGradient * b)
          sum.line[taps.rungs.x + c] += taps.rungWeights.x * (productGradient * a)
          sum.line[taps.rungs.y + c] += taps.rungWeights.y * (productGradient * a)
        }
      }
    }
  }

  /// Calls `body(voxel offset, weight)` for the eight voxels around a point; bit 0 of the
  /// corner number is x, bit 1 y, bit 2 z.
  @inline(__always)
  private static func forEachVoxel(
    _ shape: VolumeShape, _ x: Scalar, _ y: Scalar, _ z: Scalar,
    _ body: (_ offset: Int, _ weight: Scalar) -> Void
  ) {
    let (column, columnWeight) = taps(x, size: shape.width)
    let (row, rowWeight) = taps(y, size: shape.height)
    let (slice, sliceWeight) = taps(z, size: shape.depth)
    for corner in 0..<8 {
      let (i, j, k) = (corner & 1, corner >> 1 & 1, corner >> 2)
      let index = (slice[k] * shape.height + row[j]) * shape.width + column[i]
      body(index * shape.channels, sliceWeight[k] * (rowWeight[j] * columnWeight[i]))
    }
  }

  @specialized(where Scalar == Double)
  public static func volume(
    _ shape: VolumeShape, values: UnsafePointer<Scalar>, points: PointPointers<Scalar>,
    output: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for s in 0..<count {
      for c in 0..<shape.channels { output[c * Tile.stride + s] = 0 }
      forEachVoxel(shape, points.x[s], points.y[s], points.z[s]) { offset, weight in
        for c in 0..<shape.channels {
          output[c * Tile.stride + s] += weight * values[offset + c]
        }
      }
    }
  }

  @specialized(where Scalar == Double)
  public static func accumulateVolumeGradients(
    _ shape: VolumeShape, points: PointPointers<Scalar>,
    gradients: UnsafePointer<Scalar>, samples: UnsafePointer<Int32>, count: Int,
    volumeGradient: UnsafeMutablePointer<Scalar>
  ) {
    for n in 0..<count {
      let s = Int(samples[n])
      forEachVoxel(shape, points.x[s], points.y[s], points.z[s]) { offset, weight in
        for c in 0..<shape.channels {
          volumeGradient[offset + c] += weight * gradients[s * shape.channels + c]
        }
      }
    }
  }
}
