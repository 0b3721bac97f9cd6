import CZlib

/// A running CRC-32 (the polynomial of zip and PNG, 0xEDB88320 reflected).
public struct Checksum: Equatable, Sendable {
  /// The checksum of the bytes so far; 0 for none.
  public private(set) var value: UInt32 = 0

  /// Starts with no bytes.
  public init() {}

  /// Reads the eight lower-case digits of ``hexadecimal``; `nil` for any other text.
  public init?(hexadecimal text: String) {
    guard let value = UInt32(text, radix: 16) else { return nil }
    self.value = value
    guard hexadecimal == text else { return nil }
  }

  /// The value as eight lower-case hexadecimal digits.
  public var hexadecimal: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Takes more bytes in.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    // zlib counts in 32 bits; a checkpoint can be longer.
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + (1 << 30))
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      let next = crc32(
        uLong(value), piece.bindMemory(to: Bytef.self).baseAddress, uInt(piece.count))
      value = UInt32(truncatingIfNeeded: next)
      start = end
    }
  }
}
