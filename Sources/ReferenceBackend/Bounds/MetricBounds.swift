import ErrorBounds
import GoldenKit

/// Bounds of what the library computes in double precision throughout: a backend may use single.
///
/// Derivations: Docs/Tolerances/README.md.
enum MetricBounds {
  /// `−10 log₁₀ mean (p − t)²` of each pair, and the mean of them.
  static func widenSignalToNoise(_ result: inout OperationResult, _ call: OperationCall) throws {
    let values = try call.names("in.pred").indices.map { index -> Tracked in
      let prediction: [Tracked] = try call.scalars("in.pred\(index)")
      let truth: [Tracked] = try call.scalars("in.truth\(index)", count: prediction.count)
      let sum = zip(prediction, truth).reduce(Tracked.zero) {
        $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
      }
      return -10 * Tracked.log10(sum / Tracked(prediction.count))
    }
    result.widen("out.psnr", to: values.map(\.bound))
    let mean = values.reduce(.zero, +) / Tracked(max(values.count, 1))
    result.widen("out.mean", to: [mean.bound])
  }

  /// The mean of a map of structural similarity.
  static func widenSimilarity(_ result: inout OperationResult, _ call: OperationCall) throws {
    guard let map = try result.tensors["out.map"]?.doubles(), let bounds = result.bounds["out.map"],
      let images = result.tensors["out.ssim"]?.count, images > 0
    else { return }
    let size = map.count / images
    let means = (0..<images).map { image -> Double in
      let sum = (image * size..<(image + 1) * size).reduce(Tracked.zero) {
        $0 + Tracked(map[$1], error: bounds[$1])
      }
      return (sum / Tracked(size)).bound
    }
    result.widen("out.ssim", to: means)
  }

  /// Rotations from angles in degrees, and the centre at their end.
  static func widenSphericalPose(_ result: inout OperationResult, _ call: OperationCall) throws {
    let rows: [[Tracked]] = try call.columns("in.theta_phi_radius", 3)
    let bounds = rows[0].indices.flatMap { row -> [Double] in
      let (theta, phi) = (rows[0][row] / 180 * .pi, rows[1][row] / 180 * .pi)
      let (c, s) = (Tracked.cos(theta), Tracked.sin(theta))
      let (p, q) = (Tracked.cos(phi), Tracked.sin(phi))
      let radius = rows[2][row]
      // Matrices may be multiplied as such: an entry is then a sum of three products.
      func entry(_ value: Tracked) -> Double {
        value.bound + 2 * Tracked.unit * (abs(value.value) + value.bound)
      }
      let zero: Tracked = 0
      return [
        c, s * q, s * p, radius * s * p, s, c * q, c * p, radius * c * p, zero, p, q, radius * q,
      ].map(entry) + [0, 0, 0, 0]
    }
    result.widen("out.poses", to: bounds)
  }

  /// Positions are scaled by a number that single precision may not hold: two roundings. The rest moves.
  static func widenPoseConversion(_ result: inout OperationResult) throws {
    guard let poses = try result.tensors["out.poses"]?.doubles() else { return }
    result.widen(
      "out.poses",
      to: poses.indices.map {
        $0 % 4 == 3 && $0 % 16 < 12 ? 2.5 * Tracked.unit * abs(poses[$0]) : 0
      })
  }

  /// The mean of a grid: a sum over all cells. Densities themselves are one product and a maximum, which
  /// single precision defines.
  static func boundGridUpdate(_ result: inout OperationResult) throws {
    guard let grid = try result.tensors["out.density_grid"]?.doubles() else { return }
    let sum = grid.reduce(Tracked.zero) { $0 + Tracked(exactly: max($1, 0)) }
    let mean = sum / Tracked(max(grid.count, 1))
    try result.bound("out.mean_density", by: [mean.bound])
  }
}
