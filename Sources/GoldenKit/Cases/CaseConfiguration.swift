import Foundation

/// A JSON value of a golden case's configuration or tolerances.
public enum ConfigValue: Equatable, Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// A number that is whole and fits.
  case int(Int)
  /// Any other number.
  case double(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([ConfigValue])
  /// Members by name.
  case object([String: ConfigValue])
}

extension ConfigValue: Decodable {
  /// Reads any JSON value.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([ConfigValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: ConfigValue].self))
    }
  }

  var asInt: Int? {
    switch self {
    case .int(let value): value
    case .double(let value): Int(exactly: value)
    default: nil
    }
  }

  var asDouble: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  var asBool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var asString: String? { if case .string(let value) = self { value } else { nil } }
  var asArray: [ConfigValue]? { if case .array(let value) = self { value } else { nil } }
}

/// The configuration of a golden case, with accessors that name the case and the key when they fail.
public struct GoldenConfig: Sendable {
  /// The case and the path of this object within it, for messages.
  public let context: String
  /// All members.
  public let values: [String: ConfigValue]

  /// Whether the key is present and not `null`.
  public func has(_ key: String) -> Bool {
    if let value = values[key] { value != .null } else { false }
  }

  /// A whole number.
  public func int(_ key: String) throws(GoldenError) -> Int {
    try value(key, "a whole number", \.asInt)
  }

  /// A number.
  public func double(_ key: String) throws(GoldenError) -> Double {
    try value(key, "a number", \.asDouble)
  }

  /// A number, rounded to single precision.
  public func float(_ key: String) throws(GoldenError) -> Float { Float(try double(key)) }

  /// A truth value.
  public func bool(_ key: String) throws(GoldenError) -> Bool {
    try value(key, "true or false", \.asBool)
  }

  /// A text.
  public func string(_ key: String) throws(GoldenError) -> String {
    try value(key, "a text", \.asString)
  }

  /// A list of whole numbers.
  public func ints(_ key: String) throws(GoldenError) -> [Int] {
    try list(key, "a list of whole numbers", \.asInt)
  }

  /// A list of numbers.
  public func doubles(_ key: String) throws(GoldenError) -> [Double] {
    try list(key, "a list of numbers", \.asDouble)
  }

  /// A list of truth values.
  public func bools(_ key: String) throws(GoldenError) -> [Bool] {
    try list(key, "a list of truth values", \.asBool)
  }

  /// A list of texts.
  public func strings(_ key: String) throws(GoldenError) -> [String] {
    try list(key, "a list of texts", \.asString)
  }

  /// A list of any values, for nested lists.
  public func array(_ key: String) throws(GoldenError) -> [ConfigValue] {
    try value(key, "a list", \.asArray)
  }

  /// An object.
  public func nested(_ key: String) throws(GoldenError) -> GoldenConfig {
    let members = try value(key, "an object") { (value: ConfigValue) -> [String: ConfigValue]? in
      if case .object(let members) = value { members } else { nil }
    }
    return GoldenConfig(context: "\(context).\(key)", values: members)
  }

  private func list<Value>(
    _ key: String, _ kind: String, _ element: (ConfigValue) -> Value?
  ) throws(GoldenError) -> [Value] {
    try value(key, kind) { value in
      guard let items = value.asArray else { return nil }
      let elements = items.compactMap(element)
      return elements.count == items.count ? elements : nil
    }
  }

  private func value<Value>(
    _ key: String, _ kind: String, _ convert: (ConfigValue) -> Value?
  ) throws(GoldenError) -> Value {
    guard let value = values[key] else {
      throw GoldenError(
        "\(context) has no key `\(key)`; it has \(values.keys.sorted().joined(separator: ", ")).")
    }
    guard let result = convert(value) else {
      throw GoldenError("\(context): `\(key)` is \(value), not \(kind).")
    }
    return result
  }
}

/// A golden case that is missing or not as a test assumes.
public struct GoldenError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, with the case's name.
  public let description: String

  /// Describes one fault.
  public init(_ description: String) { self.description = description }
}
