import NeRFCore
import TestSupport
import Testing

@Suite("Counter-based random numbers")
struct CounterRandomTests {
  /// Test vectors published with the generator (Salmon et al. 2011, Random123).
  @Test("Philox gives the published words")
  func philox() {
    let zero = CounterRandom.philox(counter: SIMD4(repeating: 0), key: SIMD2(repeating: 0))
    #expect(zero == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = CounterRandom.philox(counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max))
    #expect(ones == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let pi = CounterRandom.philox(
      counter: SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344),
      key: SIMD2(0xa409_3822, 0x299f_31d0))
    #expect(pi == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  @Test("seed, purpose, stream and index each give other numbers, and the same ones again")
  func addressing() {
    func words(_ seed: UInt64, _ purpose: RandomPurpose, _ stream: Int, _ index: Int) -> SIMD4<
      UInt32
    > {
      CounterRandom(seed: seed, purpose: purpose, stream: stream).words(at: index)
    }
    let base = words(1, .pixels, 0, 0)
    #expect(base == words(1, .pixels, 0, 0))
    for other in [
      words(2, .pixels, 0, 0), words(1 << 40, .pixels, 0, 0), words(1, .background, 0, 0),
      words(1, .pixels, 1, 0), words(1, .pixels, 0, 1), words(1, .pixels, 0, 1 << 40),
    ] {
      #expect(other != base)
    }
  }

  /// Five standard errors: of a mean σ/√n, of a variance σ²√((κ − 1)/n), κ = 1.8 for uniform and 3 for
  /// normal numbers. A right generator fails one such test in two million.
  @Test(
    "uniform numbers have the right range, mean and variance", arguments: [UInt64(0), 7, 1 << 60])
  func uniform(seed: UInt64) {
    let random = CounterRandom(seed: seed, purpose: .marchJitter)
    let count = 100_000
    let singles = (0..<count / 4).flatMap { index in
      let four = random.uniform4(at: index)
      return (0..<4).map { Double(four[$0]) }
    }
    let doubles = (0..<count).map { random.uniformDouble(at: $0) }
    for values in [singles, doubles] {
      #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
      let (mean, variance) = Self.moments(values)
      #expect(abs(mean - 0.5) < 5 * (1 / 12.0).squareRoot() / Double(count).squareRoot())
      #expect(abs(variance - 1 / 12.0) < 5 / 12.0 * (0.8 / Double(count)).squareRoot())
    }
    #expect(random.uniform(at: 3) == random.uniform4(at: 3).x)
  }

  @Test(
    "normal numbers have mean 0, variance 1 and independent halves", arguments: [UInt64(1), 99])
  func normal(seed: UInt64) {
    let random = CounterRandom(seed: seed, purpose: .initialisation)
    let pairs = (0..<50_000).map { random.normal2(at: $0) }
    let values = pairs.flatMap { [$0.x, $0.y] }
    let (mean, variance) = Self.moments(values)
    let n = Double(values.count)
    #expect(abs(mean) < 5 / n.squareRoot())
    #expect(abs(variance - 1) < 5 * (2 / n).squareRoot())
    let product = pairs.reduce(0) { $0 + $1.x * $1.y } / Double(pairs.count)
    #expect(abs(product) < 5 / Double(pairs.count).squareRoot())
    #expect(values.allSatisfy { $0.isFinite })
  }

  private static func moments(_ values: [Double]) -> (mean: Double, variance: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
  }

  @Test("whole numbers fill their range evenly", arguments: [1, 2, 7, 1000])
  func integers(bound: Int) {
    let random = CounterRandom(seed: 5, purpose: .shuffle)
    let draws = 20_000
    var counts = [Int](repeating: 0, count: bound)
    for index in 0..<draws { counts[random.integer(at: index, below: bound)] += 1 }
    let expected = Double(draws) / Double(bound)
    // Six standard deviations of a Poisson count, for up to a thousand of them.
    for count in counts { #expect(abs(Double(count) - expected) <= 6 * expected.squareRoot()) }
  }

  @Test("a permutation has every number once and depends on the seed")
  func permutation() {
    let first = CounterRandom(seed: 1, purpose: .shuffle).permutation(of: 312)
    #expect(first.sorted() == Array(0..<312))
    #expect(first != Array(0..<312))
    #expect(first == CounterRandom(seed: 1, purpose: .shuffle).permutation(of: 312))
    #expect(first != CounterRandom(seed: 2, purpose: .shuffle).permutation(of: 312))
    #expect(CounterRandom(seed: 1, purpose: .shuffle).permutation(of: 0).isEmpty)
  }
}
