/// A half-line `o + t d`, `t > 0`, in the units and axes of Blender (z up).
package struct SceneRay: Sendable {
  package let origin: SIMD3<Double>
  /// Unit direction.
  package let direction: SIMD3<Double>

  /// A ray from `origin` along a unit vector.
  package init(origin: SIMD3<Double>, direction: SIMD3<Double>) {
    self.origin = origin
    self.direction = direction
  }

  /// The point at distance `t`.
  package func point(at t: Double) -> SIMD3<Double> { origin + t * direction }
}

/// Where a ray enters a solid.
package struct SurfaceHit: Sendable {
  /// Distance from the origin of the ray, above 0.
  package let distance: Double
  /// Unit normal, pointing out of the solid.
  package let normal: SIMD3<Double>
}

/// Scalar product.
@inline(__always)
package func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

/// `v / |v|`, summed in the order x, y, z.
@inline(__always)
package func normalized(_ v: SIMD3<Double>) -> SIMD3<Double> { v / dot(v, v).squareRoot() }

/// A solid with a closed-form intersection.
///
/// Solids are opaque and looked at from outside: a ray that starts inside one does not hit it.
package enum Solid: Sendable {
  /// All points within `radius` of `center`.
  case sphere(center: SIMD3<Double>, radius: Double)
  /// A box with sides along the axes.
  case box(lower: SIMD3<Double>, upper: SIMD3<Double>)
  /// A cylinder that stands upright (along z) with both caps.
  case cylinder(base: SIMD3<Double>, radius: Double, height: Double)

  /// The first entry of a ray, or nil if it misses.
  ///
  /// - Complexity: O(1), no allocation.
  package func entry(of ray: SceneRay) -> SurfaceHit? {
    switch self {
    case .sphere(let center, let radius):
      return Self.sphereEntry(ray, center: center, radius: radius)
    case .box(let lower, let upper): return Self.boxEntry(ray, lower: lower, upper: upper)
    case .cylinder(let base, let radius, let height):
      return Self.cylinderEntry(ray, base: base, radius: radius, height: height)
    }
  }

  /// Solves `|o + t d − c|² = r²` for the smaller root, `t = −b − √(b² − (|m|² − r²))` with
  /// `m = o − c`, `b = m·d`.
  private static func sphereEntry(
    _ ray: SceneRay, center: SIMD3<Double>, radius: Double
  ) -> SurfaceHit? {
    let m = ray.origin - center
    let b = dot(m, ray.direction)
    let discriminant = b * b - (dot(m, m) - radius * radius)
    guard discriminant > 0 else { return nil }
    let t = -b - discriminant.squareRoot()
    guard t > 0 else { return nil }
    return SurfaceHit(distance: t, normal: (ray.point(at: t) - center) / radius)
  }

  /// Slab method: the entry is the last of the three crossings into a slab, if it comes before the
  /// first crossing out of one.
  private static func boxEntry(
    _ ray: SceneRay, lower: SIMD3<Double>, upper: SIMD3<Double>
  ) -> SurfaceHit? {
    var near = -Double.infinity
    var far = Double.infinity
    var axis = 0
    for a in 0..<3 {
      let d = ray.direction[a]
      if d == 0 {
        guard lower[a] < ray.origin[a], ray.origin[a] < upper[a] else { return nil }
        continue
      }
      let first = (lower[a] - ray.origin[a]) / d
      let second = (upper[a] - ray.origin[a]) / d
      if min(first, second) > near {
        near = min(first, second)
        axis = a
      }
      far = min(far, max(first, second))
    }
    guard near < far, near > 0 else { return nil }
    var normal = SIMD3<Double>.zero
    normal[axis] = ray.direction[axis] > 0 ? -1 : 1
    return SurfaceHit(distance: near, normal: normal)
  }

  /// The later of the entries into the infinite cylinder and into the slab between the caps.
  private static func cylinderEntry(
    _ ray: SceneRay, base: SIMD3<Double>, radius: Double, height: Double
  ) -> SurfaceHit? {
    let m = ray.origin - base
    let d = ray.direction
    var sideIn = -Double.infinity
    var sideOut = Double.infinity
    let a = d.x * d.x + d.y * d.y
    let c = m.x * m.x + m.y * m.y - radius * radius
    if a > 0 {
      let b = m.x * d.x + m.y * d.y
      let discriminant = b * b - a * c
      guard discriminant > 0 else { return nil }
      sideIn = (-b - discriminant.squareRoot()) / a
      sideOut = (-b + discriminant.squareRoot()) / a
    } else if c >= 0 {
      return nil
    }
    var capIn = -Double.infinity
    var capOut = Double.infinity
    if d.z != 0 {
      capIn = min(-m.z / d.z, (height - m.z) / d.z)
      capOut = max(-m.z / d.z, (height - m.z) / d.z)
    } else if m.z <= 0 || m.z >= height {
      return nil
    }
    let t = max(sideIn, capIn)
    guard t > 0, t < min(sideOut, capOut) else { return nil }
    guard sideIn > capIn else {
      return SurfaceHit(distance: t, normal: SIMD3(0, 0, d.z > 0 ? -1 : 1))
    }
    let p = m + t * d
    return SurfaceHit(distance: t, normal: SIMD3(p.x / radius, p.y / radius, 0))
  }
}
