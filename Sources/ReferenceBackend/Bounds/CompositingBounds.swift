import ErrorBounds
import GoldenKit

/// Compositing with transmittances as products, as the original kernels form them.
///
/// The library exponentiates the optical depth, `T = exp(−Σx)`; kernels multiply `T ← T (1 − α)`. Both
/// are correct, and their errors differ: behind an opaque sample the product keeps an error of u times
/// the transmittance in front. A bound holds for both. Derivation: Docs/Tolerances/README.md.
enum CompositingBounds {
  static func widen(_ result: inout OperationResult, _ call: OperationCall) throws {
    let sigmas: [Tracked] = try call.scalars("in.sigmas")
    let colors: [Tracked] = try call.scalars("in.rgbs", count: 3 * sigmas.count)
    let deltas: [Tracked] = try call.scalars("in.deltas", count: 2 * sigmas.count)
    let rays = try call.integers("in.rays")
    let n = rays.count / 3
    let imageCotangents: [Tracked] =
      call.has("cotangent.image") ? try call.scalars("cotangent.image", count: 3 * n) : []
    let opacityCotangents: [Tracked] =
      call.has("cotangent.weights_sum") ? try call.scalars("cotangent.weights_sum", count: n) : []
    let depthCotangents: [Tracked] =
      call.has("cotangent.depth") ? try call.scalars("cotangent.depth", count: n) : []
    var image = [Tracked](repeating: 0, count: 3 * n)
    var opacity = [Tracked](repeating: 0, count: n)
    var depth = [Tracked](repeating: 0, count: n)
    var ofSigmas = [Tracked](repeating: 0, count: sigmas.count)
    var ofColors = [Tracked](repeating: 0, count: colors.count)
    for row in 0..<n {
      let (ray, first, count) = (rays[3 * row], rays[3 * row + 1], rays[3 * row + 2])
      guard count > 0, first + count < sigmas.count else { continue }
      var transmittance: Tracked = 1
      var distance: Tracked = 0
      var behind: [Tracked] = []
      var weights: [Tracked] = []
      var distances: [Tracked] = []
      for k in first..<first + count {
        let alpha = -Tracked.expMinusOne(-(sigmas[k] * deltas[2 * k]))
        let weight = alpha * transmittance
        transmittance = transmittance * (1 - alpha)
        distance += deltas[2 * k + 1]
        behind.append(transmittance)
        weights.append(weight)
        distances.append(distance)
        for c in 0..<3 { image[3 * ray + c] += weight * colors[3 * k + c] }
        opacity[ray] += weight
        depth[ray] += weight * distance
      }
      // δ (T c − (C − Σ w c)): the rest is a difference of sums, as in the original kernels.
      var seen: [Tracked] = [0, 0, 0, 0, 0]
      for (i, k) in (first..<first + count).enumerated() {
        var slope: Tracked = 0
        for c in 0..<3 where !imageCotangents.isEmpty {
          let g = imageCotangents[3 * ray + c]
          seen[c] += weights[i] * colors[3 * k + c]
          slope += g * (behind[i] * colors[3 * k + c] - (image[3 * ray + c] - seen[c]))
          ofColors[3 * k + c] = g * weights[i]
        }
        if !opacityCotangents.isEmpty {
          seen[3] += weights[i]
          // Equal in exact arithmetic: what remains behind the ray. The larger bound counts.
          let forms = [1 - opacity[ray], behind[i] - (opacity[ray] - seen[3])]
          let form = forms[0].bound > forms[1].bound ? forms[0] : forms[1]
          slope += opacityCotangents[ray] * form
        }
        if !depthCotangents.isEmpty {
          seen[4] += weights[i] * distances[i]
          slope +=
            depthCotangents[ray] * (behind[i] * distances[i] - (depth[ray] - seen[4]))
        }
        ofSigmas[k] = deltas[2 * k] * slope
      }
    }
    result.widen("out.image", to: image.map(\.bound))
    result.widen("out.weights_sum", to: opacity.map(\.bound))
    result.widen("out.depth", to: depth.map(\.bound))
    result.widen("grad.in.sigmas", to: ofSigmas.map(\.bound))
    result.widen("grad.in.rgbs", to: ofColors.map(\.bound))
  }
}
