import Foundation
import NeRFCore
import TestSupport
import Testing

@Suite("Frequency encoding")
struct FrequencyEncodingTests {
  @Test("bands are octaves, or equally spaced from 1 to the highest octave")
  func bands() {
    #expect(FrequencyEncoding(bands: 4).frequencies == [1, 2, 4, 8])
    let spaced: [Double] = [1, 1 + 7.0 / 3, 1 + 14.0 / 3, 8]
    #expect(FrequencyEncoding(bands: 4, logarithmic: false).frequencies == spaced)
    #expect(FrequencyEncoding(bands: 1, logarithmic: false).frequencies == [1])
    #expect(FrequencyEncoding(bands: 0).outputCount == 3)
  }

  @Test("blocks are the point, then sine and cosine of every band")
  func layout() throws {
    let x = [0.3, -0.7]
    let all = try FrequencyEncoding(dimensions: 2, bands: 2).values(of: x)
    let expected =
      x + x.map { sin($0) } + x.map { cos($0) } + x.map { sin(2 * $0) } + x.map { cos(2 * $0) }
    #expect(Comparison("γ", actual: all, expected: expected, .reference).passed)
    let bare = FrequencyEncoding(dimensions: 2, bands: 2, includesInput: false)
    #expect(try bare.values(of: x) == Array(all.dropFirst(2)))
    #expect(bare.outputCount == 8)
  }

  /// The sum a + π/2 is rounded once more: an ulp of an argument of up to 36.
  @Test("the shifted sine differs from the cosine by rounding only, but it does differ")
  func shiftedSine() throws {
    let plain = FrequencyEncoding(bands: 6)
    let shifted = FrequencyEncoding(bands: 6, cosine: .shiftedSine)
    let x = [0.4, -1.1, 0.9]
    let exact = try plain.values(of: x)
    let double = try shifted.values(of: x)
    #expect(Comparison("Double", actual: double, expected: exact, .reference, scale: 36).passed)
    let single = try shifted.values(of: x.map { Float($0) })
    let rounded = try plain.values(of: x.map { Float($0) })
    #expect(Comparison("Float", actual: single, expected: rounded, .single, scale: 36).passed)
    #expect(single != rounded)
  }

  @Test("training's kernel computes the octave form")
  func kernel() throws {
    let encoding = FrequencyEncoding(bands: 5, includesInput: false)
    var random = SplitMix64(seed: 2)
    let rows = (0..<3).map { _ in random.doubles(Tile.step, in: -2...2) }
    var output = [Double](repeating: 0, count: 30 * Tile.stride)
    withRows(rows) {
      DoubleKernels.frequencyBands(
        5, points: PointPointers($0[0], $0[1], $0[2]), output: &output, count: Tile.step)
    }
    for s in 0..<Tile.step {
      let values = try encoding.values(of: rows.map { $0[s] })
      #expect(values == (0..<30).map { output[$0 * Tile.stride + s] })
    }
  }

  @Test(
    "the gradient matches central differences",
    arguments: [
      FrequencyEncoding(bands: 6), FrequencyEncoding(bands: 4, logarithmic: false),
      FrequencyEncoding(dimensions: 2, bands: 3, includesInput: false),
      FrequencyEncoding(dimensions: 1, frequencies: [0.5, 3.7]),
    ])
  func gradient(encoding: FrequencyEncoding) throws {
    var random = SplitMix64(seed: 4)
    let x = random.doubles(encoding.dimensions, in: -1...1)
    let g = random.doubles(encoding.outputCount, in: -1...1)
    // Frequencies up to 32: a step small against their wavelength.
    let check = try GradientCheck(
      of: encoding.gradient(of: x, cotangents: g), at: x, step: GradientCheck.defaultStep / 8
    ) { zip(g, try encoding.values(of: $0)).reduce(0) { $0 + $1.0 * $1.1 } }
    #expect(check.passes(), "\(check)")
  }

  @Test("wrong lengths are refused")
  func wrongLengths() {
    let encoding = FrequencyEncoding(bands: 2)
    #expect(throws: ShapeError.self) { try encoding.values(of: [1.0, 2]) }
    #expect(throws: ShapeError.self) {
      try encoding.gradient(of: [1.0, 2, 3], cotangents: [1.0, 2])
    }
  }
}
