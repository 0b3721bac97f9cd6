import NeRFCore
import SceneIO
import TestSupport
import Testing

@Suite("Depth, opacity and heat maps")
struct DepthImageTests {
  @Test("near is bright, far is dark, the middle lies between")
  func range() throws {
    let image = try DepthImage.colourise(
      depths: [2, 4, 3], opacities: [1, 1, 1], width: 3, height: 1, ramp: .grey)
    #expect(image.channels == 3)
    #expect(image.pixels == [1, 1, 1, 0, 0, 0, 0.5, 0.5, 0.5])
  }

  @Test("pixels that hit little fade to white and do not set the range")
  func opacity() throws {
    let image = try DepthImage.colourise(
      depths: [2, 4, 100, -5, 4], opacities: [1, 1, 0, 0.25, 0.5], width: 5, height: 1, ramp: .grey)
    #expect(stride(from: 0, to: 15, by: 3).map { image.pixels[$0] } == [1, 0, 1, 1, 0.5])
  }

  @Test("a single depth is bright, NaN is magenta")
  func degenerate() throws {
    let image = try DepthImage.colourise(
      depths: [3, .nan, .infinity], opacities: [1, 1, 1], width: 3, height: 1, ramp: .grey)
    #expect(image.pixels == [1, 1, 1, 1, 0, 1, 1, 1, 1])
    let empty = try DepthImage.colourise(
      depths: [.nan], opacities: [0], width: 1, height: 1, ramp: .grey)
    #expect(empty.pixels == [1, 0, 1])
  }

  @Test("counts that do not fit are refused")
  func misfits() {
    #expect(throws: ShapeError.self) {
      try DepthImage.colourise(depths: [1, 2], opacities: [1], width: 2, height: 1)
    }
    #expect(throws: ShapeError.self) {
      try DepthImage.colourise(depths: [1, 2], opacities: [1, 1], width: 3, height: 1)
    }
    #expect(throws: ShapeError.self) { try DepthImage.opacity([1], width: 2, height: 1) }
    #expect(throws: ShapeError.self) { try DepthImage.heatmap([1], width: 2, height: 1) }
  }

  @Test("opacity is grey, cut to 0...1")
  func opacityImage() throws {
    let image = try DepthImage.opacity([-1, 0.5, 2, .nan], width: 2, height: 2)
    #expect(image.channels == 1 && image.pixels == [0, 0.5, 1, 0])
  }

  @Test("a heat map spans its values, or the range it is given")
  func heatmap() throws {
    let own = try DepthImage.heatmap([1, 3, 2, .infinity], width: 4, height: 1, ramp: .grey)
    #expect(stride(from: 0, to: 12, by: 3).map { own.pixels[$0] } == [0, 1, 0.5, 1])
    let given = try DepthImage.heatmap(
      [1, 3, -1], width: 3, height: 1, range: 0...4, ramp: .grey)
    #expect(stride(from: 0, to: 9, by: 3).map { given.pixels[$0] } == [0.25, 0.75, 0])
  }

  @Test("brightness rises along every ramp", arguments: ColorRamp.allCases)
  func monotone(ramp: ColorRamp) {
    let luminance = (0...64).map { step in
      (ramp.color(at: Float(step) / 64) * SIMD3(0.2126, 0.7152, 0.0722)).sum()
    }
    for (a, b) in zip(luminance, luminance.dropFirst()) { #expect(a < b) }
  }
}
