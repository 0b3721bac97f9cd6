/// A value of a JSON text.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// What the value is, for messages.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// Where and why a text is not JSON.
struct JSONDefect: Error {
  let line: Int
  let fact: String
}

/// A strict parser of JSON (RFC 8259) for files of unknown origin.
///
/// Nesting deeper than ``depthLimit`` and repeated keys are errors instead of surprises. Beyond the
/// standard it takes `NaN`, `Infinity` and `-Infinity`, which Python's `json` writes, as numbers,
/// so that the reader of the values can say which of them is at fault.
struct JSONParser {
  static let depthLimit = 64

  private let bytes: [UInt8]
  private var position = 0

  /// Parses a whole text.
  static func parse(_ bytes: [UInt8]) throws(JSONDefect) -> JSONValue {
    var parser = JSONParser(bytes: bytes)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.position = 3 }
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position < bytes.count { throw parser.defect("text follows the end of the value") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func defect(_ fact: String) -> JSONDefect {
    let line = bytes.prefix(position).reduce(1) { $1 == 0x0A ? $0 + 1 : $0 }
    return JSONDefect(line: line, fact: fact)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(JSONDefect) {
    if !take(character) {
      throw defect(next == nil ? "the text ends early" : "'\(character)' is missing")
    }
  }

  private mutating func value(depth: Int) throws(JSONDefect) -> JSONValue {
    guard depth <= Self.depthLimit else {
      throw defect("lists and objects are nested more than \(Self.depthLimit) deep")
    }
    skipSpace()
    guard let first = next else { throw defect("the text ends early") }
    switch Unicode.Scalar(first) {
    case "{": return try object(depth: depth)
    case "[": return try array(depth: depth)
    case "\"": return .string(try string())
    default:
      for (word, value) in Self.words where bytes[position...].starts(with: word.utf8) {
        position += word.utf8.count
        return value
      }
      return .number(try number())
    }
  }

  private static let words: [(String, JSONValue)] = [
    ("true", .bool(true)), ("false", .bool(false)), ("null", .null), ("NaN", .number(.nan)),
    ("Infinity", .number(.infinity)), ("-Infinity", .number(-.infinity)),
  ]

  private mutating func object(depth: Int) throws(JSONDefect) -> JSONValue {
    position += 1
    var members: [String: JSONValue] = [:]
    if take("}") { return .object(members) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw defect("a key in quotes is missing") }
      let key = try string()
      try expect(":")
      let member = try value(depth: depth + 1)
      if members.updateValue(member, forKey: key) != nil {
        throw defect("the key \"\(key.prefix(40))\" occurs twice in one object")
      }
    } while take(",")
    try expect("}")
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONDefect) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    if take("]") { return .array(elements) }
    repeat { elements.append(try value(depth: depth + 1)) } while take(",")
    try expect("]")
    return .array(elements)
  }

  /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`; too large a number becomes infinite.
  private mutating func number() throws(JSONDefect) -> Double {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let leadingZero = next == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0 else { throw defect("a value is missing or is not JSON") }
    guard whole == 1 || !leadingZero else { throw defect("a number starts with a needless zero") }
    if next == UInt8(ascii: ".") {
      position += 1
      if digits() == 0 { throw defect("a number has no digit after its point") }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      if digits() == 0 { throw defect("a number has no digit in its exponent") }
    }
    guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw defect("a number cannot be read")
    }
    return number
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func string() throws(JSONDefect) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw defect("a text is not valid UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
      case 0..<0x20: throw defect("a text contains a control character or a line break")
      default: text.append(byte)
      }
    }
    throw defect("a text has no closing quote")
  }

  private mutating func escape() throws(JSONDefect) -> Unicode.Scalar {
    guard let letter = next else { throw defect("a text has no closing quote") }
    position += 1
    switch Unicode.Scalar(letter) {
    case "\"": return "\""
    case "\\": return "\\"
    case "/": return "/"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      let unit = try codeUnit()
      if let scalar = Unicode.Scalar(unit) { return scalar }
      // Outside the scalars lie the halves of surrogate pairs.
      guard unit < 0xDC00, bytes[position...].starts(with: "\\u".utf8) else {
        throw defect("half of a surrogate pair stands alone")
      }
      position += 2
      let second = try codeUnit()
      guard (0xDC00..<0xE000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00))
      else { throw defect("half of a surrogate pair stands alone") }
      return scalar
    default: throw defect("a text contains an unknown escape")
    }
  }

  private mutating func codeUnit() throws(JSONDefect) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw defect("an escape lacks its four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }
}
