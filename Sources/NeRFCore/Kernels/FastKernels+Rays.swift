import CNeRFKernels

extension FastKernels {
  private static func compiled(_ colors: ColorRows<Float>) -> pvd_colors {
    pvd_colors(
      base: colors.base, row_step: Int64(colors.rowStep), channel_step: Int64(colors.channelStep))
  }

  public static func compositeRay(
    _ ray: RayRows, densities: UnsafePointer<Float>, colors: ColorRows<Float>,
    weights: UnsafeMutablePointer<Float>, transmittances: UnsafeMutablePointer<Float>
  ) -> RayPixel<Float> {
    var rows = compiled(colors)
    var result = pvd_pixel()
    table.pointee.composite_ray(
      densities, ray.deltas, ray.gaps, &rows, Int64(ray.rows.lowerBound), Int64(ray.rows.count),
      weights, transmittances, &result)
    var pixel = RayPixel<Float>()
    pixel.color = (result.color.0, result.color.1, result.color.2)
    pixel.opacity = result.opacity
    pixel.depth = result.depth
    pixel.residual = result.residual
    return pixel
  }

  public static func differentiateRay(
    _ ray: RayRows, weights: UnsafePointer<Float>, transmittances: UnsafePointer<Float>,
    colors: ColorRows<Float>, cotangent: RayPixel<Float>,
    densityGradients: UnsafeMutablePointer<Float>, colorGradients: UnsafeMutablePointer<Float>,
    channelStep: Int
  ) {
    var rows = compiled(colors)
    let (red, green, blue) = cotangent.color
    var gradient = pvd_pixel(
      color: (red, green, blue), opacity: cotangent.opacity, depth: cotangent.depth, residual: 0)
    table.pointee.differentiate_ray(
      ray.deltas, ray.gaps, weights, transmittances, &rows, Int64(ray.rows.lowerBound),
      Int64(ray.rows.count), &gradient, densityGradients, colorGradients, Int64(colors.rowStep),
      Int64(channelStep))
  }
}
