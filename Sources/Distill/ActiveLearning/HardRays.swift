import NeRFCore

/// The ray level of active learning: which rays of a step a student renders worst.
public enum HardRays {
  /// The rays with the largest error, in descending order; equal ones in the order of the rays.
  ///
  /// The error of a ray is Σ ∣I_s − I_t∣ over its channels, backgrounds included.
  ///
  /// - Parameters:
  ///   - share: Of `count` rays ⌊share · count⌋ are taken.
  ///   - count: Rays that a step draws from its images.
  ///   - student: Pixels, `[rays, 3]`; rays beyond `count` are judged, too.
  ///   - teacher: Pixels, `[rays, 3]`.
  public static func hardest<T: RadianceScalar>(
    share: Double, of count: Int, student: [T], teacher: [T]
  ) -> [Int] {
    let rays = min(student.count, teacher.count) / 3
    var errors: [T] = []
    for ray in 0..<rays {
      var error = T.zero
      for i in 3 * ray..<3 * ray + 3 { error += abs(student[i] - teacher[i]) }
      errors.append(error)
    }
    let number = min(rays, max(0, Int(share * Double(count))))
    let order = (0..<rays).sorted { a, b in
      if errors[a] > errors[b] { return true }
      if errors[b] > errors[a] { return false }
      return a < b
    }
    return Array(order.prefix(number))
  }
}
