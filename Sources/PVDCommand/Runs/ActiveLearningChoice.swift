import Distill
import Foundation
import NeRFCore

/// Active learning as the command line names it.
enum ActiveLearningChoice {
  /// Reads "image,ray,point", or "none", and constants as NAME=VALUE.
  static func read(levels: String, constants: [String]) throws -> ActiveLearningSettings? {
    let names = levels.split(separator: ",").map(String.init)
    guard names != ["none"] else { return nil }
    guard !names.isEmpty, var settings = ActiveLearningSettings(levels: names) else {
      throw CommandFailure(
        "--active-learning \(levels)", fact: "it names something that is no level",
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
    "image.share", "image.capacity", "image.interval", "image.first-epoch", "image.angle",
    "ray.share", "ray.capacity", "ray.start", "point.share", "point.opacity",
  ]

  /// Whether there was such a constant.
  private static func change(
    _ name: String, _ value: Double, in settings: inout ActiveLearningSettings
  ) -> Bool {
    guard names.contains(name) else { return false }
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
  func summary(drawnRays: Int) -> String {
    var parts: [String] = []
    if let image { parts.append("image (over \(image.capacity) poses)") }
    if let ray {
      let bytes = HardRayReplay(ray).memoryLimit(drawnRays: drawnRays)
      let perStep = max(1, Int(ray.share * Double(drawnRays)))
      parts.append(
        "ray (\(ray.capacity) rays, at most \(decimal(Double(bytes) / 1e6, 1)) MB, full after "
          + "\((ray.capacity + perStep - 1) / perStep) steps)")
    }
    if let point { parts.append("point (\(decimal(100 * Double(point.share), 0)) % of a ray)") }
    return "active learning: " + parts.joined(separator: ", ")
  }
}
