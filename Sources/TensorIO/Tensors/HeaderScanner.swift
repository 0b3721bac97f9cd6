/// Reads the small part of JSON that a tensor file's header consists of: objects, strings, natural
/// numbers and lists of natural numbers.
///
/// It calls itself nowhere, so a hostile header cannot exhaust the stack, and it sees every member,
/// so a repeated key is noticed. The input must be valid UTF-8.
struct HeaderScanner {
  /// Where and why the text is not what was expected.
  struct Failure: Error {
    let position: Int
    let expected: String
  }

  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func failure(_ expected: String) -> Failure { Failure(position: position, expected: expected) }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
      position += 1
    }
  }

  /// Consumes `character` if it comes next, after white space.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Failure) {
    guard take(character) else { throw failure("'\(character)'") }
  }

  /// Checks that nothing but white space follows.
  mutating func end() throws(Failure) {
    skipSpace()
    guard position == bytes.count else { throw failure("the end of the header") }
  }

  /// Reads an object; `member` reads the value that belongs to the key it is given.
  mutating func object<E: Error>(
    _ wrap: (Failure) -> E, member: (inout HeaderScanner, String) throws(E) -> Void
  ) throws(E) {
    do throws(Failure) { try expect("{") } catch { throw wrap(error) }
    if take("}") { return }
    repeat {
      let key: String
      do throws(Failure) {
        key = try string()
        try expect(":")
      } catch { throw wrap(error) }
      try member(&self, key)
    } while take(",")
    do throws(Failure) { try expect("}") } catch { throw wrap(error) }
  }

  /// Reads a list of natural numbers.
  mutating func naturalNumbers() throws(Failure) -> [Int] {
    try expect("[")
    if take("]") { return [] }
    var values: [Int] = []
    repeat { values.append(try naturalNumber()) } while take(",")
    try expect("]")
    return values
  }

  private mutating func naturalNumber() throws(Failure) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      let (shifted, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (next, overflow) = shifted.addingReportingOverflow(Int(bytes[position] - 0x30))
      guard !tooLarge, !overflow else { throw failure("a number below 2^63") }
      value = next
      position += 1
    }
    guard position > start else { throw failure("a natural number") }
    guard position == start + 1 || bytes[start] != 0x30 else {
      throw failure("a number without leading zeros")
    }
    return value
  }

  /// Reads a string with its escapes.
  mutating func string() throws(Failure) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        position += 1
        text.append(contentsOf: String(try escape()).utf8)
      case 0..<0x20:
        throw failure("no control character inside a string")
      default:
        position += 1
        text.append(byte)
      }
    }
    throw failure("the closing quote of a string")
  }

  private mutating func escape() throws(Failure) -> Unicode.Scalar {
    guard position < bytes.count else { throw failure("an escape") }
    let letter = Unicode.Scalar(bytes[position])
    position += 1
    switch letter {
    case "\"", "\\", "/": return letter
    case "b": return "\u{08}"
    case "f": return "\u{0C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u": return try unicodeEscape()
    default: throw failure("a known escape")
    }
  }

  private mutating func unicodeEscape() throws(Failure) -> Unicode.Scalar {
    let first = try codeUnit()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // A code unit that is no scalar is one half of a surrogate pair.
    guard (0xD800..<0xDC00).contains(first),
      position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { throw failure("a surrogate pair") }
    position += 2
    let second = try codeUnit()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw failure("the second half of a surrogate pair") }
    return scalar
  }

  private mutating func codeUnit() throws(Failure) -> UInt32 {
    guard position + 4 <= bytes.count else { throw failure("four hexadecimal digits") }
    var value: UInt32 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("four hexadecimal digits")
      }
      value = value << 4 | UInt32(digit)
    }
    position += 4
    return value
  }
}
