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
    init(_ shape: PlaneLineShape, _ u: Scalar, _ v: Scalar, _ t: Scalar) {
      let (column, columnWeight) = taps(u, size: shape.width)
      let (row, rowWeight) = taps(v, size: shape.height)
      let (rung, rungWeight) = taps(t, size: shape.length)
      texels = (
        (row.x * shape.width + column.x) * shape.stride,
        (row.x * shape.width + column.y) * shape.stride,
        (row.y * shape.width + column.x) * shape.stride,
        (row.y * shape.width + column.y) * shape.stride
      )
      texelWeights = SIMD4(
        rowWeight.x * columnWeight.x, rowWeight.x * columnWeight.y, rowWeight.y * columnWeight.x,
        rowWeight.y * columnWeight.y)
      rungs = rung &* shape.stride
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
  public static func planeLineProducts(
    _ shape: PlaneLineShape, plane: UnsafePointer<Scalar>, line: UnsafePointer<Scalar>,
    u: UnsafePointer<Scalar>, v: UnsafePointer<Scalar>, t: UnsafePointer<Scalar>,
    products: UnsafeMutablePointer<Scalar>, productStride: Int, count: Int
  ) {
    for s in 0..<count {
      let taps = FactorTaps(shape, u[s], v[s], t[s])
      for c in 0..<shape.channels {
        products[s * productStride + c] = taps.plane(plane, c) * taps.line(line, c)
      }
    }
  }

  @specialized(where Scalar == Double)
  public static func accumulatePlaneLineSums(
    _ shape: PlaneLineShape, plane: UnsafePointer<Scalar>, line: UnsafePointer<Scalar>,
    u: UnsafePointer<Scalar>, v: UnsafePointer<Scalar>, t: UnsafePointer<Scalar>,
    sums: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for s in 0..<count {
      let taps = FactorTaps(shape, u[s], v[s], t[s])
      var sum: Scalar = 0
      for c in 0..<shape.channels { sum += taps.plane(plane, c) * taps.line(line, c) }
      sums[s] += sum
    }
  }

  @specialized(where Scalar == Double)
  public static func accumulatePlaneLineGradients(
    _ shape: PlaneLineShape, plane: UnsafePointer<Scalar>, line: UnsafePointer<Scalar>,
    mixing: UnsafePointer<Scalar>, outputs: Int, mixingStride: Int,
    u: UnsafePointer<Scalar>, v: UnsafePointer<Scalar>, t: UnsafePointer<Scalar>,
    gradients: UnsafePointer<Scalar>, gradientStride: Int, count: Int,
    planeGradient: UnsafeMutablePointer<Scalar>, lineGradient: UnsafeMutablePointer<Scalar>,
    mixingGradient: UnsafeMutablePointer<Scalar>?
  ) {
    for s in 0..<count {
      let taps = FactorTaps(shape, u[s], v[s], t[s])
      for c in 0..<shape.channels {
        let a = taps.plane(plane, c)
        let b = taps.line(line, c)
        var productGradient: Scalar = 0
        for j in 0..<outputs {
          let g = gradients[j * gradientStride + s]
          productGradient += Scalar.factor(g) * Scalar.factor(mixing[j * mixingStride + c])
          mixingGradient?[j * mixingStride + c] += Scalar.factor(g) * Scalar.factor(a * b)
        }
        planeGradient[taps.texels.0 + c] += taps.texelWeights.x * (productGradient * b)
        planeGradient[taps.texels.1 + c] += taps.texelWeights.y * (productGradient * b)
        planeGradient[taps.texels.2 + c] += taps.texelWeights.z * (productGradient * b)
        planeGradient[taps.texels.3 + c] += taps.texelWeights.w * (productGradient * b)
        lineGradient[taps.rungs.x + c] += taps.rungWeights.x * (productGradient * a)
        lineGradient[taps.rungs.y + c] += taps.rungWeights.y * (productGradient * a)
      }
    }
  }

  /// Calls `body(voxel offset, weight, slice)` for the eight voxels around a point; bit 0 of the
  /// corner number is x, bit 1 y, bit 2 z.
  @inline(__always)
  private static func forEachVoxel(
    _ shape: VolumeShape, _ x: Scalar, _ y: Scalar, _ z: Scalar,
    _ body: (_ offset: Int, _ weight: Scalar, _ slice: Int) -> Void
  ) {
    let (column, columnWeight) = taps(x, size: shape.width)
    let (row, rowWeight) = taps(y, size: shape.height)
    let (slice, sliceWeight) = taps(z, size: shape.depth)
    for corner in 0..<8 {
      let (i, j, k) = (corner & 1, corner >> 1 & 1, corner >> 2)
      let index = (slice[k] * shape.height + row[j]) * shape.width + column[i]
      body(
        index * shape.channels, sliceWeight[k] * (rowWeight[j] * columnWeight[i]), slice[k])
    }
  }

  @specialized(where Scalar == Double)
  public static func volume(
    _ shape: VolumeShape, values: UnsafePointer<Scalar>, points: PointPointers<Scalar>,
    output: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for s in 0..<count {
      for c in 0..<shape.channels { output[c * Tile.stride + s] = 0 }
      forEachVoxel(shape, points.x[s], points.y[s], points.z[s]) { offset, weight, _ in
        for c in 0..<shape.channels {
          output[c * Tile.stride + s] += weight * values[offset + c]
        }
      }
    }
  }

  @specialized(where Scalar == Double)
  public static func accumulateVolumeGradients(
    _ shape: VolumeShape, slices: Range<Int>, points: PointPointers<Scalar>,
    gradients: UnsafePointer<Scalar>, samples: UnsafePointer<Int32>, count: Int,
    volumeGradient: UnsafeMutablePointer<Scalar>
  ) {
    for n in 0..<count {
      let s = Int(samples[n])
      forEachVoxel(shape, points.x[s], points.y[s], points.z[s]) { offset, weight, slice in
        guard slices.contains(slice) else { return }
        for c in 0..<shape.channels {
          volumeGradient[offset + c] += weight * gradients[s * shape.channels + c]
        }
      }
    }
  }
}
