import ErrorBounds
import GoldenKit

/// Bounds of `vm_grid_ops`: copies are exact, interpolation is continuous.
///
/// A backend may find a texel on the other side of a cell border. The interpolated value is continuous
/// there, so that the decision costs no more than the error of the position: with position p·(n − 1)/(m − 1),
/// two roundings of a number up to n, and values up to V, an axis adds `2 u n · 2 V`, and four roundings of
/// weights and sums `4 u V`.
enum ResamplingBounds {
  static func bound(_ result: inout OperationResult, _ call: OperationCall) throws {
    let u = Tracked.unit
    for (name, tensor) in result.tensors {
      let values = try tensor.doubles()
      if name.hasPrefix("out.shrunk.") {
        try result.bound(name, by: 0)
      } else if name == "out.aabb_train" {
        try result.bound(name, by: values.map { 4 * u * abs($0) })
      } else if let source = result.tensors["out.shrunk." + name.dropFirst("out.upsampled.".count)]
      {
        let largest = try source.doubles().reduce(0) { max($0, abs($1)) }
        let sizes = source.shape.suffix(2).reduce(0, +)
        try result.bound(name, by: (4 * Double(sizes) + 8) * u * largest)
      }
    }
  }
}
