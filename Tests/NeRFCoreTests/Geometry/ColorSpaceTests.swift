import NeRFCore
import TestSupport
import Testing

@Suite("Colour space")
struct ColorSpaceTests {
  @Test("black stays black and white nearly white")
  func ends() {
    #expect(ColorSpace.linear(fromSRGB: 0.0) == 0)
    #expect(ColorSpace.sRGB(fromLinear: 0.0) == 0)
    #expect(ColorSpace.linear(fromSRGB: 1.0) == 1)
    #expect(ColorSpace.sRGB(fromLinear: 1.0).isClose(to: 1, .reference))
  }
}
