/// How the answers of an operation are judged where the tolerances of a case leave it open.
struct OperationRules: Sendable {
  /// The bound of a double-precision answer against its double twin.
  enum DoubleRule: Sendable {
    /// The formula is smooth: `1e-9 · (|expected| + largest entry)`. The original in double and a
    /// formula in double differ by the order of sums, and entries that cancel carry the rounding of
    /// the largest ones.
    case smooth
    /// The stored single-precision tolerance: parts of the operation are single precision by
    /// definition, or its decisions turn on rounding.
    case stored
  }

  var double = DoubleRule.smooth
  /// Whether a returned gradient that the case does not have must be zero.
  var absentGradientsAreZero = false
  /// The prefix of tensors that are judged by their bulk.
  var bulkPrefix: String?

  /// The rules of an operation; the default ones for operations that are not listed.
  static func of(_ operation: String) -> OperationRules {
    switch operation {
    case "hash_grid_encoding", "field_forward", "near_far_from_aabb", "march_rays_train",
      "density_grid_update", "mark_untrained_grid":
      OperationRules(double: .stored)
    case "pvd_distill_step", "pvd_al_distill_step":
      OperationRules(double: .stored, absentGradientsAreZero: true)
    // With ε = 1e-15 an entry whose gradient is rounding noise takes a full step of either sign: the
    // bulk of the parameters must agree, and no entry may be farther off than the path is long.
    case "pvd_distill_sequence": OperationRules(double: .stored, bulkPrefix: "out.param.")
    default: OperationRules()
    }
  }

  /// The share of a bulk tensor that must be within its tolerance.
  static let bulkShare = 0.99

  /// The largest distance of two trajectories: one learning rate for each step taken.
  static func farthest(_ config: CaseConfiguration) -> Double {
    guard let steps = try? config.int("steps"), let rate = try? config.double("lr") else {
      return 0
    }
    return Double(steps) * rate
  }

  /// See ``DoubleRule/smooth``.
  static let smoothRelative = 1e-9
}
