import NeRFCore
import TestSupport
import Testing

/// Coordinates and sizes for which positions are exact in single precision.
///
/// With 2ᵏ + 1 texels and coordinates that are multiples of 2⁻¹², `(c + 1)/2 · (size − 1)` rounds
/// nowhere: both precisions see the same cells and the same weights, and only sums round.
enum ExactCoordinates {
  static func row(_ count: Int, _ random: inout SplitMix64) -> [Float] {
    (0..<count).map { _ in Float(Int.random(in: -4300...4300, using: &random)) * 0x1p-12 }
  }

  /// Ends of the range, texels, the fading border, points far outside and NaN.
  static let special: [Float] = [-1, 1, 0, -0.0, -1.03125, 1.03125, -3, 3, .infinity, .nan]
}

/// A factor with a mixing matrix, and samples in an order of their own.
struct Factors {
  let shape: PlaneLineShape
  let channels: Int
  let outputs: Int
  let plane: Twin
  let line: Twin
  let mixing: Twin
  let coordinates: [Twin]
  /// Not a multiple of the groups in which kernels work; coordinates reach behind it.
  let count = Tile.capacity - 45
  /// Columns of the sums: one before the outputs and two behind, which stay as they are.
  var stride: Int { outputs + 3 }

  init(channels: Int, outputs: Int, sizes: SIMD3<Int> = SIMD3(9, 17, 5), seed: UInt64 = 1) {
    shape = PlaneLineShape(width: sizes.x, height: sizes.y, length: sizes.z)
    self.channels = channels
    self.outputs = outputs
    var random = SplitMix64(seed: seed)
    plane = Twin(sizes.x * sizes.y * channels, &random)
    line = Twin(sizes.z * channels, &random)
    mixing = Twin(outputs * channels, &random)
    coordinates = (0..<3).map { axis in
      var row = ExactCoordinates.row(Tile.capacity, &random)
      for (index, value) in ExactCoordinates.special.enumerated() {
        row[3 * index + axis] = value
      }
      return Twin(row)
    }
  }

  /// The k-th sample of the order.
  func sample(_ k: Int) -> Int { (7 * k + 3) % count }

  /// The samples in that order. Behind the last there are points that must not count, of a sample that does not exist.
  private func points<T: BinaryFloatingPoint>(_ rows: ArraySlice<UnsafePointer<T>>) -> [PlanePoint<
    T
  >] {
    let rows = Array(rows)
    return (0..<count).map { k in
      PlanePoint(u: rows[0][k], v: rows[1][k], t: rows[2][k], sample: Int32(sample(k)))
    } + [PlanePoint](repeating: PlanePoint(u: .nan, v: 0, t: .infinity, sample: -1), count: 31)
  }

  /// Sums after the kernel, over a start of 1.
  func sums<K: KernelSet>(
    _ kernels: K.Type, _ values: [[K.Scalar]], _ coordinates: [[K.Scalar]]
  ) -> [K.Scalar] {
    var output = [K.Scalar](repeating: 1, count: count * stride)
    withRows(values + coordinates) { rows in
      points(rows[3...]).withUnsafeBufferPointer { points in
        K.accumulatePlaneLineOutputs(
          shape, factors: [factor(rows)], points: UnsafeBufferPointer(rebasing: points[..<count]),
          sums: &output, sumStride: stride)
      }
    }
    return output
  }

  /// Sums of two factors over a start of 0: density, and other channels to the columns from the fourth on, as
  /// many as the factors of another have.
  func sums<K: KernelSet>(
    _ kernels: K.Type, _ values: [[K.Scalar]], with other: Factors, _ otherValues: [[K.Scalar]],
    _ coordinates: [[K.Scalar]]
  ) -> [K.Scalar] {
    var output = [K.Scalar](repeating: 0, count: count * other.stride)
    withRows(values + otherValues + coordinates) { rows in
      points(rows[6...]).withUnsafeBufferPointer { points in
        K.accumulatePlaneLineOutputs(
          shape,
          factors: [
            PlaneLineFactor(
              plane: rows[0], line: rows[1], channels: channels, mixing: rows[2], mixingStride: 0,
              outputs: 0..<1),
            PlaneLineFactor(
              plane: rows[3], line: rows[4], channels: other.channels, mixing: rows[5],
              mixingStride: other.channels, outputs: 3..<3 + other.outputs),
          ], points: UnsafeBufferPointer(rebasing: points[..<count]), sums: &output,
          sumStride: other.stride)
      }
    }
    return output
  }

  private func factor<T>(_ rows: [UnsafePointer<T>]) -> PlaneLineFactor<T> {
    PlaneLineFactor(
      plane: rows[0], line: rows[1], channels: channels, mixing: rows[2], mixingStride: channels,
      outputs: 1..<1 + outputs)
  }

  /// Gradients of plane, line and mixing over a start.
  func gradients<K: KernelSet>(
    _ kernels: K.Type, _ values: [[K.Scalar]], _ coordinates: [[K.Scalar]],
    cotangents: [K.Scalar], start: K.Scalar, withMixing: Bool = true
  ) -> [[K.Scalar]] {
    var plane = [K.Scalar](repeating: start, count: values[0].count)
    var line = [K.Scalar](repeating: start, count: values[1].count)
    var mixing = [K.Scalar](repeating: start, count: values[2].count)
    withRows(values + coordinates) { rows in
      points(rows[3...]).withUnsafeBufferPointer { points in
        plane.withUnsafeMutableBufferPointer { plane in
          line.withUnsafeMutableBufferPointer { line in
            mixing.withUnsafeMutableBufferPointer { mixing in
              K.accumulatePlaneLineGradients(
                shape, factors: [factor(rows)],
                points: UnsafeBufferPointer(rebasing: points[..<count]),
                gradients: cotangents, gradientStride: stride,
                into: [
                  PlaneLineGradients(
                    plane: plane.baseAddress!, line: line.baseAddress!,
                    mixing: withMixing ? mixing.baseAddress! : nil)
                ])
            }
          }
        }
      }
    }
    return [plane, line, mixing]
  }

  var single: [[Float]] { [plane.single, line.single, mixing.single] }
  var double: [[Double]] { [plane.double, line.double, mixing.double] }
  var magnitudes: [[Double]] { [plane.magnitudes, line.magnitudes, mixing.magnitudes] }
}

@Suite("Plane and line kernels")
struct PlaneLineKernelTests {
  /// Channel counts of PVD (16, 48), none that fills a vector, some beside, and more than one pass.
  static let channelCounts = [1, 3, 8, 16, 19, 48, 61, 67, 130]
  static let outputCounts = [1, 2, 15, 16, 21, 37]

  /// Four texels with a product of weights each, two rungs, two products, and a sum over channels.
  @Test("sums stay within their rounding error", arguments: channelCounts, outputCounts)
  func sums(channels: Int, outputs: Int) {
    let factors = Factors(channels: channels, outputs: outputs)
    let single = factors.sums(
      FastKernels.self, factors.single, factors.coordinates.map(\.single))
    let double = factors.sums(
      DoubleKernels.self, factors.double, factors.coordinates.map(\.double))
    let magnitudes = factors.sums(
      DoubleKernels.self, factors.magnitudes, factors.coordinates.map(\.double))
    let comparison = KernelComparison(
      "accumulatePlaneLineOutputs", single, exact: double, magnitudes: magnitudes,
      roundings: 13 + channels + 1)
    #expect(comparison.passed, "\(comparison)")
    for s in 0..<factors.count {
      let row = single[s * factors.stride..<(s + 1) * factors.stride]
      #expect(row.first == 1 && row.suffix(2) == [1, 1], "sample \(s): columns of others changed")
    }
  }

  /// Columns are summed 32 at a time: the second factor ends within the first of them, and behind.
  @Test("two factors fill their own columns", arguments: [1, 29, 30, 40])
  func twoFactors(outputs: Int) {
    let density = Factors(channels: 16, outputs: 1)
    let color = Factors(channels: 70, outputs: outputs, seed: 2)
    let coordinates = density.coordinates.map(\.double)
    let single = density.sums(
      FastKernels.self, density.single, with: color, color.single,
      density.coordinates.map(\.single))
    let double = density.sums(
      DoubleKernels.self, density.double, with: color, color.double, coordinates)
    let magnitudes = density.sums(
      DoubleKernels.self, density.magnitudes, with: color, color.magnitudes, coordinates)
    let comparison = KernelComparison(
      "accumulatePlaneLineOutputs, two factors", single, exact: double, magnitudes: magnitudes,
      roundings: 13 + 70 + 1)
    #expect(comparison.passed, "\(comparison)")
    #expect(double.contains { $0 != 0 })
  }

  /// Three roundings of a position of at most `size` move a value by the slope, at most 2 per texel.
  @Test("any size and coordinate is as close to double precision as positions allow")
  func inexactPositions() {
    let sizes = SIMD3(300, 127, 211)
    let factors = Factors(channels: 5, outputs: 1, sizes: sizes, seed: 3)
    var random = SplitMix64(seed: 4)
    let coordinates = (0..<3).map { _ in Twin(random.floats(Tile.capacity, in: -1.01...1.01)) }
    let single = factors.sums(FastKernels.self, factors.single, coordinates.map(\.single))
    let double = factors.sums(DoubleKernels.self, factors.double, coordinates.map(\.double))
    let moved = 3 * KernelBound.unit * Double(sizes.max())
    let comparison = KernelComparison(
      "accumulatePlaneLineOutputs, inexact positions", single, exact: double,
      magnitudes: double.map { _ in Double(factors.channels) }, roundings: 18,
      absolute: Double(factors.channels) * 3 * 2 * moved)
    #expect(comparison.passed, "\(comparison)")
  }

  @Test("constant factors give the product, which fades out over one texel outside")
  func constantFactors() {
    let factors = Factors(channels: 16, outputs: 1)
    let values = [
      [Float](repeating: 0.5, count: factors.plane.single.count),
      [Float](repeating: 4, count: factors.line.single.count),
      [Float](repeating: 1, count: 16),
    ]
    // A ninth of the plane's width is one texel: 1 + 1/8 lies half a texel outside.
    var u = [Float](repeating: 0.25, count: Tile.capacity)
    let v = [Float](repeating: -0.125, count: Tile.capacity)
    u[1] = 1.125
    u[2] = -1.125
    u[3] = 1.25
    u[4] = .nan
    let sums = factors.sums(FastKernels.self, values, [u, v, v])
    let products = (0..<5).map { sums[factors.sample($0) * factors.stride + 1] - 1 }
    #expect(products == [32, 16, 16, 0, 0])
  }

  // MARK: Gradients

  private func cotangents(_ factors: Factors, seed: UInt64) -> Twin {
    var random = SplitMix64(seed: seed)
    var values = random.floats(factors.stride * factors.count, in: -1...1)
    for j in 0..<factors.stride { values[40 * factors.stride + j] = 0 }
    return Twin(values)
  }

  /// Per contribution: the two look-ups (11), the sum over the outputs, two products; then one sum per
  /// sample.
  @Test("gradients stay within their rounding error", arguments: channelCounts, outputCounts)
  func gradients(channels: Int, outputs: Int) {
    let factors = Factors(channels: channels, outputs: outputs, seed: 5)
    let cotangents = cotangents(factors, seed: 6)
    let coordinates = factors.coordinates.map(\.double)
    let single = factors.gradients(
      FastKernels.self, factors.single, factors.coordinates.map(\.single),
      cotangents: cotangents.single, start: 1)
    let double = factors.gradients(
      DoubleKernels.self, factors.double, coordinates, cotangents: cotangents.double, start: 1)
    let magnitudes = factors.gradients(
      DoubleKernels.self, factors.magnitudes, coordinates, cotangents: cotangents.magnitudes,
      start: 1)
    for (index, part) in ["plane", "line", "mixing"].enumerated() {
      let comparison = KernelComparison(
        "accumulatePlaneLineGradients \(part)", single[index], exact: double[index],
        magnitudes: magnitudes[index], roundings: 11 + outputs + 3 + factors.count)
      #expect(comparison.passed, "\(comparison)")
    }
  }

  @Test("without a mixing gradient the factors' gradients are the same")
  func withoutMixing() {
    let factors = Factors(channels: 19, outputs: 1, seed: 7)
    let cotangents = cotangents(factors, seed: 8).single
    let results = [true, false].map { withMixing in
      factors.gradients(
        FastKernels.self, factors.single, factors.coordinates.map(\.single),
        cotangents: cotangents, start: 0, withMixing: withMixing)
    }
    #expect(results[0][0] == results[1][0])
    #expect(results[0][1] == results[1][1])
    #expect(results[1][2].allSatisfy { $0 == 0 })
  }

  @Test("gradients match central differences", arguments: [1, 4])
  func centralDifferences(outputs: Int) throws {
    let factors = Factors(channels: 3, outputs: outputs, sizes: SIMD3(3, 3, 3), seed: 10)
    let cotangents = cotangents(factors, seed: 11).double
    let coordinates = factors.coordinates.map(\.double)
    let sizes = factors.double.map(\.count)
    func split(_ p: [Double]) -> [[Double]] {
      [
        Array(p[..<sizes[0]]), Array(p[sizes[0]..<sizes[0] + sizes[1]]),
        Array(p[(sizes[0] + sizes[1])...]),
      ]
    }
    let start = factors.double.flatMap { $0 }
    let gradients = factors.gradients(
      DoubleKernels.self, factors.double, coordinates, cotangents: cotangents, start: 0)
    let check = try GradientCheck(
      of: gradients.flatMap { $0 }, at: start, indices: Array(start.indices)
    ) { p in
      let sums = factors.sums(DoubleKernels.self, split(p), coordinates)
      return zip(sums, cotangents).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(check.passes(), "\(check)")
  }
}
