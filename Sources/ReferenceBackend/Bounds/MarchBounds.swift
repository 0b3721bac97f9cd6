import ErrorBounds
import GoldenKit
import NeRFCore

/// Bounds of what a march in single precision produces.
///
/// The library defines `t` by its own sequence of roundings; a backend may fuse or keep `t` in double
/// precision. After n steps its distance differs by at most `n·u·t` of rounding in `t += δ`, and by `u·t`
/// because δ is rounded; n is at most the distance marched over the smallest step. Derivation:
/// Docs/Tolerances/march.md.
enum MarchBounds {
  private static let u = Tracked.unit

  /// What a distance may differ by that a ray has reached from `start`.
  private static func distanceError(_ t: Double, from start: Double, step: Double) -> Double {
    (max(t - start, 0) / step + 4) * u * t
  }

  /// Positions, steps and gaps of `march_rays_train`; directions are copies.
  static func bound(_ result: inout OperationResult, _ call: OperationCall) throws {
    guard let rays = try result.tensors["out.rays"]?.integers(),
      let positions = try result.tensors["out.xyzs"]?.doubles(),
      let steps = try result.tensors["out.deltas"]?.doubles()
    else { return }
    let origins = try call.doubles("in.rays_o")
    let directions = try call.doubles("in.rays_d")
    let nears = try call.doubles("in.nears")
    let growth = try call.config.double("dt_gamma")
    let smallest = 2 * 3.0.squareRoot() / (try call.config.double("max_steps"))
    var ofPositions = [Double](repeating: 0, count: positions.count)
    var ofSteps = [Double](repeating: 0, count: steps.count)
    for row in stride(from: 0, to: rays.count, by: 3) {
      let (ray, first, count) = (rays[row], rays[row + 1], rays[row + 2])
      // Jitter moves the start by less than a step.
      var end = nears[ray] + smallest
      for k in first..<first + count where 3 * k + 2 < positions.count {
        end += steps[2 * k + 1]
        let error = distanceError(end, from: nears[ray], step: smallest)
        for axis in 0..<3 {
          let (o, d) = (abs(origins[3 * ray + axis]), abs(directions[3 * ray + axis]))
          ofPositions[3 * k + axis] = d * error + 2 * u * (o + d * end)
        }
        ofSteps[2 * k] = growth * error + 2 * u * steps[2 * k]
        // Two distances are subtracted that have gone most of the way together.
        ofSteps[2 * k + 1] = (steps[2 * k + 1] / smallest + 4) * 2 * u * end
      }
    }
    try result.bound("out.xyzs", by: ofPositions)
    try result.bound("out.deltas", by: ofSteps)
    try result.bound("out.dirs", by: 0)
  }

  /// Image and depth of `march_composite_inference`.
  ///
  /// Positions: with relative error ρ of every optical depth x, `|δI| ≤ ρ Σ x_k T_{k+1}`, and
  /// `x e⁻ˣ ≤ 1 − e⁻ˣ` makes that at most `ρ Σ w_k ≤ ρ`; in the same way `|δD| ≤ ρ·far + max |δt|`.
  ///
  /// Arithmetic: errors of `W ← W + α (1 − W)` shrink by 1 − α and grow by at most `u + 12 u w`, so after n
  /// samples W is off by at most `(n + 12) u`, and `Σ w c` by `(n + 12) u Σ α + (n + 24) u`.
  static func boundRendering(_ result: inout OperationResult, _ call: OperationCall) throws {
    let blob = try InferenceMarchAnswer.Blob(call)
    let size = try call.config.double("bound")
    let growth = try call.config.double("dt_gamma")
    let smallest = 2 * 3.0.squareRoot() / (try call.config.double("max_steps"))
    let rays: RayBatch<Double> = try call.rays()
    let intervals = rays.intervals(
      in: AxisAlignedBox(halfSize: size), minimumNear: try call.config.double("min_near"))
    let opticalDepths = try InferenceMarchAnswer.samples(call)
    var (ofImage, ofDepth) = ([Double](), [Double]())
    for ray in 0..<rays.count {
      let (near, far) = (intervals.near[ray], intervals.far[ray])
      let origin = rays.origins.map { abs($0[ray]) }.max() ?? 0
      // Where the ray enters is itself two roundings of (±B − o) / d.
      let entry = 3 * u * (origin + size) * near / max(origin - size, size)
      let ofDistance = distanceError(far, from: near, step: smallest) + entry
      let ofPosition = ofDistance + 2 * u * (origin + far)
      let reach = 3.0.squareRoot() * size + (blob.center.map { $0 * $0 }.reduce(0, +)).squareRoot()
      let relative =
        2 * blob.falloff * reach * 3.0.squareRoot() * ofPosition + 4 * u
        + growth * ofDistance / smallest
      let n = Double(opticalDepths[ray].count)
      let alphas = opticalDepths[ray].reduce(0) { $0 - Double.expMinusOne(-$1) }
      let arithmetic = (n + 12) * u * alphas + (n + 24) * u
      // |d colour / d position| ≤ 3/2; the background adds (1 − W) b.
      ofImage += [Double](
        repeating: relative + 1.5 * ofPosition + arithmetic + (n + 14) * u, count: 3)
      ofDepth.append(((relative + arithmetic) * far + 2 * ofDistance) / max(far - near, u) + 4 * u)
    }
    try result.bound("out.image", by: ofImage)
    try result.bound("out.depth", by: ofDepth)
    for factor in [0.95, 1.05]
    where try !InferenceMarchAnswer.endsAlike(call, thresholdTimes: factor) {
      AmbiguousDecisions.record()
    }
  }
}
