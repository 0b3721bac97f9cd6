import Fields
import NeRFCore

/// Counts that explain why samples do nothing.
public struct StepStatistics: Sendable, Codable, Equatable {
  /// Where the log-densities of one field lie.
  public struct Clamp: Sendable, Codable, Equatable {
    /// Samples whose S is the lower end: their raw value lies on it, or below, where it gets no gradient.
    public var low = 0
    /// Samples whose S is the upper end.
    public var high = 0
    /// Samples with a feature at either end.
    public var features = 0
    /// Numbers among S, σ, C and F that are NaN or infinite.
    public var nonFinite = 0
  }

  /// Rays of the step.
  public var rays: Int
  /// Rays without samples.
  public var emptyRays: Int
  /// Samples that belong to a ray.
  public var samples: Int
  /// Rows that belong to none.
  public var padding: Int
  /// Whether padding rows enter the terms.
  public var comparesPadding: Bool
  public var teacher: Clamp
  public var student: Clamp
  /// Samples at which no term has a gradient.
  public var withoutGradient: Int
  /// Samples at a clamp end of the student whose S a term would move, were it not for the clamp.
  public var stoppedByClamp: Int

  init<T: RadianceScalar>(
    _ fields: TracedFields<T>, _ evaluator: TermEvaluator<T>, gradients: [LossTerm: FieldTaps<T>]
  ) {
    let batch = fields.input.batch
    rays = batch.rayCount
    emptyRays = batch.spans.count { $0.count == 0 }
    samples = batch.usedCount
    padding = batch.count - batch.usedCount
    comparesPadding = evaluator.compatibility.lossIncludesPaddingRows
    teacher = Self.clamp(fields.teacher, evaluator.teacher.field.frame, count: batch.usedCount)
    student = Self.clamp(fields.student, evaluator.student.field.frame, count: batch.usedCount)
    let frame = evaluator.student.field.frame
    let ends = [T(frame.logDensityMinimum), T(frame.logDensityMaximum)]
    let densityRows =
      [TapRow.logDensity, TapRow.density]
      + (fields.student.featureCount > 0 ? [TapRow.features] : [])
    stoppedByClamp = (0..<batch.usedCount).count { row in
      let s = fields.student.row(TapRow.logDensity)[row]
      return (s <= ends[0] || s >= ends[1])
        && gradients.values.contains { gradient in
          densityRows.contains { gradient.row($0)[row] != 0 }
        }
    }
    withoutGradient = (0..<batch.usedCount).count { row in
      gradients.values.allSatisfy { fields.gradientNorm($0, row) == 0 }
    }
  }

  private static func clamp<T: RadianceScalar>(
    _ taps: FieldTaps<T>, _ frame: FieldFrame, count: Int
  ) -> Clamp {
    var result = Clamp()
    let low = T(frame.logDensityMinimum)
    let high = T(frame.logDensityMaximum)
    for row in 0..<count {
      let s = taps.row(TapRow.logDensity)[row]
      if s <= low { result.low += 1 }
      if s >= high { result.high += 1 }
      // The first feature is S.
      let features = (0..<taps.featureCount).dropFirst().map { taps.row(TapRow.features + $0)[row] }
      if features.contains(where: { $0 == low || $0 == high }) { result.features += 1 }
      result.nonFinite += (0..<TapRow.count(features: taps.featureCount)).count {
        !taps.row($0)[row].isFinite
      }
    }
    return result
  }
}
