import NeRFCore

/// Pictures of quantities that a renderer returns beside colour.
public enum DepthImage {
  /// Opacity from which a pixel's depth counts for the range of colours.
  public static let visibleOpacity: Float = 0.5

  /// Depth as colour, near bright and far dark, fading to white where little was hit.
  ///
  /// With the nearest and farthest depth `z₀`, `z₁` over the finite depths of pixels whose opacity
  /// is at least ``visibleOpacity``, and white paper,
  ///
  ///     p = a · ramp((z₁ − z) / (z₁ − z₀)) + (1 − a)
  ///
  /// A single depth, or none, is shown at the bright end. NaN is magenta and fully opaque.
  ///
  /// - Parameters:
  ///   - depths: Distances along the rays, shape `[height, width]`; expected distances have to be
  ///     divided by opacity before.
  ///   - opacities: a in 0...1, shape `[height, width]`.
  ///   - width: Columns.
  ///   - height: Rows.
  ///   - ramp: Colours from far to near.
  /// - Throws: ``NeRFCore/ShapeError`` if sizes do not agree.
  public static func colourise(
    depths: [Float], opacities: [Float], width: Int, height: Int, ramp: ColorRamp = .terrain
  ) throws(ShapeError) -> ImageBuffer {
    guard opacities.count == depths.count else {
      throw ShapeError(
        in: "DepthImage.colourise", "opacities", expected: [depths.count],
        actual: [opacities.count], fix: "Pass one opacity per depth.")
    }
    var nearest = Float.infinity
    var farthest = -Float.infinity
    for (depth, opacity) in zip(depths, opacities) where opacity >= visibleOpacity {
      guard depth.isFinite else { continue }
      nearest = min(nearest, depth)
      farthest = max(farthest, depth)
    }
    var pixels: [Float] = []
    pixels.reserveCapacity(depths.count * 3)
    for (depth, opacity) in zip(depths, opacities) {
      let isNumber = !depth.isNaN && !opacity.isNaN
      let alpha = isNumber ? min(max(opacity, 0), 1) : 1
      let near = nearness(depth, nearest, farthest)
      let color = ramp.color(at: isNumber ? near : .nan) * alpha + SIMD3(repeating: 1 - alpha)
      pixels += [color.x, color.y, color.z]
    }
    return try ImageBuffer(width: width, height: height, channels: 3, pixels: pixels)
  }

  private static func nearness(_ depth: Float, _ nearest: Float, _ farthest: Float) -> Float {
    if !(farthest > nearest) || depth <= nearest { return 1 }
    if depth >= farthest { return 0 }
    return (farthest - depth) / (farthest - nearest)
  }

  /// Opacity as grey, 0 black and 1 white; values outside are cut, NaN becomes 0.
  ///
  /// - Throws: ``NeRFCore/ShapeError`` if there are not `height · width` values.
  public static func opacity(
    _ opacities: [Float], width: Int, height: Int
  ) throws(ShapeError) -> ImageBuffer {
    try ImageBuffer(
      width: width, height: height, channels: 1,
      pixels: opacities.map { $0.isNaN ? 0 : min(max($0, 0), 1) })
  }

  /// Any quantity as colour: `ramp((v − lower) / (upper − lower))`, NaN magenta.
  ///
  /// - Parameters:
  ///   - values: Shape `[height, width]`.
  ///   - width: Columns.
  ///   - height: Rows.
  ///   - range: Values of both ends of the ramp; those of the finite values when nil.
  ///   - ramp: Colours from low to high.
  /// - Throws: ``NeRFCore/ShapeError`` if there are not `height · width` values.
  public static func heatmap(
    _ values: [Float], width: Int, height: Int, range: ClosedRange<Float>? = nil,
    ramp: ColorRamp = .terrain
  ) throws(ShapeError) -> ImageBuffer {
    let finite = values.filter(\.isFinite)
    let lower = range?.lowerBound ?? finite.min() ?? 0
    let upper = range?.upperBound ?? finite.max() ?? 1
    var pixels: [Float] = []
    pixels.reserveCapacity(values.count * 3)
    for value in values {
      let t = upper > lower && !value.isInfinite ? (value - lower) / (upper - lower) : value - lower
      let color = ramp.color(at: t)
      pixels += [color.x, color.y, color.z]
    }
    return try ImageBuffer(width: width, height: height, channels: 3, pixels: pixels)
  }
}
