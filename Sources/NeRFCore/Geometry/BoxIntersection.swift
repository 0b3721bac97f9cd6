/// A box with faces parallel to the axes, in scene units.
public struct AxisAlignedBox: Equatable, Sendable {
  /// The corner with the smallest coordinates.
  public var lower: SIMD3<Double>
  /// The corner with the largest coordinates.
  public var upper: SIMD3<Double>

  /// The box between two corners.
  public init(lower: SIMD3<Double>, upper: SIMD3<Double>) {
    self.lower = lower
    self.upper = upper
  }

  /// The cube `[−halfSize, halfSize]³`.
  public init(halfSize: Double) {
    self.init(lower: SIMD3(repeating: -halfSize), upper: SIMD3(repeating: halfSize))
  }
}

/// For each ray of a batch, the distances between which it is inside a box.
public struct RayIntervals<T: RadianceScalar>: Equatable, Sendable {
  /// Where the march starts, in scene units along the ray.
  public var near: [T]
  /// Where the ray leaves the box; below ``near`` for a box behind the camera.
  public var far: [T]
  /// Number of rays.
  public var count: Int { near.count }

  /// Wraps two arrays of one length.
  ///
  /// - Throws: ``ShapeError`` if the lengths differ.
  public init(near: [T], far: [T]) throws(ShapeError) {
    guard near.count == far.count else {
      throw ShapeError(
        in: "RayIntervals.init", "far", expected: [near.count], actual: [far.count],
        fix: "Pass one near and one far distance per ray.")
    }
    self.near = near
    self.far = far
  }

  init(trusted near: [T], _ far: [T]) {
    self.near = near
    self.far = far
  }

  /// The value of both distances for a ray that misses: the largest finite `Float`.
  public static var missed: T { T(Float.greatestFiniteMagnitude) }

  /// The intervals of the rays at `range`.
  public func slice(_ range: Range<Int>) -> RayIntervals {
    RayIntervals(trusted: Array(near[range]), Array(far[range]))
  }
}

extension RayBatch {
  /// Intersects every ray with a box (slab method: Kay and Kajiya 1986).
  ///
  /// Per axis, in the order x, y, z, with `r = 1 / d` rounded first (infinite for `d = 0`):
  ///
  ///     t₁ = (lower − o) r,   t₂ = (upper − o) r,   swapped if t₁ > t₂
  ///
  /// The interval is the intersection of the three. A ray that misses gets ``RayIntervals/missed``
  /// twice. All comparisons are strict and false for NaN, which arises as `0 · ∞` where a ray runs
  /// inside a face: y and z then neither narrow the interval nor reject the ray, x leaves NaN
  /// distances, which a march treats as no interval. Otherwise `near = max(near, minimumNear)`;
  /// `far` stays, so a box behind the camera has `far < near`.
  ///
  /// - Parameters:
  ///   - box: The box, in scene units.
  ///   - minimumNear: Smallest distance at which a march may start.
  @specialized(where T == Float)
  @specialized(where T == Double)
  public func intervals(in box: AxisAlignedBox, minimumNear: T) -> RayIntervals<T> {
    let missed = RayIntervals<T>.missed
    let lower = SIMD3<T>(T(box.lower.x), T(box.lower.y), T(box.lower.z))
    let upper = SIMD3<T>(T(box.upper.x), T(box.upper.y), T(box.upper.z))
    var nears = [T](repeating: missed, count: count)
    var fars = nears
    rays: for ray in 0..<count {
      let (origin, direction) = self[ray]
      var near = T.zero
      var far = T.zero
      for axis in 0..<3 {
        let reciprocal = 1 / direction[axis]
        var enter = (lower[axis] - origin[axis]) * reciprocal
        var leave = (upper[axis] - origin[axis]) * reciprocal
        if enter > leave { swap(&enter, &leave) }
        if axis == 0 {
          near = enter
          far = leave
        } else {
          if near > leave || enter > far { continue rays }
          if enter > near { near = enter }
          if leave < far { far = leave }
        }
      }
      nears[ray] = near < minimumNear ? minimumNear : near
      fars[ray] = far
    }
    return RayIntervals(trusted: nears, fars)
  }
}
