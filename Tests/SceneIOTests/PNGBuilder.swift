import TensorIO

/// PNG files made chunk by chunk, so that tests decide every byte.
struct PNGBuilder {
  var width = 2
  var height = 1
  var bitDepth: UInt8 = 8
  /// 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha.
  var colorType: UInt8 = 2
  /// Chunks between header and pixels.
  var extra: [(type: String, data: [UInt8])] = []
  /// Rows without their filter byte.
  var rows: [[UInt8]] = [[0, 0, 0, 0, 0, 0]]

  /// The file.
  var bytes: [UInt8] {
    let header = Self.word(width) + Self.word(height) + [bitDepth, colorType, 0, 0, 0]
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += Self.chunk("IHDR", header)
    for (type, data) in extra { file += Self.chunk(type, data) }
    return file + Self.chunk("IDAT", Self.stored(rows.flatMap { [0] + $0 }))
      + Self.chunk("IEND", [])
  }

  static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(type.utf8) + data
    var checksum = Checksum()
    body.withUnsafeBytes { checksum.update($0) }
    return word(data.count) + body + word(Int(checksum.value))
  }

  static func word(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// A zlib stream with one stored block (RFC 1950, 1951).
  private static func stored(_ data: [UInt8]) -> [UInt8] {
    let count = UInt16(data.count)
    let lengths = [UInt8(count & 255), UInt8(count >> 8), UInt8(~count & 255), UInt8(~count >> 8)]
    var a = 1
    var b = 0
    for byte in data {
      a = (a + Int(byte)) % 65_521
      b = (b + a) % 65_521
    }
    return [0x78, 0x01, 0x01] + lengths + data + word(b << 16 | a)
  }
}
