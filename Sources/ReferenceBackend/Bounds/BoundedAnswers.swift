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
    let (result, count) = try AmbiguousDecisions.count {
      try MatrixFactors.$unit.withValue(call.profile.factorUnit) {
        var result = try answer.run(call, as: Tracked.self, pool: pool)
        try widen(&result, call)
        return result
      }
    }
    return BoundedAnswer(result: result, ambiguousDecisions: count)
  }

  /// Adds what the code of the library does not show: sums that it takes in double precision, and
  /// other formulas for the same quantity.
  private static func widen(_ result: inout OperationResult, _ call: OperationCall) throws {
    switch call.operation {
    case "distill_loss": try LossBounds.widen(&result, call)
    case "composite_rays_train": try CompositingBounds.widen(&result, call)
    case "psnr": try MetricBounds.widenSignalToNoise(&result, call)
    case "ssim": try MetricBounds.widenSimilarity(&result, call)
    case "pose_spherical": try MetricBounds.widenSphericalPose(&result, call)
    case "nerf_matrix_to_ngp": try MetricBounds.widenPoseConversion(&result)
    case "density_grid_update": try MetricBounds.boundGridUpdate(&result)
    default: break
    }
  }
}
