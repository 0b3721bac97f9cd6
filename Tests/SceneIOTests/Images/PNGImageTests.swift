import Foundation
import NeRFCore
import SceneIO
import Testing

@Suite("PNG images")
struct PNGImageTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ builder: PNGBuilder) throws -> ImageBuffer {
    try PNGImage.read(folder.write(builder.bytes, to: "image.png"))
  }

  @Test("every byte value survives writing and reading", arguments: [1, 3, 4])
  func roundTrip(channels: Int) throws {
    let pixels = (0..<256 * channels).map { Float($0 * 7 % 256) / 255 }
    let image = try ImageBuffer(width: 16, height: 16, channels: channels, pixels: pixels)
    let url = folder.url.appending(path: "image.png")
    try PNGImage.write(image, to: url)
    let back = try PNGImage.read(url)
    if channels == 1 {
      #expect(back.pixels == pixels.flatMap { [$0, $0, $0] })
    } else {
      #expect(back == image)
    }
  }

  @Test("colour under zero alpha is kept")
  func straightAlpha() throws {
    let image = try ImageBuffer(
      width: 2, height: 1, channels: 4, pixels: [1, 0.2, 0.4, 0, 0.6, 0.8, 1, 1 / 255])
    let url = folder.url.appending(path: "image.png")
    try PNGImage.write(image, to: url)
    #expect(try PNGImage.read(url) == image)
  }

  @Test("values are rounded to the nearest level and clamped")
  func rounding() throws {
    let image = try ImageBuffer(
      width: 6, height: 1, channels: 1,
      pixels: [-1, .infinity, 0.4999 / 255, 0.5 / 255, 254.51 / 255, -.infinity])
    let url = folder.url.appending(path: "image.png")
    try PNGImage.write(image, to: url)
    let levels = try PNGImage.read(url).pixels.map { $0 * 255 }
    #expect(stride(from: 0, to: 18, by: 3).map { levels[$0] } == [0, 255, 0, 1, 255, 0])
  }

  @Test("a NaN is refused with its place, and no file appears")
  func nanIsRefused() throws {
    let image = try ImageBuffer(width: 2, height: 1, channels: 3, pixels: [0, 0, 0, 0, .nan, 0])
    let url = folder.url.appending(path: "image.png")
    let error = #expect(throws: SceneError.self) { try PNGImage.write(image, to: url) }
    #expect(error?.kind == .unwritableImage)
    #expect(error?.fact.contains("channel 1 at column 1, row 0") == true)
    #expect(!FileManager.default.fileExists(atPath: url.path))
  }

  /// A gamma of 1, a narrow sRGB claim and odd primaries would each change the numbers of a
  /// decoder that believes them.
  @Test(
    "gamma and colour space chunks do not change values",
    arguments: [
      ("gAMA", PNGBuilder.word(100_000)), ("gAMA", PNGBuilder.word(20_000)), ("sRGB", [0]),
      ("cHRM", [31270, 32900, 10000, 20000, 30000, 60000, 15000, 6000].flatMap(PNGBuilder.word)),
    ])
  func noConversion(type: String, data: [UInt8]) throws {
    var builder = PNGBuilder()
    builder.extra = [(type, data)]
    builder.rows = [[0, 64, 128, 1, 200, 255]]
    #expect(try read(builder).pixels == [0, 64, 128, 1, 200, 255].map { Float($0) / 255 })
  }

  @Test(
    "16 bits become round(v / 257) / 255, with and without a gamma chunk", arguments: [false, true])
  func sixteenBits(gamma: Bool) throws {
    var builder = PNGBuilder()
    builder.bitDepth = 16
    if gamma { builder.extra = [("gAMA", PNGBuilder.word(100_000))] }
    let values = [0, 128, 129, 257 * 100 + 128, 257 * 100 + 129, 65535]
    builder.rows = [values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }]
    #expect(try read(builder).pixels.map { $0 * 255 } == [0, 0, 1, 100, 101, 255])
  }

  @Test("16 bits with alpha stay straight")
  func sixteenBitsWithAlpha() throws {
    var builder = PNGBuilder()
    (builder.width, builder.bitDepth, builder.colorType) = (1, 16, 6)
    builder.rows = [[200, 200, 100, 100, 50, 50, 51, 51]]
    #expect(try read(builder).pixels == [200, 100, 50, 51].map { Float($0) / 255 })
  }

  @Test("grey becomes three channels, few bits spread over 0...1")
  func grey() throws {
    var builder = PNGBuilder()
    builder.colorType = 0
    builder.rows = [[7, 250]]
    #expect(try read(builder).pixels == [7, 7, 7, 250, 250, 250].map { Float($0) / 255 })
    builder.bitDepth = 2
    builder.rows = [[0b0110_0000]]
    #expect(try read(builder).pixels == [85, 85, 85, 170, 170, 170].map { Float($0) / 255 })
  }

  @Test("grey with alpha becomes four channels")
  func greyWithAlpha() throws {
    var builder = PNGBuilder()
    builder.colorType = 4
    builder.rows = [[9, 128, 30, 0]]
    #expect(try read(builder).pixels == [9, 9, 9, 128, 30, 30, 30, 0].map { Float($0) / 255 })
  }

  @Test("a palette is expanded, with its transparency if it has one")
  func palette() throws {
    var builder = PNGBuilder()
    builder.colorType = 3
    builder.extra = [("PLTE", [10, 20, 30, 40, 50, 60])]
    builder.rows = [[1, 0]]
    #expect(try read(builder).pixels == [40, 50, 60, 10, 20, 30].map { Float($0) / 255 })
    builder.extra.append(("tRNS", [77]))
    let withAlpha = try read(builder)
    #expect(withAlpha.pixels == [40, 50, 60, 255, 10, 20, 30, 77].map { Float($0) / 255 })
  }

  // MARK: damage

  @Test("no beginning of a file is accepted as an image")
  func everyTruncation() throws {
    let bytes = PNGBuilder().bytes
    for count in 0..<bytes.count {
      let url = try folder.write(Array(bytes.prefix(count)), to: "cut.png")
      #expect(throws: SceneError.self, "\(count) bytes") { try PNGImage.read(url) }
    }
  }

  @Test("no altered byte is accepted as the image")
  func everyAlteredByte() throws {
    let bytes = PNGBuilder().bytes
    for index in bytes.indices {
      var altered = bytes
      altered[index] ^= 0x10
      let url = try folder.write(altered, to: "altered.png")
      #expect(throws: SceneError.self, "byte \(index)") { try PNGImage.read(url) }
    }
  }

  @Test("rows that are missing or too many are damage, though all checksums are right")
  func wrongRowCount() throws {
    var builder = PNGBuilder()
    builder.height = 2
    #expect(throws: SceneError.self) { try read(builder) }
    builder.height = 1
    builder.rows = [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]
    #expect(throws: SceneError.self) { try read(builder) }
  }

  @Test(
    "a size beyond the limit is refused before memory is taken",
    arguments: [
      (1 << 30, 1 << 30), (0x7FFF_FFFF, 1), (0, 5), (5, 0),
    ])
  func sizeLimit(width: Int, height: Int) throws {
    var builder = PNGBuilder()
    (builder.width, builder.height) = (width, height)
    let error = #expect(throws: SceneError.self) { try read(builder) }
    #expect(error?.kind == .imageTooLarge)
  }

  @Test("a size that the compressed data cannot fill is refused")
  func decompressionBomb() throws {
    var builder = PNGBuilder()
    (builder.width, builder.height) = (10_000, 10_000)
    let error = #expect(throws: SceneError.self) {
      try PNGImage.read(folder.write(builder.bytes, to: "bomb.png"), maximumPixelCount: 1 << 28)
    }
    #expect(error?.kind == .damagedImage)
    #expect(error?.fact.contains("10000×10000") == true)
  }

  @Test("other files, folders and absent files are named errors of one line")
  func notAnImage() throws {
    let text = try folder.write("hello", to: "a\nb.png")
    let error = #expect(throws: SceneError.self) { try PNGImage.read(text) }
    #expect(error?.kind == .notAnImage)
    #expect(error?.description.contains("\n") == false)
    #expect(throws: SceneError.self) { try PNGImage.read(folder.url) }
    #expect(throws: SceneError.self) { try PNGImage.read(folder.url.appending(path: "none.png")) }
  }

  @Test("writing into a folder that does not exist is an error of the file system")
  func unwritable() throws {
    let image = try ImageBuffer(width: 1, height: 1, filledWith: [0, 0, 0])
    let error = #expect(throws: SceneError.self) {
      try PNGImage.write(image, to: folder.url.appending(path: "none/image.png"))
    }
    guard case .fileAccess? = error?.kind else {
      Issue.record("kind \(String(describing: error?.kind))")
      return
    }
  }
}
