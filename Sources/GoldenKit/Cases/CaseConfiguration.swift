/// The configuration of a golden case, with accessors that name the case and the key when they fail.
public struct CaseConfiguration: Sendable {
  /// The case and the path of this object within it, for messages.
  public let context: String
  /// All members.
  public let values: [String: ConfigValue]

  /// A configuration.
  public init(context: String, values: [String: ConfigValue]) {
    self.context = context
    self.values = values
  }

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
  public func nested(_ key: String) throws(GoldenError) -> CaseConfiguration {
    let members = try value(key, "an object") { (value: ConfigValue) -> [String: ConfigValue]? in
      if case .object(let members) = value { members } else { nil }
    }
    return CaseConfiguration(context: "\(context).\(key)", values: members)
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
