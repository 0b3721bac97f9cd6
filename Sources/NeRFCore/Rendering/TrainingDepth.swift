extension CompositedRays {
  /// How a training depth is normalised to the part of the ray inside the scene.
  public enum DepthRule: Equatable, Sendable {
    /// `D / (far − near + ε)`: D starts at the march's start, so nothing is subtracted.
    case reference
    /// `max(0, D − near) / (far − near + ε)`, which subtracts near a second time.
    case legacy
  }

  /// The depth of each training ray as a share of its interval.
  ///
  /// - Parameters:
  ///   - intervals: The intervals the rays were marched in.
  ///   - rule: ``DepthRule/reference``, or the rule of the released code.
  ///   - epsilon: ε; the released distillation has 1e-6, its teacher training 0.
  /// - Returns: Shape `[rays]`. Where the interval has no length, the reference gives 0; the legacy
  ///   rule divides, which for ε = 0 gives NaN.
  /// - Throws: ``ShapeError`` unless there is one interval per ray.
  public func normalisedDepth(
    intervals: RayIntervals<T>, rule: DepthRule = .reference, epsilon: T = T(1e-6)
  ) throws(ShapeError) -> [T] {
    guard intervals.count == depth.count else {
      throw ShapeError(
        in: "CompositedRays.normalisedDepth", "intervals", expected: [depth.count],
        actual: [intervals.count], fix: "Pass the intervals of the same rays.")
    }
    return depth.indices.map { ray in
      let near = intervals.near[ray]
      let length = intervals.far[ray] - near
      switch rule {
      case .reference: return length > 0 ? depth[ray] / (length + epsilon) : 0
      case .legacy: return Swift.max(0, depth[ray] - near) / (length + epsilon)
      }
    }
  }
}
