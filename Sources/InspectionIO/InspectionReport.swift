public import Distill
public import Fields
public import Foundation
import SceneIO
public import TermInspection

/// What `report.json` of an inspection holds.
public struct InspectionReport: Sendable, Codable {
  /// The terms of one step.
  public struct Moment: Sendable, Codable {
    public var step: Int
    public var stage: DistillationStage
    /// Before their rates.
    public var terms: LossReport

    public init(step: Int, stage: DistillationStage, terms: LossReport) {
      self.step = step
      self.stage = stage
      self.terms = terms
    }
  }

  /// The same step under other settings.
  public struct Variant: Sendable, Codable {
    /// What was changed, as it was asked for.
    public var changes: [String]
    public var inspection: StepInspection

    public init(changes: [String], inspection: StepInspection) {
      self.changes = changes
      self.inspection = inspection
    }
  }

  public var format = "pvd inspection"
  public var version = 1
  public var teacher: Architecture
  public var student: Architecture
  public var lossKind: LossKind
  public var rates: LossRates
  public var compatibility: CompatibilityOptions
  public var stages: StageSchedule
  /// Steps of the run that the schedule belongs to.
  public var iterations: Int
  /// The steps before the inspected one, from 1.
  public var history: [Moment]
  public var inspection: StepInspection
  /// The step under changed settings; nil if none were asked for.
  public var variant: Variant?
  /// What active learning chose before the step; nil without it.
  public var selections: SelectionReport?
  /// The step beside the numbers of another implementation; nil if there are none.
  public var comparison: StepComparison?

  public init(
    teacher: Architecture, student: Architecture, settings: DistillerSettings, history: [Moment],
    inspection: StepInspection, variant: Variant? = nil,
    comparison: StepComparison? = nil, selections: SelectionReport? = nil
  ) {
    self.teacher = teacher
    self.student = student
    lossKind = settings.lossKind
    rates = settings.rates
    compatibility = settings.compatibility
    stages = settings.stages
    iterations = settings.iterations
    self.history = history
    self.inspection = inspection
    self.variant = variant
    self.comparison = comparison
    self.selections = selections
  }

  /// Reads what ``encoded()`` wrote: numbers that JSON cannot hold are the texts "nan", "inf" and "-inf".
  ///
  /// - Throws: `DecodingError` for anything else.
  public init(decoding data: Data) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    self = try decoder.decode(InspectionReport.self, from: data)
  }

  /// The report as JSON, keys sorted.
  public func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(self)
  }
}

/// A picture of an inspection with the words below it.
public struct InspectionPicture: Sendable {
  public var title: String
  public var image: ImageBuffer

  public init(title: String, image: ImageBuffer) {
    self.title = title
    self.image = image
  }
}
