import CommandSupport
import Distill
import Fields
import Foundation
import SceneIO

/// What a user asked of a run. What is nil was not given: a new run takes its default, a resumed run
/// keeps what it was told first.
struct RunRequest {
  /// What to do with the folder.
  enum Mode {
    case new
    case resume
    case overwrite
  }

  var out: URL
  var mode = Mode.new
  var iterations: Int?
  var seconds: Double?
  var seed: UInt64?
  var preset: Preset?
  var schedule: ScheduleChoice?
  var samples: Int?
  var learningRate: Double?
  var scale: Double?
  var evalEvery: Int?
  var evalViews: Int?
  var saveEvery = 60.0

  init(out: URL) { self.out = out }

  /// Settings of a training run.
  ///
  /// - Parameter saved: Settings of the run to resume.
  func trainerSettings(_ architecture: Architecture, saved: TrainerSettings?) -> TrainerSettings {
    let count = iterations ?? saved?.iterations
    let seed = seed ?? saved?.seed ?? 0
    let fresh =
      schedule == .published
      ? TrainerSettings.published(
        architecture: architecture, iterations: count ?? 40_000, seed: seed)
      : TrainerSettings(
        architecture: architecture, iterations: count ?? 2000, seed: seed)
    var settings = schedule == nil ? saved ?? fresh : fresh
    settings.iterations = fresh.iterations
    settings.seed = seed
    if let samples { settings.sampling.targetSamples = samples }
    if let learningRate {
      settings.learningRate = learningRate
      settings.secondaryRate = 0.1 * learningRate
    }
    return settings
  }

  /// Settings of a distillation, before the options that only it has.
  func distillerSettings(
    _ student: Architecture, saved: DistillerSettings?
  ) -> DistillerSettings {
    let count = iterations ?? saved?.iterations
    let seed = seed ?? saved?.seed ?? 0
    let fresh =
      schedule == .published
      ? DistillerSettings.published(student: student, iterations: count ?? 30_000, seed: seed)
      : DistillerSettings(student: student, iterations: count ?? 1500, seed: seed)
    var settings = schedule == nil ? saved ?? fresh : fresh
    settings.iterations = fresh.iterations
    settings.seed = seed
    if let samples { settings.sampling.targetSamples = samples }
    if let learningRate { settings.learningRate = learningRate }
    return settings
  }
}

/// Compares two values by their stored form and names the first difference.
///
/// - Returns: For example `("sampling.targetSamples", "0", "65536")`, or nil if both are equal.
func firstDifference<Value: Encodable>(
  _ given: Value, _ saved: Value
) -> (name: String, given: String, saved: String)? {
  let (a, b) = (leaves(given), leaves(saved))
  for name in Set(a.keys).union(b.keys).sorted() where a[name] != b[name] {
    return (name, a[name] ?? "absent", b[name] ?? "absent")
  }
  return nil
}

/// Every number and text of a value's JSON form by its path; enum wrappers do not count.
private func leaves(_ value: any Encodable) -> [String: String] {
  let data = Data(jsonLine(value).utf8)
  guard let root = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed) else {
    return [:]
  }
  var result: [String: String] = [:]
  func visit(_ node: Any, _ path: [String]) {
    switch node {
    case let object as [String: Any]:
      for (key, child) in object { visit(child, key == "_0" ? path : path + [key]) }
    case let list as [Any]:
      for (index, child) in list.enumerated() { visit(child, path + ["\(index)"]) }
    default: result[path.joined(separator: ".")] = "\(node)"
    }
  }
  visit(root, [])
  return result
}
