import Foundation
import GoldenKit
import TestSupport
import Testing

@Suite("Comparisons and tolerances")
struct ComparisonTests {
  private func compare(
    _ actual: [Double], _ expected: [Double], relative: Double = 0.125, absolute: Double = 0,
    mask: [Bool]? = nil
  ) -> Comparison {
    Comparison(
      "test", actual: actual, expected: expected, relative: relative, absolute: absolute, mask: mask
    )
  }

  @Test("the bound is inclusive and counts from the expected value")
  func bound() {
    #expect(compare([9], [8]).passed)
    #expect(compare([9], [8]).worstRatio == 1)
    #expect(!compare([9.25], [8]).passed)
    #expect(compare([9.25], [8], absolute: 0.25).passed)
    #expect(compare([8], [8], relative: 0).passed)
    #expect(compare([8.5], [8], relative: 0).worstRatio == .infinity)
  }

  @Test("NaN and infinities pass only against the same")
  func specialValues() {
    #expect(compare([.nan, .infinity, -.infinity], [.nan, .infinity, -.infinity]).passed)
    for (actual, expected) in [
      (Double.nan, 1.0), (1, .nan), (.infinity, 1), (1, .infinity), (-.infinity, .infinity),
    ] {
      let comparison = compare([actual], [expected], absolute: 1e300)
      #expect(!comparison.passed && comparison.worstRatio == .infinity)
    }
  }

  @Test("counts, masks that do not divide, and masks that select nothing fail")
  func vacuous() {
    #expect(compare([], []).passed)
    #expect(!compare([1], [1, 1]).passed)
    #expect(!compare([1, 1, 1], [1, 1, 1], mask: [true, true]).passed)
    #expect(!compare([1, 1], [1, 1], mask: [false, false]).passed)
    #expect(!compare([1, 1], [1, 1], mask: []).passed)
    let masked = compare([1, 5, 1, 1], [1, 1, 1, 2], mask: [false, true])
    #expect(masked.compared == 2 && masked.failures == 1 && masked.worstIndex == 3)
  }

  @Test("a relative class sees an error in a tiny value and takes a scale for cancellation")
  func classes() {
    #expect(!(1.001e-12).isClose(to: 1e-12, .reference))
    #expect((1.001e-12).isClose(to: 1e-12, .reference, scale: 1))
    #expect(Float(1).isClose(to: 1 + .ulpOfOne, .single))
    #expect(!Float(1).isClose(to: 1.0001, .single))
    #expect(Float(1).isClose(to: 1.00005, .framework))
    #expect(!(1.0).isClose(to: 1.0.nextUp, .exact))
    #expect((0.5).isClose(to: 0.503, .image) && !(0.5).isClose(to: 0.504, .image))
    #expect(Double.infinity.isClose(to: .infinity, .exact))
    #expect(!Double.infinity.isClose(to: 1, .trajectory))
    #expect(!Double.nan.isClose(to: .nan, .trajectory))
  }

  @Test("the generator gives the published sequence")
  func generator() {
    var random = SplitMix64(seed: 1_234_567)
    // The first numbers of the reference implementation for this seed.
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
  }
}

@Suite("Gradient check")
struct GradientCheckTests {
  private static let point = [0.3, -1.2, 2.5, 40.0]

  /// f = Σᵢ (i + 1) sin pᵢ + p₀ p₁.
  private func function(_ p: [Double]) -> Double {
    var sum = p[0] * p[1]
    for (i, value) in p.enumerated() { sum += Double(i + 1) * sin(value) }
    return sum
  }

  private func gradient(_ p: [Double]) -> [Double] {
    var result = p.enumerated().map { Double($0.offset + 1) * cos($0.element) }
    result[0] += p[1]
    result[1] += p[0]
    return result
  }

  @Test("accepts a right gradient")
  func accepts() throws {
    let check = try GradientCheck(of: gradient(Self.point), at: Self.point) { function($0) }
    #expect(check.passes(), "\(check)")
    #expect(check.probes == 8)
  }

  @Test("finds the wrong entry", arguments: 0..<4)
  func findsEntry(index: Int) throws {
    var wrong = gradient(Self.point)
    wrong[index] *= 1.001
    let check = try GradientCheck(of: wrong, at: Self.point, directions: 0) { function($0) }
    #expect(!check.passes())
    #expect(check.worstProbe == .parameter(index))
  }

  @Test("a random direction sees an entry that was not probed", arguments: 0..<4)
  func directions(index: Int) throws {
    var wrong = gradient(Self.point)
    wrong[index] += 0.1
    let check = try GradientCheck(of: wrong, at: Self.point, indices: []) { function($0) }
    #expect(!check.passes())
  }

  @Test("a gradient of zeros, a NaN and an empty check do not pass for a changing function")
  func degenerate() throws {
    let zero = [Double](repeating: 0, count: 4)
    #expect(try !GradientCheck(of: zero, at: Self.point) { function($0) }.passes())
    #expect(try !GradientCheck(of: gradient(Self.point), at: Self.point) { _ in .nan }.passes())
    #expect(try GradientCheck(of: zero, at: Self.point) { _ in 3 }.passes())
    #expect(try !GradientCheck(of: [], at: []) { _ in 0 }.passes())
    #expect(throws: GoldenError.self) { try GradientCheck(of: [1], at: []) { _ in 0 } }
  }
}
