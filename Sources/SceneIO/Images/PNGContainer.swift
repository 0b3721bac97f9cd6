import TensorIO

/// What is wrong with an image, before it is known which file it belongs to.
package struct ImageDefect: Error {
  let kind: SceneError.Kind
  let fact: String
  let fix: String

  init(_ kind: SceneError.Kind = .damagedImage, fact: String, fix: String) {
    self.kind = kind
    self.fact = fact
    self.fix = fix
  }
}

/// The chunks of a PNG file that decide its pixels, checked before anything is decompressed.
///
/// The layout is that of the PNG specification (ISO/IEC 15948): a signature, then chunks of
/// length (4 bytes, big endian), type (4), data and CRC-32 (4). Every checksum is verified.
///
/// Of all chunks only `IHDR`, `PLTE`, `tRNS`, `IDAT` and `IEND` are handed on. Gamma, colour
/// profiles and the like are left out on purpose: with them a decoder converts colours, and a
/// radiance field has to be fitted to the numbers as they stand in the file.
struct PNGContainer {
  let width: Int
  let height: Int
  /// Whether pixels carry opacity, as a channel or through a transparent colour.
  let hasAlpha: Bool
  /// A PNG file of the deciding chunks alone.
  let essential: [UInt8]

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let kept = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"]
  private static let copyAgain = "Copy or download the file again."

  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - maximumPixelCount: Largest `width · height` to accept.
  init(_ bytes: [UInt8], maximumPixelCount: Int) throws(ImageDefect) {
    guard bytes.starts(with: Self.signature) else {
      throw ImageDefect(
        .notAnImage,
        fact: bytes.isEmpty ? "the file is empty" : "the file does not start like a PNG",
        fix: "Convert the image to PNG.")
    }
    var essential = Self.signature
    essential.reserveCapacity(bytes.count)
    var header: Header?
    var hasTransparentColor = false
    var compressedCount = 0
    var ended = false
    var position = Self.signature.count
    while !ended {
      guard bytes.count - position >= 12 else {
        throw ImageDefect(
          fact: "the file ends after \(bytes.count) bytes, before its IEND chunk",
          fix: Self.copyAgain)
      }
      let length = Self.bigEndian(bytes, at: position)
      guard length <= bytes.count - position - 12 else {
        throw ImageDefect(
          fact: "the chunk at byte \(position) claims \(length) bytes but "
            + "\(bytes.count - position - 12) are left",
          fix: Self.copyAgain)
      }
      let end = position + 12 + length
      let type = String(decoding: bytes[position + 4..<position + 8], as: UTF8.self)
      guard Self.checksum(bytes[position + 4..<end - 4]) == Self.bigEndian(bytes, at: end - 4)
      else {
        throw ImageDefect(
          fact: "the checksum of the chunk at byte \(position) is wrong", fix: Self.copyAgain)
      }
      if header == nil {
        guard type == "IHDR", length == 13 else {
          throw ImageDefect(fact: "the first chunk is not a header", fix: Self.copyAgain)
        }
        header = try Header(bytes[position + 8..<position + 21], maximumPixelCount)
      }
      if type == "tRNS" { hasTransparentColor = true }
      if type == "IDAT" { compressedCount += length }
      // A type that starts with a capital may not be skipped; the decoder refuses unknown ones.
      if Self.kept.contains(type) || bytes[position + 4] & 0x20 == 0 {
        essential += bytes[position..<end]
      }
      ended = type == "IEND"
      position = end
    }
    guard let header else {
      throw ImageDefect(fact: "the file has no header", fix: Self.copyAgain)
    }
    // Deflate cannot shrink data more than 1032 times, so a larger claim is a lie.
    guard header.byteCount / 1032 <= compressedCount else {
      throw ImageDefect(
        fact: "the header claims \(header.width)×\(header.height) pixels but the file holds "
          + "\(compressedCount) bytes of compressed pixels",
        fix: Self.copyAgain)
    }
    self.width = header.width
    self.height = header.height
    self.hasAlpha = header.colorType & 4 != 0 || hasTransparentColor
    self.essential = essential
  }

  private static func bigEndian(_ bytes: [UInt8], at index: Int) -> Int {
    bytes[index..<index + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
    var checksum = Checksum()
    bytes.withUnsafeBytes { checksum.update($0) }
    return Int(checksum.value)
  }

  /// The fields of `IHDR` that bound the memory an image needs.
  private struct Header {
    let width: Int
    let height: Int
    let colorType: UInt8
    /// Filtered bytes before compression.
    let byteCount: Int

    init(_ data: ArraySlice<UInt8>, _ maximumPixelCount: Int) throws(ImageDefect) {
      let data = Array(data)
      let width = PNGContainer.bigEndian(data, at: 0)
      let height = PNGContainer.bigEndian(data, at: 4)
      guard width > 0, height > 0, width <= maximumPixelCount / height else {
        throw ImageDefect(
          .imageTooLarge,
          fact: "the header claims \(width)×\(height) pixels, the limit is \(maximumPixelCount)",
          fix: "Shrink the image, or check that the file is not damaged.")
      }
      let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][data[9]] ?? 1
      self.width = width
      self.height = height
      self.colorType = data[9]
      self.byteCount = height * (1 + (width * samples * Int(data[8]) + 7) / 8)
    }
  }
}
