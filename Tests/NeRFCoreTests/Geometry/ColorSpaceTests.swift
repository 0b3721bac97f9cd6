import NeRFCore
import TestSupport
import Testing

@Suite("Colour space")
struct ColorSpaceTests {
  @Test("conversions equal the stored ones", arguments: GoldenCase.names(operation: "srgb"))
  func golden(name: String) throws {
    let golden = try GoldenCase(named: name)
    let single = try golden.floats("in.x")
    let double = try golden.doubles("in.x")
    let comparisons = try [
      golden.compare("out.srgb_to_linear", actual: single.map { ColorSpace.linear(fromSRGB: $0) }),
      golden.compare("out.linear_to_srgb", actual: single.map { ColorSpace.sRGB(fromLinear: $0) }),
      golden.compare("out.srgb_to_linear", actual: double.map { ColorSpace.linear(fromSRGB: $0) }),
      golden.compare("out.linear_to_srgb", actual: double.map { ColorSpace.sRGB(fromLinear: $0) }),
    ]
    for comparison in comparisons { #expect(comparison.passed, "\(comparison)") }
  }

  @Test("black stays black and white nearly white")
  func ends() {
    #expect(ColorSpace.linear(fromSRGB: 0.0) == 0)
    #expect(ColorSpace.sRGB(fromLinear: 0.0) == 0)
    #expect(ColorSpace.linear(fromSRGB: 1.0) == 1)
    #expect(ColorSpace.sRGB(fromLinear: 1.0).isClose(to: 1, .reference))
  }
}
