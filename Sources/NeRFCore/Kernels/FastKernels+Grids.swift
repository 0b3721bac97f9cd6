import CNeRFKernels

extension FastKernels {
  /// The level in the form of the compiled kernels, or nil if they do not cover it: they know three
  /// dimensions, two features, and indices that need no division.
  private static func compiled(_ geometry: HashGridGeometry, level: Int) -> pvd_hash_level? {
    guard geometry.dimensions == 3, geometry.features == 2 else { return nil }
    let l = geometry.levels[level]
    var result = pvd_hash_level()
    result.scale = geometry.scale(of: level, as: Float.self)
    result.shift = geometry.shift(as: Float.self)
    result.side = UInt32(l.side)
    if l.isHashed {
      guard l.rows & (l.rows - 1) == 0 else { return nil }
      result.mask = UInt32(l.rows - 1)
      result.index_mode = Int32(PVD_INDEX_HASH_MASK)
    } else {
      let highest = Int((result.scale + result.shift).rounded(.down)) + 1
      guard l.stridedAxes == 3, highest * (1 + l.side + l.side * l.side) < l.rows else {
        return nil
      }
      result.index_mode = Int32(PVD_INDEX_STRIDED)
    }
    return result
  }

  public static func hashGrid(
    _ geometry: HashGridGeometry, level: Int, table values: UnsafePointer<Float>,
    points: [UnsafePointer<Float>], output: UnsafeMutablePointer<Float>, outputStride: Int,
    count: Int
  ) {
    guard var compiled = compiled(geometry, level: level) else {
      ReferenceKernels<Float>.hashGrid(
        geometry, level: level, table: values, points: points, output: output,
        outputStride: outputStride, count: count)
      return
    }
    table.pointee.hash_forward(
      &compiled, values + geometry.levels[level].offset * 2, points[0], points[1], points[2],
      output, output + outputStride, Int64(count))
  }

  public static func accumulateHashGridGradients(
    _ geometry: HashGridGeometry, level: Int, points: [UnsafePointer<Float>],
    gradients: UnsafePointer<Float>, gradientStride: Int, count: Int,
    tableGradient: UnsafeMutablePointer<Float>
  ) {
    guard var compiled = compiled(geometry, level: level) else {
      ReferenceKernels<Float>.accumulateHashGridGradients(
        geometry, level: level, points: points, gradients: gradients,
        gradientStride: gradientStride, count: count, tableGradient: tableGradient)
      return
    }
    table.pointee.hash_backward(
      &compiled, tableGradient + geometry.levels[level].offset * 2, points[0], points[1],
      points[2], gradients, gradients + gradientStride, Int64(count))
  }

  private static func compiled(_ shape: PlaneLineShape) -> pvd_plane_line {
    pvd_plane_line(
      width: Int32(shape.width), height: Int32(shape.height), length: Int32(shape.length))
  }

  private static func compiled(
    _ factor: PlaneLineFactor<Float>, into sums: PlaneLineGradients<Float>? = nil
  ) -> pvd_factor {
    pvd_factor(
      plane: factor.plane, line: factor.line, mixing: factor.mixing,
      channels: Int32(factor.channels), first_output: Int32(factor.outputs.lowerBound),
      outputs: Int32(factor.outputs.count), mixing_stride: Int32(factor.mixingStride),
      plane_gradient: sums?.plane, line_gradient: sums?.line, mixing_gradient: sums?.mixing)
  }

  /// The same memory: three numbers and the number of the sample.
  private static func compiled(
    _ points: UnsafeBufferPointer<PlanePoint<Float>>
  ) -> UnsafePointer<pvd_plane_point>? {
    UnsafeRawPointer(points.baseAddress)?.assumingMemoryBound(to: pvd_plane_point.self)
  }

  public static func accumulatePlaneLineOutputs(
    _ shape: PlaneLineShape, factors: [PlaneLineFactor<Float>],
    points: UnsafeBufferPointer<PlanePoint<Float>>,
    sums: UnsafeMutablePointer<Float>, sumStride: Int
  ) {
    var extents = compiled(shape)
    table.pointee.plane_line_forward(
      &extents, factors.map { compiled($0) }, Int32(factors.count), compiled(points),
      Int64(points.count), sums, Int64(sumStride))
  }

  public static func accumulatePlaneLineGradients(
    _ shape: PlaneLineShape, factors: [PlaneLineFactor<Float>],
    points: UnsafeBufferPointer<PlanePoint<Float>>,
    gradients: UnsafePointer<Float>, gradientStride: Int, into sums: [PlaneLineGradients<Float>]
  ) {
    var extents = compiled(shape)
    table.pointee.plane_line_backward(
      &extents, zip(factors, sums).map { compiled($0, into: $1) }, Int32(factors.count),
      compiled(points), Int64(points.count), gradients, Int64(gradientStride))
  }

  public static func volume(
    _ shape: VolumeShape, values: UnsafePointer<Float>, points: PointPointers<Float>,
    output: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.volume_forward(
      values, Int32(shape.depth), Int32(shape.height), Int32(shape.width), Int32(shape.channels),
      points.x, points.y, points.z, output, Int32(count))
  }

  public static func accumulateVolumeGradients(
    _ shape: VolumeShape, points: PointPointers<Float>,
    gradients: UnsafePointer<Float>, samples: UnsafePointer<Int32>, count: Int,
    volumeGradient: UnsafeMutablePointer<Float>
  ) {
    table.pointee.volume_backward(
      volumeGradient, Int32(shape.depth), Int32(shape.height), Int32(shape.width),
      Int32(shape.channels), points.x, points.y, points.z, gradients, samples, Int64(count))
  }
}
