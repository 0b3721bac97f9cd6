public import Distill

/// Something in a step that deserves a look, by name.
public struct Finding: Sendable, Codable, Equatable {
  /// What was found.
  public enum Kind: String, CaseIterable, Sendable, Codable {
    /// A term differs from zero, but its rate is 0.
    case zeroRateTerm
    /// A term has a weight and a value, but no gradient.
    case termWithoutGradient
    /// Most samples lie at one end of a field's clamp.
    case saturatedClamp
    /// A part of the student that this stage reaches gets no gradient.
    case partWithoutGradient
    /// Padding rows make up most of what terms compare.
    case paddingDominates
    /// A parameter is NaN or infinite.
    case nonFiniteParameter
    /// A tap is NaN or infinite.
    case nonFiniteTap
    /// The gradients of two terms point against each other.
    case opposingTerms
    /// Colours agree once one side goes through the sRGB curve.
    case transferMismatch
    /// A stage of the schedule never begins, or does not last.
    case stageBorder
    /// No ray of the step meets a sample.
    case noSamples
    /// A gradient differs from its central difference.
    case wrongGradient
    /// Teacher and student of another implementation are evaluated at different samples.
    case differentSamples
    /// Another implementation gives other numbers.
    case disagreement
    /// A pool of active learning will not be full before the run ends.
    case unfilledPool
  }

  public var kind: Kind
  /// The term, parameter, field or border that it is about.
  public var subject: String
  /// A sentence with the numbers.
  public var message: String

  /// Thresholds: where a number becomes worth a sentence.
  enum Limit {
    /// Share of samples at one clamp end.
    static let saturation = 0.5
    /// Share of padding rows among compared rows.
    static let padding = 0.5
    /// Cosine between two gradients.
    static let opposition = -0.3
    /// What is left of the colour difference behind the sRGB curve.
    static let transfer = 0.2
    /// Colour difference, root of the mean square, below which nothing is concluded.
    static let visible = 0.01
    /// Relative error of a central difference in double precision.
    static let gradient = 1e-4
  }
}

extension Finding {
  /// What is wrong with the borders of a run's stages.
  public static func borders(
    of schedule: StageSchedule, iterations: Int, comparesFeatures: Bool
  ) -> [Finding] {
    var result: [Finding] = []
    func add(_ message: String) {
      result.append(Finding(kind: .stageBorder, subject: "stages", message: message))
    }
    if schedule.second > iterations {
      add(
        "Stage 3 begins at step \(schedule.second), but the run ends at step \(iterations): "
          + "pixels are never compared.")
    }
    if comparesFeatures && schedule.first > iterations {
      add("Stage 2 begins at step \(schedule.first), but the run ends at step \(iterations).")
    }
    if comparesFeatures && schedule.first > 1 && schedule.second < schedule.first {
      add(
        "Stage 3 is due at step \(schedule.second), while stage 1 lasts until step "
          + "\(schedule.first - 1): there is no stage 2.")
    }
    return result
  }

  /// What a comparison with another implementation found: what differs first, and every convention by which it
  /// differs.
  public static func disagreements(in comparison: StepComparison) -> [Finding] {
    comparison.quantities.filter { quantity in
      quantity.verdict == .agreesIf || quantity.name == comparison.firstDifference?.name
    }.map { quantity in
      let isElsewhere = quantity.conventions == [.otherSamples]
      return Finding(
        kind: isElsewhere ? .differentSamples : .disagreement, subject: quantity.name,
        message: quantity.message)
    }
  }
}
