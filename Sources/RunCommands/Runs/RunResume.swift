import CommandSupport
import Distill
import Fields
import Foundation
import SceneIO

/// What a run in a folder had reached, if it is to go on.
struct SavedRun {
  let record: CheckpointRecord
  let file: URL

  /// Reads the description of the state in `folder`; nil if there is none to go on from.
  init?(_ folder: RunFolder, mode: RunRequest.Mode) throws {
    guard mode == .resume, folder.hasState else { return nil }
    file = folder.state
    record = try Checkpoint.record(of: file)
    guard record.run.settings != nil else {
      throw CommandFailure(
        file.path, fact: "its settings are in the form of another version of pvd",
        fix: "Resume with the version that wrote it; its field can still be used.")
    }
  }

  /// Settings of a training run.
  ///
  /// - Throws: ``CommandFailure`` if the state is of a distillation.
  func trainerSettings() throws -> TrainerSettings {
    guard case .training(let settings) = record.run.settings else {
      throw CommandFailure(
        file.path, fact: "it is the state of a distillation",
        fix: "Go on with `pvd distill`, or choose another --out.")
    }
    return settings
  }

  /// Settings of a distillation.
  ///
  /// - Throws: ``CommandFailure`` if the state is of a training run.
  func distillerSettings() throws -> DistillerSettings {
    guard case .distillation(let settings) = record.run.settings else {
      throw CommandFailure(
        file.path, fact: "it is the state of a training run",
        fix: "Go on with `pvd train`, or choose another --out.")
    }
    return settings
  }

  /// - Throws: ``CommandFailure`` naming the first setting or input that differs.
  func requireSame(
    configuration: FieldConfiguration, frame: FieldFrame, view: ViewTemplate,
    settings: RunSettings, inputs: [String: String]
  ) throws {
    let saved = record
    var difference = firstDifference(configuration, saved.configuration)
    difference = difference ?? firstDifference(frame, saved.frame)
    difference = difference ?? firstDifference(.some(settings), saved.run.settings)
    difference = difference ?? firstDifference(inputs, saved.run.inputs)
    difference = difference ?? firstDifference(view, saved.view)
    guard let difference else { return }
    let name = difference.name.replacing("training.", with: "").replacing("distillation.", with: "")
    throw CommandFailure(
      file.path,
      fact: "`\(name)` is \(difference.given) now and \(difference.saved) in the saved run",
      fix: "Resume with the settings of the first call, or start anew with another --out.")
  }
}
