import NeRFCore
import SceneIO
import TestSupport
import Testing

@Suite("Image buffers")
struct ImageBufferTests {
  @Test(
    "refuse sizes and counts that do not fit",
    arguments: [
      (0, 1, 3, 0), (1, -1, 3, 3), (1, 1, 2, 2), (2, 2, 3, 11), (Int.max, 2, 4, 8),
      (1 << 32, 1 << 32, 1, 0),
    ])
  func refusesMisfits(width: Int, height: Int, channels: Int, count: Int) {
    #expect(throws: ShapeError.self) {
      try ImageBuffer(
        width: width, height: height, channels: channels,
        pixels: [Float](repeating: 0, count: count))
    }
  }

  @Test("compositing is rgb·a + (1 − a)·background")
  func compositing() throws {
    let image = try ImageBuffer(
      width: 2, height: 1, channels: 4, pixels: [0.5, 1, 0, 0.25, 0.3, 0.2, 0.1, 0])
    let colors = image.composited(onto: SIMD3(1, 0.5, 0.25))
    #expect(colors == [0.875, 0.625, 0.1875, 1, 0.5, 0.25])
  }

  @Test("an image without alpha hides the background, and grey is repeated")
  func opaqueImages() throws {
    let color = try ImageBuffer(width: 1, height: 1, channels: 3, pixels: [0.1, 0.2, 0.3])
    #expect(color.composited(onto: SIMD3(1, 1, 1)) == [0.1, 0.2, 0.3])
    let grey = try ImageBuffer(width: 1, height: 1, channels: 1, pixels: [0.4])
    #expect(grey.flattened(onto: SIMD3(1, 1, 1)).pixels == [0.4, 0.4, 0.4])
  }

  @Test("downscaling is the mean of a block and cuts what is left over")
  func blockMean() throws {
    let image = try ImageBuffer(
      width: 3, height: 2, channels: 1, pixels: [0, 0.25, 9, 0.5, 0.25, 9])
    let half = try image.downscaled(by: 2)
    #expect(half.width == 1 && half.height == 1)
    #expect(half.pixels == [0.25])
  }

  @Test("downscaling and compositing can be exchanged", arguments: 0..<8)
  func averagesLight(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let image = try ImageBuffer(
      width: 6, height: 6, channels: 4, pixels: random.floats(144, in: 0...1))
    let background = SIMD3<Float>(1, 0.5, 0)
    let one = try image.downscaled(by: 3).composited(onto: background)
    let two = try image.flattened(onto: background).downscaled(by: 3).pixels
    for (a, b) in zip(one, two) { #expect(a.isClose(to: b, .single, scale: 1)) }
  }

  @Test("empty pixels do not darken an edge unless straight averaging is asked for")
  func edges() throws {
    let image = try ImageBuffer(
      width: 2, height: 2, channels: 4,
      pixels: [1, 0.5, 0, 1, 0, 0, 0, 0, 1, 0.5, 0, 1, 0, 0, 0, 0])
    #expect(try image.downscaled(by: 2).pixels == [1, 0.5, 0, 0.5])
    #expect(try image.downscaled(by: 2, straightAlpha: true).pixels == [0.5, 0.25, 0, 0.5])
  }

  @Test("a factor outside the image is refused", arguments: [0, -1, 3])
  func refusesFactor(factor: Int) throws {
    let image = try ImageBuffer(width: 4, height: 2, filledWith: [0, 0, 0])
    #expect(throws: ShapeError.self) { try image.downscaled(by: factor) }
  }
}
