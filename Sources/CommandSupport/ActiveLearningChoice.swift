import Distill
import Foundation
import NeRFCore

/// Active learning as the command line names it.
package enum ActiveLearningChoice {
  /// Reads "image,ray,point", or "none", and constants as NAME=VALUE.
  package static func read(
    levels: String, scale: ActiveLearningSettings.Scale, constants: [String],
    option: String = "--active-learning"
  ) throws -> ActiveLearningSettings? {
    let names = levels.split(separator: ",").map(String.init)
    guard names != ["none"] else { return nil }
    guard !names.isEmpty, var settings = ActiveLearningSettings(levels: names, scale: scale) else {
      throw CommandFailure(
        "\(option) \(levels)", fact: "it names something that is no level",
        fix: "Write none, or some of \(ActiveLearningSettings.names.joined(separator: ",")).")
    }
    for text in constants { try set(text, in: &settings) }
    return settings
  }

  private static func set(_ text: String, in settings: inout ActiveLearningSettings) throws {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    let value = parts.count == 2 ? Double(parts[1]) : nil
    guard let value, value.isFinite, value >= 0, change(parts[0], value, in: &settings) else {
      throw CommandFailure(
        "--active-set \(text)",
        fact: "it is no constant of a level that is on, or has no number from 0",
        fix: "Write NAME=VALUE with one of \(names.joined(separator: ", ")).")
    }
  }

  private static let names = [
    "stage.first", "stage.last",
    "image.share", "image.capacity", "image.interval", "image.first-epoch", "image.angle",
    "ray.share", "ray.capacity", "ray.start", "point.share", "point.opacity",
  ]

  /// Whether there was such a constant.
  private static func change(
    _ name: String, _ value: Double, in settings: inout ActiveLearningSettings
  ) -> Bool {
    guard names.contains(name) else { return false }
    if name.hasPrefix("stage.") {
      guard value == 2 || value == 3 else { return false }
      let stage: DistillationStage = value == 2 ? .volume : .image
      if name == "stage.first" {
        settings.stages.first = stage
      } else {
        settings.stages.last = stage
      }
      return true
    }
    let count = Int(min(value, 1e9))
    switch name {
    case "image.share": settings.image?.share = min(value, 1)
    case "image.capacity": settings.image?.capacity = count
    case "image.interval": settings.image?.interval = max(1, count)
    case "image.first-epoch": settings.image?.firstEpoch = count
    case "image.angle": settings.image?.angle = value
    case "ray.share": settings.ray?.share = min(value, 1)
    case "ray.capacity": settings.ray?.capacity = max(1, min(count, 1 << 26))
    case "ray.start": settings.ray?.start = value
    case "point.share": settings.point?.share = Float(min(value, 1))
    default: settings.point?.opacity = value
    }
    switch name.prefix(while: { $0 != "." }) {
    case "image": return settings.image != nil
    case "ray": return settings.ray != nil
    default: return settings.point != nil
    }
  }
}

extension ActiveLearningSettings {
  /// What is on, and what it may cost.
  package func summary(_ sampling: SamplingSettings) -> String {
    var parts: [String] = []
    if let image { parts.append("image (over \(image.capacity) poses)") }
    if let ray {
      let most = sampling.maximumRays
      let bytes = HardRayReplay(ray).memoryLimit(drawnRays: most)
      var text =
        "ray (\(ray.capacity) rays, at most \(decimal(Double(bytes) / 1e6, 1)) MB, full after "
      if sampling.targetSamples == 0 {
        let perStep = max(1, Int(ray.share * Double(most)))
        text += "\((ray.capacity + perStep - 1) / perStep) steps)"
      } else {
        // As many rays as come to a number of samples: how many is not known before.
        text += "\(decimal(Double(ray.capacity) / max(ray.share, 1e-9), 0)) rays of steps)"
      }
      parts.append(text)
    }
    if let point { parts.append("point (\(decimal(100 * Double(point.share), 0)) % of a ray)") }
    let active = DistillationStage.allCases.filter(stages.contains).map { "\($0.rawValue)" }
    return "active learning, stage \(active.joined(separator: " and ")): "
      + parts.joined(separator: ", ")
  }
}

extension Distiller {
  /// How far the pools came; nil without any.
  package var poolSummary: String? {
    let parts = activeLevels.compactMap { level -> String? in
      switch level {
      case let level as HardPoseReplay:
        level.isFull
          ? "\(level.pool.count) poses, full"
          : "\(level.pool.count) poses, never over \(level.settings.capacity): none was replayed"
      case let level as HardRayReplay:
        level.isFull
          ? "\(level.count) rays, full"
          : "\(level.count) of \(level.settings.capacity) rays, never full: none was replayed"
      default: nil
      }
    }
    return parts.isEmpty ? nil : "pools: " + parts.joined(separator: "; ")
  }
}
