import RealModule

extension ReferenceKernels {
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public static func compositeRay(
    _ ray: RayRows, densities: UnsafePointer<Scalar>, colors: ColorRows<Scalar>,
    weights: UnsafeMutablePointer<Scalar>, transmittances: UnsafeMutablePointer<Scalar>
  ) -> RayPixel<Scalar> {
    var pixel = RayPixel<Scalar>()
    var (distance, opticalDepth) = (Scalar.zero, Scalar.zero)
    var transmittance: Scalar = 1
    for row in ray.rows {
      let color = colors.base + row * colors.rowStep
      let x = densities[row] * Scalar(ray.deltas[row])
      // expm1 keeps the weight of a thin sample: 1 − exp(−x) is 0 in Float once x < 2.9e-8.
      let weight = transmittance * -Scalar.expMinusOne(-x)
      opticalDepth += x
      transmittance = Scalar.exp(-opticalDepth)
      weights[row] = weight
      transmittances[row] = transmittance
      distance += Scalar(ray.gaps[row])
      pixel.opacity += weight
      pixel.depth += weight * distance
      pixel.color.red += weight * color[0]
      pixel.color.green += weight * color[colors.channelStep]
      pixel.color.blue += weight * color[2 * colors.channelStep]
    }
    pixel.residual = transmittance
    return pixel
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public static func differentiateRay(
    _ ray: RayRows, weights: UnsafePointer<Scalar>, transmittances: UnsafePointer<Scalar>,
    colors: ColorRows<Scalar>, cotangent: RayPixel<Scalar>,
    densityGradients: UnsafeMutablePointer<Scalar>,
    colorGradients: UnsafeMutablePointer<Scalar>, channelStep: Int
  ) {
    let (red, green, blue) = cotangent.color
    let step = colors.channelStep
    // The distances are summed as in the forward pass, and wait in the output for their turn.
    var distance = Scalar.zero
    for row in ray.rows {
      distance += Scalar(ray.gaps[row])
      densityGradients[row] = distance
    }
    var behind = Scalar.zero
    for row in ray.rows.reversed() {
      let color = colors.base + row * colors.rowStep
      let weight = weights[row]
      var gradient = cotangent.opacity + cotangent.depth * densityGradients[row]
      gradient += red * color[0]
      gradient += green * color[step]
      gradient += blue * color[2 * step]
      densityGradients[row] =
        Scalar(ray.deltas[row]) * (transmittances[row] * gradient - behind)
      behind += weight * gradient
      let target = colorGradients + row * colors.rowStep
      target[0] = weight * red
      target[channelStep] = weight * green
      target[2 * channelStep] = weight * blue
    }
  }
}
