import Foundation
import NeRFCore

/// Cameras on the upper half of a sphere that look at the origin, as in the NeRF-Synthetic scenes.
enum OrbitCameras {
  /// Distance of every camera from the origin, in Blender units.
  static let radius = 4.031128874
  /// Horizontal field of view in radians.
  static let angleX = 0.6911112070083618

  /// Camera-to-world matrices in Blender axes (y up, z backward), spread evenly with some noise.
  ///
  /// A spiral of the golden angle (Vogel 1979): with `u, v` uniform in [0, 1), camera `k` of `n`
  /// has height and azimuth
  ///
  ///     z = 0.06 + 0.9 (k + u) / n,    φ = 2π φ₀ + k π (3 − √5) + 0.3 (v − ½)
  ///
  /// times the radius, `φ₀` uniform for the whole split. Equal steps of z are equal areas.
  static func poses(count: Int, seed: UInt64, stream: Int) throws(SceneError) -> [CameraPose] {
    let random = CounterRandom(seed: seed, purpose: .poses, stream: stream)
    let start = 2 * Double.pi * Double(random.uniform(at: 0))
    var poses: [CameraPose] = []
    for k in 0..<count {
      let noise = random.uniform4(at: k + 1)
      let z = 0.06 + 0.9 * (Double(k) + Double(noise.x)) / Double(count)
      let azimuth =
        start + Double(k) * .pi * (3 - 5.0.squareRoot()) + 0.3 * (Double(noise.y) - 0.5)
      let across = (1 - z * z).squareRoot()
      poses.append(try pose(towards: SIMD3(across * cos(azimuth), across * sin(azimuth), z)))
    }
    return poses
  }

  /// The camera at `radius` in a unit direction that is not vertical, upright, facing the origin.
  ///
  /// Columns: right `r = ẑ × b / |ẑ × b|`, up `b × r`, backward `b`, and the position.
  static func pose(towards b: SIMD3<Double>) throws(SceneError) -> CameraPose {
    let right = normalized(SIMD3(-b.y, b.x, 0))
    let x = b.y * right.z - b.z * right.y
    let y = b.z * right.x - b.x * right.z
    let z = b.x * right.y - b.y * right.x
    let up = SIMD3(x, y, z)
    let rows = (0..<3).flatMap { axis -> [Double] in
      [right[axis], up[axis], b[axis], radius * b[axis]]
    }
    do throws(ShapeError) { return try CameraPose(matrix: rows) } catch {
      throw SceneError(.invalidArgument, in: "OrbitCameras", fact: "\(error)", fix: error.fix)
    }
  }

  /// A square camera at a pose of ``poses(count:seed:stream:)``, converted to marching axes.
  static func camera(at pose: CameraPose, size: Int, scale: Double) -> Camera {
    let focal = Double(size) / (2 * tan(angleX / 2))
    let middle = Double(size) / 2
    return Camera(
      pose: pose.convertedFromBlender(scale: scale),
      intrinsics: Intrinsics(focalX: focal, focalY: focal, centerX: middle, centerY: middle),
      width: size, height: size)
  }
}
