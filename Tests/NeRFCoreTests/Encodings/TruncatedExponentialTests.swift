import NeRFCore
import TestSupport
import Testing

@Suite("Truncated exponential")
struct TruncatedExponentialTests {
  @Test(
    "the derivative is the value between the limits, both included",
    arguments: [-12.0, -3, 0, 7, 12])
  func inside(x: Double) throws {
    let slope = TruncatedExponential.derivative(at: x)
    #expect(slope == TruncatedExponential.value(of: x))
    let check = try GradientCheck(of: [slope], at: [x], step: GradientCheck.defaultStep / 16) {
      TruncatedExponential.value(of: $0[0])
    }
    #expect(check.passes(), "\(check)")
  }

  @Test("the derivative stays at the limit beyond it, the value does not")
  func outside() {
    let top = TruncatedExponential.value(of: 12.0)
    #expect(TruncatedExponential.derivative(at: 12.5) == top)
    #expect(TruncatedExponential.derivative(at: 1e5) == top)
    #expect(TruncatedExponential.value(of: 13.0) > top)
    #expect(TruncatedExponential.derivative(at: -1e5) == TruncatedExponential.value(of: -12.0))
    #expect(TruncatedExponential.derivative(at: Float(20)).isFinite)
  }

  @Test("NaN stays NaN")
  func notANumber() {
    #expect(TruncatedExponential.value(of: Float.nan).isNaN)
    #expect(TruncatedExponential.derivative(at: Float.nan).isNaN)
  }
}
