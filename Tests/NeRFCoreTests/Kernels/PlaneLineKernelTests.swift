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

@Suite("Plane and line kernels")
struct PlaneLineKernelTests {
  /// Channel counts of PVD (16, 48), none that fills a vector, and one beside.
  static let channelCounts = [1, 3, 8, 16, 19, 48]

  struct Factors {
    let shape: PlaneLineShape
    let plane: Twin
    let line: Twin
    let coordinates: [Twin]
    let count = Tile.capacity

    init(channels: Int, stride: Int? = nil, sizes: SIMD3<Int> = SIMD3(9, 17, 5), seed: UInt64 = 1) {
      shape = PlaneLineShape(
        width: sizes.x, height: sizes.y, length: sizes.z, stride: stride ?? channels,
        channels: channels)
      var random = SplitMix64(seed: seed)
      plane = Twin(sizes.x * sizes.y * shape.stride, &random)
      line = Twin(sizes.z * shape.stride, &random)
      coordinates = (0..<3).map { axis in
        var row = ExactCoordinates.row(Tile.capacity, &random)
        for (index, value) in ExactCoordinates.special.enumerated() {
          row[3 * index + axis] = value
        }
        return Twin(row)
      }
    }

    func products<K: KernelSet>(
      _ kernels: K.Type, _ plane: [K.Scalar], _ line: [K.Scalar], _ coordinates: [[K.Scalar]]
    ) -> [K.Scalar] {
      var output = [K.Scalar](repeating: 9, count: count * shape.channels)
      K.planeLineProducts(
        shape, plane: plane, line: line, u: coordinates[0], v: coordinates[1], t: coordinates[2],
        products: &output, productStride: shape.channels, count: count)
      return output
    }

    func sums<K: KernelSet>(
      _ kernels: K.Type, _ plane: [K.Scalar], _ line: [K.Scalar], _ coordinates: [[K.Scalar]]
    ) -> [K.Scalar] {
      var output = [K.Scalar](repeating: 1, count: count)
      K.accumulatePlaneLineSums(
        shape, plane: plane, line: line, u: coordinates[0], v: coordinates[1], t: coordinates[2],
        sums: &output, count: count)
      return output
    }
  }

  /// Four texels with a product of weights each, two rungs, one product.
  @Test("products stay within their rounding error", arguments: channelCounts)
  func products(channels: Int) {
    let factors = Factors(channels: channels)
    let single = factors.products(
      FastKernels.self, factors.plane.single, factors.line.single, factors.coordinates.map(\.single)
    )
    let double = factors.products(
      DoubleKernels.self, factors.plane.double, factors.line.double,
      factors.coordinates.map(\.double))
    let magnitudes = factors.products(
      DoubleKernels.self, factors.plane.magnitudes, factors.line.magnitudes,
      factors.coordinates.map(\.double))
    let comparison = KernelComparison(
      "planeLineProducts", single, exact: double, magnitudes: magnitudes, roundings: 7 + 4 + 1)
    #expect(comparison.passed, "\(comparison)")
  }

  @Test("sums add to what is there", arguments: channelCounts)
  func sums(channels: Int) {
    let factors = Factors(channels: channels, seed: 2)
    let single = factors.sums(
      FastKernels.self, factors.plane.single, factors.line.single, factors.coordinates.map(\.single)
    )
    let double = factors.sums(
      DoubleKernels.self, factors.plane.double, factors.line.double,
      factors.coordinates.map(\.double))
    let magnitudes = factors.sums(
      DoubleKernels.self, factors.plane.magnitudes, factors.line.magnitudes,
      factors.coordinates.map(\.double))
    let comparison = KernelComparison(
      "accumulatePlaneLineSums", single, exact: double, magnitudes: magnitudes,
      roundings: 12 + channels + 1)
    #expect(comparison.passed, "\(comparison)")
  }

  /// Three roundings of a position of at most `size` move a value by the slope, at most 2 per texel.
  @Test("any size and coordinate is as close to double precision as positions allow")
  func inexactPositions() {
    let sizes = SIMD3(300, 127, 211)
    let factors = Factors(channels: 5, sizes: sizes, seed: 3)
    var random = SplitMix64(seed: 4)
    let coordinates = (0..<3).map { _ in Twin(random.floats(factors.count, in: -1.01...1.01)) }
    let single = factors.products(
      FastKernels.self, factors.plane.single, factors.line.single, coordinates.map(\.single))
    let double = factors.products(
      DoubleKernels.self, factors.plane.double, factors.line.double, coordinates.map(\.double))
    let moved = 3 * KernelBound.unit * Double(sizes.max())
    let comparison = KernelComparison(
      "planeLineProducts, inexact positions", single, exact: double,
      magnitudes: double.map { _ in 1 }, roundings: 12, absolute: 3 * 2 * moved)
    #expect(comparison.passed, "\(comparison)")
  }

  @Test("constant factors give the product, which fades out over one texel outside")
  func constantFactors() {
    let factors = Factors(channels: 16)
    let plane = [Float](repeating: 0.5, count: factors.plane.single.count)
    let line = [Float](repeating: 4, count: factors.line.single.count)
    // A ninth of the plane's width is one texel: 1 + 1/8 lies half a texel outside.
    var u = [Float](repeating: 0.25, count: factors.count)
    let v = [Float](repeating: -0.125, count: factors.count)
    u[1] = 1.125
    u[2] = -1.125
    u[3] = 1.25
    u[4] = .nan
    let products = factors.products(FastKernels.self, plane, line, [u, v, v])
    #expect(products[0] == 2)
    #expect(products[16] == 1 && products[32] == 1)
    #expect(products[48] == 0 && products[64] == 0)
  }

  // MARK: Gradients

  private struct Gradients<T: RadianceScalar> {
    let plane: [T]
    let line: [T]
    let mixing: [T]
    var all: [(String, [T])] { [("plane", plane), ("line", line), ("mixing", mixing)] }

    init<K: KernelSet>(
      _ kernels: K.Type, _ factors: Factors, start: T, plane values: [T], line lineValues: [T],
      mixing mixingValues: [T], cotangents: [T], coordinates: [[T]], outputs: Int,
      withMixing: Bool = true
    ) where K.Scalar == T {
      var plane = [T](repeating: start, count: values.count)
      var line = [T](repeating: start, count: lineValues.count)
      var mixed = [T](repeating: start, count: mixingValues.count)
      mixed.withUnsafeMutableBufferPointer { mixed in
        K.accumulatePlaneLineGradients(
          factors.shape, plane: values, line: lineValues, mixing: mixingValues, outputs: outputs,
          mixingStride: factors.shape.channels, u: coordinates[0], v: coordinates[1],
          t: coordinates[2], gradients: cotangents, gradientStride: factors.count,
          count: factors.count, planeGradient: &plane, lineGradient: &line,
          mixingGradient: withMixing ? mixed.baseAddress : nil)
      }
      self.plane = plane
      self.line = line
      mixing = mixed
    }
  }

  /// Per contribution: the two look-ups (11), the sum over the outputs, two products; then one sum per
  /// sample.
  @Test("gradients stay within their rounding error", arguments: channelCounts, [1, 15])
  func gradients(channels: Int, outputs: Int) {
    let factors = Factors(channels: channels, seed: 5)
    var random = SplitMix64(seed: 6)
    let mixing = Twin(outputs * channels, &random)
    var values = random.floats(outputs * factors.count, in: -1...1)
    for j in 0..<outputs { values[j * factors.count + 40] = 0 }
    let cotangents = Twin(values)
    let single = Gradients<Float>(
      FastKernels.self, factors, start: 1, plane: factors.plane.single, line: factors.line.single,
      mixing: mixing.single, cotangents: cotangents.single,
      coordinates: factors.coordinates.map(\.single), outputs: outputs)
    let double = Gradients<Double>(
      DoubleKernels.self, factors, start: 1, plane: factors.plane.double,
      line: factors.line.double, mixing: mixing.double, cotangents: cotangents.double,
      coordinates: factors.coordinates.map(\.double), outputs: outputs)
    let magnitudes = Gradients<Double>(
      DoubleKernels.self, factors, start: 1, plane: factors.plane.magnitudes,
      line: factors.line.magnitudes, mixing: mixing.magnitudes, cotangents: cotangents.magnitudes,
      coordinates: factors.coordinates.map(\.double), outputs: outputs)
    for ((part, magnitude), (a, b)) in zip(
      zip(single.all, magnitudes.all), zip(single.all, double.all))
    {
      let comparison = KernelComparison(
        "accumulatePlaneLineGradients \(part.0)", a.1, exact: b.1, magnitudes: magnitude.1,
        roundings: 11 + outputs + 3 + factors.count)
      #expect(comparison.passed, "\(comparison)")
    }
  }

  @Test("without a mixing gradient the factors' gradients are the same")
  func withoutMixing() {
    let factors = Factors(channels: 19, seed: 7)
    var random = SplitMix64(seed: 8)
    let mixing = Twin(19, &random)
    let cotangents = Twin(factors.count, &random)
    let results = [true, false].map { withMixing in
      Gradients<Float>(
        FastKernels.self, factors, start: 0, plane: factors.plane.single,
        line: factors.line.single, mixing: mixing.single, cotangents: cotangents.single,
        coordinates: factors.coordinates.map(\.single), outputs: 1, withMixing: withMixing)
    }
    #expect(results[0].plane == results[1].plane)
    #expect(results[0].line == results[1].line)
    #expect(results[1].mixing.allSatisfy { $0 == 0 })
  }

  @Test("a slice of the channels leaves the others alone")
  func channelSlices() {
    let whole = Factors(channels: 48, seed: 9)
    let slice = Factors(channels: 16, stride: 48, seed: 9)
    let all = whole.products(
      FastKernels.self, whole.plane.single, whole.line.single, whole.coordinates.map(\.single))
    let some = slice.products(
      FastKernels.self, whole.plane.single, whole.line.single, whole.coordinates.map(\.single))
    for s in 0..<whole.count {
      #expect(Array(all[48 * s..<48 * s + 16]) == Array(some[16 * s..<16 * s + 16]))
    }
  }

  @Test("gradients match central differences", arguments: [1, 4])
  func centralDifferences(outputs: Int) throws {
    let factors = Factors(channels: 3, sizes: SIMD3(3, 3, 3), seed: 10)
    var random = SplitMix64(seed: 11)
    let mixing = random.doubles(outputs * 3, in: -1...1)
    let cotangents = random.doubles(outputs * factors.count, in: -1...1)
    let coordinates = factors.coordinates.map(\.double)
    let sizes = [factors.plane.double.count, factors.line.double.count, mixing.count]
    func split(_ p: [Double]) -> [[Double]] {
      [
        Array(p[..<sizes[0]]), Array(p[sizes[0]..<sizes[0] + sizes[1]]),
        Array(p[(sizes[0] + sizes[1])...]),
      ]
    }
    let start = factors.plane.double + factors.line.double + mixing
    let parts = split(start)
    let gradients = Gradients<Double>(
      DoubleKernels.self, factors, start: 0, plane: parts[0], line: parts[1], mixing: parts[2],
      cotangents: cotangents, coordinates: coordinates, outputs: outputs)
    let check = try GradientCheck(
      of: gradients.plane + gradients.line + gradients.mixing, at: start,
      indices: Array(start.indices)
    ) { p in
      let parts = split(p)
      let products = factors.products(DoubleKernels.self, parts[0], parts[1], coordinates)
      var sum = 0.0
      for j in 0..<outputs {
        for s in 0..<factors.count {
          for c in 0..<3 {
            sum +=
              cotangents[j * factors.count + s] * parts[2][3 * j + c]
              * products[3 * s + c]
          }
        }
      }
      return sum
    }
    #expect(check.passes(), "\(check)")
  }
}
