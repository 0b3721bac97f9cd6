import Foundation
import NeRFCore
import TestSupport
import Testing

@Suite("Image metrics")
struct MetricsTests {
  @Test("an error of a tenth is 20 dB, none is infinite, and clipping is optional")
  func decibels() throws {
    let truth = [Double](repeating: 1, count: 8)
    #expect(try ImageError.meanSquared(truth.map { $0 + 0.5 }, truth) == 0.25)
    #expect(
      try ImageError.peakSignalToNoise(truth.map { $0 - 0.1 }, truth).isClose(to: 20, .reference))
    #expect(try ImageError.peakSignalToNoise(truth, truth) == .infinity)
    #expect(try ImageError.meanSquared(truth.map { $0 + 0.5 }, truth, clipping: true) == 0)
    #expect(throws: ShapeError.self) { try ImageError.meanSquared(truth, [1]) }
  }

  /// Of constants a and b both variances vanish: SSIM = (2ab + c₁) / (a² + b² + c₁), c₁ = 0.01².
  @Test("the standard SSIM of two constant images has a closed form")
  func constants() throws {
    let (a, b) = (0.25, 0.5)
    let count = 12 * 15 * 3
    let result = try StructuralSimilarity<Double>.standard(
      [Double](repeating: a, count: count), [Double](repeating: b, count: count), height: 12,
      width: 15)
    let expected = (2 * a * b + 1e-4) / (a * a + b * b + 1e-4)
    #expect(result.map.count == 2 * 5 * 3)
    // Variances are differences of squares near 0.25, divided by c₂ = 9e-4: conditioning 300.
    for value in result.map { #expect(value.isClose(to: expected, .reference, scale: 300)) }
    // The released form pads with zeros, so only windows away from the border agree.
    let padded = try StructuralSimilarity<Double>.pvd(
      [Double](repeating: a, count: count), [Double](repeating: b, count: count), height: 12,
      width: 15, largestValue: 1)
    #expect(padded.map[5 * 15 + 7].isClose(to: expected, .reference, scale: 300))
    #expect(!padded.map[0].isClose(to: expected, .framework))
  }

  @Test("the range of the released SSIM is the largest value of both images")
  func dataRange() throws {
    var random = SplitMix64(seed: 1)
    let first = random.doubles(16 * 16 * 3, in: 0...0.5)
    var second = random.doubles(16 * 16 * 3, in: 0...0.5)
    second[7] = 0.75
    let automatic = try StructuralSimilarity<Double>.pvd(first, second, height: 16, width: 16)
    let given = try StructuralSimilarity<Double>.pvd(
      first, second, height: 16, width: 16, largestValue: 0.75)
    let other = try StructuralSimilarity<Double>.pvd(
      first, second, height: 16, width: 16, largestValue: 1)
    #expect(automatic.mean == given.mean && automatic.mean != other.mean)
  }

  /// Windows as double sums over neighbours, zero outside the image, not as two passes.
  @Test("another window is that of the formula")
  func window() throws {
    let (height, width) = (4, 5)
    var random = SplitMix64(seed: 3)
    let (p, q) = (random.doubles(20, in: 0...1), random.doubles(20, in: 0...1))
    var window = SimilarityWindow()
    (window.taps, window.deviation, window.k1, window.k2) = (3, 0.8, 0.02, 0.05)
    let map = try StructuralSimilarity<Double>.pvd(
      p, q, height: height, width: width, channels: 1, largestValue: 2, window: window
    ).map
    let bell = (-1...1).map { exp(-Double($0 * $0) / (2 * 0.64)) }
    let total = bell.reduce(0, +)
    for y in 0..<height {
      for x in 0..<width {
        func mean(_ value: (Int) -> Double) -> Double {
          var sum = 0.0
          for dy in -1...1 where (0..<height).contains(y + dy) {
            for dx in -1...1 where (0..<width).contains(x + dx) {
              sum += bell[dy + 1] * bell[dx + 1] * value((y + dy) * width + x + dx)
            }
          }
          return sum / (total * total)
        }
        let (a, b) = (mean { p[$0] }, mean { q[$0] })
        let (v, w) = (mean { p[$0] * p[$0] } - a * a, mean { q[$0] * q[$0] } - b * b)
        let bound = (max(v, 0) * max(w, 0)).squareRoot()
        let c = max(-bound, min(bound, mean { p[$0] * q[$0] } - a * b))
        let (c1, c2) = (0.02 * 0.02 * 4, 0.05 * 0.05 * 4)
        let expected = (2 * a * b + c1) * (2 * c + c2) / ((a * a + b * b + c1) * (v + w + c2))
        // Variances are differences of numbers up to 1, divided by c₂ = 0.01.
        #expect(map[y * width + x].isClose(to: expected, .reference, scale: 300))
      }
    }
  }

  @Test("of an image with itself is one, and wrong sizes are refused")
  func identity() throws {
    var random = SplitMix64(seed: 2)
    let image = random.doubles(20 * 13 * 3, in: 0...1)
    let standard = try StructuralSimilarity<Double>.standard(image, image, height: 20, width: 13)
    #expect(standard.mean.isClose(to: 1, .reference))
    #expect(throws: ShapeError.self) {
      try StructuralSimilarity<Double>.standard(image, image, height: 13, width: 13)
    }
    #expect(throws: ShapeError.self) {
      try StructuralSimilarity<Double>.standard(
        [Double](repeating: 0, count: 300), [Double](repeating: 0, count: 300), height: 10,
        width: 10)
    }
  }
}
