import CommandSupport
import Distill
import Foundation

/// One setting of a distillation step that an inspection changes, as the command line names it.
struct SettingChange {
  /// As it was given.
  let text: String
  private let apply: (inout LossKind, inout LossRates) -> Void

  /// Rates as PVD's options name them.
  private static var rates: [String: WritableKeyPath<LossRates, Double>] {
    [
      "loss_rate_rgb": \.rgb, "loss_rate_feature": \.features, "loss_rate_color": \.color,
      "loss_rate_density": \.density, "loss_rate_l1": \.l1,
    ]
  }

  /// Reads `name=value`; nil with a reason if that is no setting.
  static func read(_ text: String) throws -> SettingChange {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let names = (["loss_type"] + rates.keys.sorted()).joined(separator: ", ")
    func refusal(_ fact: String) -> CommandFailure {
      CommandFailure("--set \(text)", fact: fact, fix: "Write NAME=VALUE with one of \(names).")
    }
    guard parts.count == 2 else { throw refusal("there is no value") }
    let (name, value) = (parts[0].lowercased(), String(parts[1]))
    if name == "loss_type" {
      guard let kind = LossKind(rawValue: value) else {
        throw refusal(
          "there is no loss \"\(value)\" among "
            + LossKind.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return SettingChange(text: text) { current, _ in current = kind }
    }
    guard let path = rates[name] else { throw refusal("there is no setting \"\(name)\"") }
    guard let number = Double(value), number.isFinite else {
      throw refusal("\"\(value)\" is no finite number")
    }
    return SettingChange(text: text) { _, rates in rates[keyPath: path] = number }
  }

  func change(_ kind: inout LossKind, _ rates: inout LossRates) { apply(&kind, &rates) }

  private init(text: String, _ apply: @escaping (inout LossKind, inout LossRates) -> Void) {
    self.text = text
    self.apply = apply
  }
}

extension CompatibilityOptions {
  /// Reads `original`, `reference`, and switches as `+name` or `-name`, separated by commas.
  static func read(_ text: String, from start: CompatibilityOptions) throws -> CompatibilityOptions
  {
    var values = try switches(of: start)
    for part in text.split(separator: ",") {
      switch part {
      case "original": values = try switches(of: .original)
      case "reference": values = try switches(of: .reference)
      default:
        let name = String(part.dropFirst())
        guard part.first == "+" || part.first == "-", values[name] != nil else {
          throw CommandFailure(
            "--compat \(text)", fact: "\"\(part)\" is neither a preset nor a switch",
            fix: "Write reference or original, then +NAME or -NAME with one of "
              + values.keys.sorted().joined(separator: ", ") + ".")
        }
        values[name] = part.first == "+"
      }
    }
    return try JSONDecoder().decode(
      CompatibilityOptions.self, from: JSONEncoder().encode(values))
  }

  private static func switches(of options: CompatibilityOptions) throws -> [String: Bool] {
    try JSONDecoder().decode([String: Bool].self, from: JSONEncoder().encode(options))
  }
}
