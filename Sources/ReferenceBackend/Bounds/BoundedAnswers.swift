import ErrorBounds
public import GoldenKit
import NeRFCore

extension Tracked: ErrorCarrying {}

/// Answers in double precision with a forward-error bound for each number.
public struct BoundedAnswer: Sendable {
  /// Values and bounds.
  public let result: OperationResult
  /// Decisions (cells, signs, ends of clamps) that rounding errors could turn. Behind one of them a
  /// bound says nothing: a case with any is to be drawn again.
  public let ambiguousDecisions: Int

  /// Whether every number has a bound.
  var isFinite: Bool { result.bounds.values.allSatisfy { $0.allSatisfy(\.isFinite) } }
}

extension ReferenceBackend {
  /// Runs the code of this library with ``ErrorBounds/Tracked`` numbers.
  ///
  /// - Throws: What ``run(_:)`` throws.
  public static func bounded(_ call: OperationCall) throws -> BoundedAnswer {
    guard let answer = answers[call.operation] else {
      throw UnsupportedSetting("swift-pvd does not have \(call.operation)")
    }
    let pool = WorkerPool(threads: 1)
    // Errors of these do not grow as the analysis of number by number makes them.
    let isDerived = derived.contains(call.operation)
    let (result, count) = try AmbiguousDecisions.count {
      try MatrixFactors.$unit.withValue(call.profile.factorUnit) {
        var result =
          isDerived
          ? try answer.run(call, as: Double.self, pool: pool)
          : try answer.run(call, as: Tracked.self, pool: pool)
        try widen(&result, call)
        if let moved = DecisionProbe.inputs[call.operation],
          try !DecisionProbe.isStable(call, moving: moved)
        {
          AmbiguousDecisions.record()
        }
        return result
      }
    }
    return BoundedAnswer(result: result, ambiguousDecisions: count)
  }

  /// Operations whose bounds are formulas, in the pages of Docs/Tolerances.
  private static let derived: Set<String> = ["march_composite_inference", "vm_grid_ops"]

  /// Adds what the code of the library does not show: sums that it takes in double precision, and
  /// other formulas for the same quantity.
  private static func widen(_ result: inout OperationResult, _ call: OperationCall) throws {
    switch call.operation {
    case "composite_rays_train", "composite_rays_train_al":
      try CompositingBounds.widen(&result, call)
    case "psnr": try MetricBounds.widenSignalToNoise(&result, call)
    case "ssim": try MetricBounds.widenSimilarity(&result, call)
    case "pose_spherical": try MetricBounds.widenSphericalPose(&result, call)
    case "nerf_matrix_to_ngp": try MetricBounds.widenPoseConversion(&result)
    case "march_rays_train": try MarchBounds.bound(&result, call)
    case "march_composite_inference": try MarchBounds.boundRendering(&result, call)
    case "vm_grid_ops": try ResamplingBounds.bound(&result, call)
    case "mark_untrained_grid": try result.bound("out.density_grid", by: 0)
    case "density_grid_update": try MetricBounds.boundGridUpdate(&result)
    default: break
    }
  }
}
