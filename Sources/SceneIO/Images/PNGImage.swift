import CPNG
import Foundation
import TensorIO

/// Reads and writes images as PNG files.
///
/// Values pass unchanged: a stored byte `k` becomes `k / 255`, whatever gamma or colour profile
/// the file declares, because training and metrics compare display values. What a file can hold
/// comes out as follows:
///
/// | in the file | in memory |
/// | --- | --- |
/// | grey of 1, 2, 4 or 8 bits | 3 equal channels, 1, 2 and 4 bits spread over 0...1 |
/// | grey with alpha, or a palette or colour with `tRNS` | 4 channels, straight alpha |
/// | palette | 3 channels |
/// | 16 bits per channel | reduced to 8 bits, `round(v / 257)`, then `/ 255` |
/// | interlaced | as if it were not |
///
/// The 16-bit rule is a choice: fields are trained on 8-bit pictures, and a picture saved with 16
/// bits then equals the same picture saved with 8. Reading is safe for hostile files: the size is
/// checked against ``maximumPixelCount`` and against the amount of compressed data before memory
/// is taken, all checksums are verified, and every warning about the pixel data is an error.
public enum PNGImage {
  /// Largest number of pixels read by default: 2²⁸, or a quarter of the computer's memory.
  ///
  /// A pixel takes up to 20 bytes while it is decoded (4 bytes and 4 floats).
  public static var maximumPixelCount: Int {
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    return min(1 << 28, memory / 4 / 20)
  }

  /// Reads a PNG file.
  ///
  /// - Parameters:
  ///   - url: A regular file.
  ///   - maximumPixelCount: Largest `width · height` to accept.
  /// - Returns: An image of 3 or 4 channels with values `k / 255`.
  /// - Throws: ``SceneError`` naming the file if it is absent, not a PNG, damaged or
  ///   larger than allowed.
  public static func read(
    _ url: URL, maximumPixelCount: Int = PNGImage.maximumPixelCount
  ) throws(SceneError) -> ImageBuffer {
    let container = try open(url, maximumPixelCount: maximumPixelCount)
    do throws(ImageDefect) { return try decode(container) } catch {
      throw SceneError(error, in: url)
    }
  }

  /// Writes an image as an 8-bit PNG file: grey, red green blue, or with straight alpha.
  ///
  /// A value `v` is stored as `round(255 v)`, halves away from zero, after clamping to 0...1. The
  /// file appears whole or not at all. Reading it back gives `k / 255` exactly.
  ///
  /// - Throws: ``SceneError`` if a value is not a number or the file cannot be written.
  public static func write(_ image: ImageBuffer, to url: URL) throws(SceneError) {
    let data: Data
    do throws(ImageDefect) { data = try encode(image) } catch { throw SceneError(error, in: url) }
    do throws(FileError) { try AtomicFile.write(data, to: url) } catch { throw SceneError(error) }
  }

  /// Reads a file and checks its chunks without decoding the pixels.
  static func open(_ url: URL, maximumPixelCount: Int) throws(SceneError) -> PNGContainer {
    let bytes = try SceneFile.bytes(of: url, limit: 1 << 31)
    do throws(ImageDefect) {
      return try PNGContainer(bytes, maximumPixelCount: maximumPixelCount)
    } catch {
      throw SceneError(error, in: url)
    }
  }

  // MARK: libpng's simplified interface

  static func decode(_ container: PNGContainer) throws(ImageDefect) -> ImageBuffer {
    let channels = container.hasAlpha ? 4 : 3
    let count = container.width * container.height * channels
    var failure: String?
    let bytes = container.essential.withUnsafeBytes { file in
      [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        buffer.initialize(repeating: 0)
        initializedCount = count
        guard png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0,
          image.width == container.width, image.height == container.height
        else {
          failure = image.text
          return
        }
        // Without this flag 16-bit values count as linear light and would be converted.
        image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
        image.format = container.hasAlpha ? Format.rgba : Format.rgb
        let finished = png_image_finish_read(&image, nil, buffer.baseAddress, 0, nil)
        if finished == 0 || image.warning_or_error != 0 { failure = image.text }
      }
    }
    if let failure {
      throw ImageDefect(
        fact: "the pixel data is damaged (\(failure))", fix: "Copy or download the file again.")
    }
    return ImageBuffer(
      checkedWidth: container.width, height: container.height, channels: channels,
      pixels: bytes.map { Float($0) / 255 })
  }

  package static func encode(_ image: ImageBuffer) throws(ImageDefect) -> Data {
    var bytes = [UInt8](repeating: 0, count: image.pixels.count)
    for (index, value) in image.pixels.enumerated() {
      guard !value.isNaN else {
        let pixel = index / image.channels
        throw ImageDefect(
          .unwritableImage,
          fact: "channel \(index % image.channels) at column \(pixel % image.width), row "
            + "\(pixel / image.width) is not a number",
          fix: "Find where the picture's values become NaN before writing it.")
      }
      bytes[index] = UInt8((min(max(value, 0), 1) * 255).rounded())
    }
    var header = png_image()
    header.version = png_uint_32(PNG_IMAGE_VERSION)
    guard let width = png_uint_32(exactly: image.width),
      let height = png_uint_32(exactly: image.height)
    else {
      throw ImageDefect(
        .unwritableImage, fact: "\(image.width)×\(image.height) pixels do not fit a PNG",
        fix: "Shrink the image below 2³¹ pixels a side.")
    }
    header.width = width
    header.height = height
    header.format = [1: Format.grey, 3: Format.rgb][image.channels] ?? Format.rgba
    defer { png_image_free(&header) }
    // Deflate adds less than a fourteenth to data it cannot shrink; the rest is for the chunks.
    var encoded = [UInt8](repeating: 0, count: (bytes.count + image.height) / 4 * 5 + 4096)
    var count = png_alloc_size_t(encoded.count)
    guard png_image_write_to_memory(&header, &encoded, &count, 0, bytes, 0, nil) != 0 else {
      throw ImageDefect(
        .unwritableImage, fact: "the image could not be encoded (\(header.text))",
        fix: "Check that its size is below a million pixels a side.")
    }
    return Data(encoded.prefix(Int(count)))
  }

  private enum Format {
    static let grey = png_uint_32(0)
    static let rgb = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    static let rgba = png_uint_32(PNG_FORMAT_FLAG_COLOR) | png_uint_32(PNG_FORMAT_FLAG_ALPHA)
  }
}

extension png_image {
  /// The message libpng left for its last error or warning.
  fileprivate var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
