import Foundation
import NeRFCore
import TestSupport
import Testing

@Suite("Elementary kernels")
struct ElementaryKernelTests {
  /// Runs a kernel over any number of arguments, padding the last block with zeros.
  static func evaluate(
    _ kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void, _ x: [Float]
  ) -> [Float] {
    let input = x + [Float](repeating: 0, count: Tile.padded(x.count) - x.count)
    var output = [Float](repeating: -1, count: input.count)
    kernel(input, &output, input.count)
    return Array(output.prefix(x.count))
  }

  /// Every 1009th number of one sign up to `limit`: all exponents, no pattern of mantissa.
  static func sweep(to limit: Float) -> [Float] {
    let patterns = stride(from: UInt32(0), through: limit.bitPattern, by: 1009)
    let positive = patterns.map(Float.init(bitPattern:))
    return positive + positive.map { -$0 }
  }

  @Test("the exponential is within two units in the last place over its whole range")
  func exponential() {
    let x = Self.sweep(to: 104)
    let y = Self.evaluate({ FastKernels.exponential($0, into: $1, count: $2) }, x)
    var worst = 0.0
    for (x, y) in zip(x, y) {
      let exact = exp(Double(x))
      guard exact <= Double(Float.greatestFiniteMagnitude) else {
        // Beyond the range by less than two units either neighbour is right.
        #expect(y == .infinity || y == .greatestFiniteMagnitude)
        continue
      }
      // Below the normal range a unit is the smallest subnormal.
      let ulp = max(Double(Float(exact).ulp), Double(Float.leastNonzeroMagnitude))
      worst = max(worst, abs(Double(y) - exact) / ulp)
    }
    KernelLog.shared.record("exponential (of 2 ulp)", worst / 2)
    #expect(worst <= 2, "\(FastKernels.instructionSet): \(worst) ulp")
  }

  @Test("the exponential of special values is that of the definition")
  func exponentialSpecials() {
    let x: [Float] = [
      0, -0.0, .infinity, -.infinity, 1e30, -1e30, 88.73, 104, -104, -150, 0x1p-140, -0x1p-140,
      .nan,
      -.nan, .signalingNaN,
    ]
    let y = Self.evaluate({ FastKernels.exponential($0, into: $1, count: $2) }, x)
    let expected: [Float] = [1, 1, .infinity, 0, .infinity, 0, .infinity, .infinity, 0, 0, 1, 1]
    #expect(Array(y.prefix(12)) == expected)
    #expect(y.suffix(3).allSatisfy { $0.isNaN })
    // The last argument with a finite result, and the last with one above zero.
    let edges = Self.evaluate(
      { FastKernels.exponential($0, into: $1, count: $2) }, [88.722_83, -103.27])
    #expect(edges[0].isFinite && edges[0] > 3.4e38)
    #expect(edges[1] > 0 && edges[1].isSubnormal)
  }

  /// Relative error: 4u from the exponential (weighted by e/(1+e) ≤ 1), one sum, one quotient: 6u; 8u
  /// covers the second order. Below the normal range the result may be flushed to zero.
  @Test("the sigmoid keeps its relative error on both tails")
  func sigmoid() {
    let x = Self.sweep(to: 120)
    let y = Self.evaluate({ FastKernels.sigmoid($0, into: $1, count: $2) }, x)
    let exact = x.map { 1 / (1 + exp(-Double($0))) }
    let comparison = KernelComparison(
      "sigmoid", y, exact: exact, magnitudes: exact, roundings: 8,
      absolute: Double(Float.leastNormalMagnitude))
    #expect(comparison.passed, "\(comparison)")
    let specials = Self.evaluate(
      { FastKernels.sigmoid($0, into: $1, count: $2) }, [.infinity, -.infinity, 0, .nan])
    #expect(Array(specials.prefix(3)) == [1, 0, 0.5] && specials[3].isNaN)
  }

  @Test("results do not depend on the place in a row")
  func placeDoesNotMatter() {
    let x = (0..<Tile.capacity).map { Float($0) * 0.37 - 40 }
    for kernel in [
      { (x, y, n) in FastKernels.exponential(x, into: y, count: n) },
      { (x, y, n) in FastKernels.sigmoid(x, into: y, count: n) },
    ] as [(UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void] {
      let forwards = Self.evaluate(kernel, x)
      let backwards = Self.evaluate(kernel, x.reversed())
      #expect(forwards == backwards.reversed())
    }
  }

  // MARK: Frequencies

  /// Evaluates three rows of points; the second and third are permutations of the first.
  private static func frequencies(
    _ bands: Int, _ x: [Float]
  ) -> (single: [Float], double: [Double]) {
    let padded = x + [Float](repeating: 0, count: Tile.capacity - x.count)
    let rows = [padded, padded.reversed(), padded]
    var result = Twin(zeros: 6 * bands * Tile.stride)
    let n = Tile.capacity
    withRows(rows) {
      FastKernels.frequencyBands(
        bands, points: PointPointers($0[0], $0[1], $0[2]), output: &result.single, count: n)
    }
    withRows(rows.map { $0.map(Double.init) }) {
      DoubleKernels.frequencyBands(
        bands, points: PointPointers($0[0], $0[1], $0[2]), output: &result.double, count: n)
    }
    return (
      columns(result.single, rows: 6 * bands, count: n),
      columns(result.double, rows: 6 * bands, count: n)
    )
  }

  /// 2ᵏx is exact, so only sine and cosine round; the reduction and the polynomials are good for
  /// 2u = 1.2e-7 absolutely, for every angle the fast path takes.
  @Test("sines and cosines are within 1.2e-7 up to the largest fast angle", arguments: [1, 4, 10])
  func frequencyBands(bands: Int) {
    var random = SplitMix64(seed: 5)
    let top = FastKernels.largestFastAngle / Float(1 << (bands - 1))
    var x = random.floats(Tile.capacity - 6, in: -top...top)
    x += [0, -0.0, top, -top, Float(Double.pi), Float(Double.pi / 4)]
    let (single, double) = Self.frequencies(bands, x.map { min(max($0, -top), top) })
    let comparison = KernelComparison(
      "frequencyBands", single, exact: double, magnitudes: double.map { _ in 1 }, roundings: 2)
    #expect(comparison.passed, "\(comparison)")
  }

  @Test("larger angles, infinities and NaN take the definition and disturb nobody")
  func largeAngles() {
    var x = [Float](repeating: 0.3, count: 64)
    x[1] = FastKernels.largestFastAngle * 3
    x[2] = 1e20
    x[3] = .nan
    x[4] = .infinity
    let (single, double) = Self.frequencies(4, x)
    let comparison = KernelComparison(
      "frequencyBands, large angles", single, exact: double, magnitudes: double.map { _ in 1 },
      roundings: 2)
    #expect(comparison.passed, "\(comparison)")
    // The axes are x, its reversal, and x again: sample 3 of the first axis is NaN in every band.
    for row in stride(from: 0, to: 24, by: 3) { #expect(single[row * Tile.capacity + 3].isNaN) }
    #expect(single[5].isFinite)
  }

  @Test("sin² + cos² is one in every band")
  func pythagoras() {
    var random = SplitMix64(seed: 6)
    let (single, _) = Self.frequencies(8, random.floats(Tile.capacity, in: -4...4))
    for band in 0..<8 {
      for axis in 0..<3 {
        for s in 0..<Tile.capacity {
          let sine = Double(single[(6 * band + axis) * Tile.capacity + s])
          let cosine = Double(single[(6 * band + 3 + axis) * Tile.capacity + s])
          #expect((sine * sine + cosine * cosine).isClose(to: 1, .single))
        }
      }
    }
  }

  // MARK: Spherical harmonics

  /// The definition on magnitudes: every difference becomes a sum.
  private static func harmonicMagnitudes(
    degree: Int, _ x: Double, _ y: Double, _ z: Double
  ) -> [Double] {
    let (x, y, z) = (abs(x), abs(y), abs(z))
    var q = [Double](repeating: 0, count: 81)
    var start = 1.0
    var a = [1.0]
    for m in 0..<8 {
      if m > 0 {
        start *= Double(2 * m - 1)
        a.append(a[m - 1] * (x + y))
      }
      q[m * 9 + m] = start
      for l in (m + 1)..<9 {
        let previous = l >= m + 2 ? q[(l - 2) * 9 + m] : 0
        q[l * 9 + m] =
          (Double(2 * l - 1) * z * q[(l - 1) * 9 + m] + Double(l + m - 1) * previous)
          / Double(l - m)
      }
    }
    var result = [Double](repeating: 0, count: degree * degree)
    for l in 0..<degree {
      for m in 0...l {
        // N_lm from the definition: all other factors of Y are known.
        var ratio = 1.0
        if m > 0 { for k in (l - m + 1)...(l + m) { ratio /= Double(k) } }
        let norm = (Double(2 * l + 1) / (4 * .pi) * ratio * (m > 0 ? 2 : 1)).squareRoot()
        result[l * l + l + m] = norm * q[l * 9 + m] * a[m]
        result[l * l + l - m] = result[l * l + l + m]
      }
    }
    return result
  }

  /// Up to degree 4 the polynomials are written out, in at most eight roundings. Beyond, a recurrence
  /// step has six, there are at most `degree` of them, as many for the powers (two each), and four at
  /// the end.
  @Test("spherical harmonics stay within their rounding error", arguments: 1...8)
  func sphericalHarmonics(degree: Int) {
    var random = SplitMix64(seed: 7)
    let n = Tile.capacity
    var points = (0..<3).map { _ in random.floats(n, in: -1.5...1.5) }
    for axis in 0..<3 { points[axis][0] = 0 }
    let exact = points.map { $0.map(Double.init) }
    var result = Twin(zeros: 64 * Tile.stride)
    withRows(points) {
      FastKernels.sphericalHarmonics(
        degree: degree, directions: PointPointers($0[0], $0[1], $0[2]), output: &result.single,
        count: n)
    }
    withRows(exact) {
      DoubleKernels.sphericalHarmonics(
        degree: degree, directions: PointPointers($0[0], $0[1], $0[2]), output: &result.double,
        count: n)
    }
    var magnitudes = [Double](repeating: 0, count: degree * degree * n)
    for s in 0..<n {
      for (index, value) in Self.harmonicMagnitudes(
        degree: degree, exact[0][s], exact[1][s], exact[2][s]
      ).enumerated() {
        magnitudes[index * n + s] = value
      }
    }
    let comparison = KernelComparison(
      "sphericalHarmonics", columns(result.single, rows: degree * degree, count: n),
      exact: columns(result.double, rows: degree * degree, count: n), magnitudes: magnitudes,
      roundings: degree <= 4 ? 8 : 8 * degree + 4)
    #expect(comparison.passed, "\(comparison)")
    // Callers have room for the rows of the degree and no more.
    #expect(result.single[(degree * degree * Tile.stride)...].allSatisfy { $0 == 0 })
  }
}
