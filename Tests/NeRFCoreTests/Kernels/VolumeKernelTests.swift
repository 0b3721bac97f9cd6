import NeRFCore
import TestSupport
import Testing

@Suite("Volume kernels")
struct VolumeKernelTests {
  static let channelCounts = [1, 4, 13, 28, 49]

  struct Volume {
    let shape: VolumeShape
    let values: Twin
    let points: [Twin]
    let count = Tile.capacity

    init(channels: Int, sizes: SIMD3<Int> = SIMD3(9, 5, 17), seed: UInt64 = 1) {
      shape = VolumeShape(depth: sizes.x, height: sizes.y, width: sizes.z, channels: channels)
      var random = SplitMix64(seed: seed)
      values = Twin(shape.count, &random)
      points = (0..<3).map { axis in
        var row = ExactCoordinates.row(Tile.capacity, &random)
        for (index, value) in ExactCoordinates.special.enumerated() {
          row[3 * index + axis] = value
        }
        return Twin(row)
      }
    }

    func forward<K: KernelSet>(
      _ kernels: K.Type, _ values: [K.Scalar], _ points: [[K.Scalar]]
    ) -> [K.Scalar] {
      var output = [K.Scalar](repeating: 9, count: shape.channels * Tile.stride)
      withRows(points) {
        K.volume(
          shape, values: values, points: PointPointers($0[0], $0[1], $0[2]), output: &output,
          count: count)
      }
      return columns(output, rows: shape.channels, count: count)
    }

    func gradient<K: KernelSet>(
      _ kernels: K.Type, _ gradients: [K.Scalar], _ points: [[K.Scalar]], start: K.Scalar = 0,
      samples: [Int]? = nil
    ) -> [K.Scalar] {
      var result = [K.Scalar](repeating: start, count: shape.count)
      // Any order of the samples; here backwards.
      let order = (samples ?? (0..<count).reversed()).map { Int32($0) }
      withRows(points) {
        K.accumulateVolumeGradients(
          shape, points: PointPointers($0[0], $0[1], $0[2]), gradients: gradients,
          samples: order, count: order.count, volumeGradient: &result)
      }
      return result
    }
  }

  /// A product of three weights (two roundings, and 1 − f in each) and eight terms.
  @Test("look-ups stay within their rounding error", arguments: channelCounts)
  func forward(channels: Int) {
    let volume = Volume(channels: channels)
    let single = volume.forward(FastKernels.self, volume.values.single, volume.points.map(\.single))
    let double = volume.forward(
      DoubleKernels.self, volume.values.double, volume.points.map(\.double))
    let magnitudes = volume.forward(
      DoubleKernels.self, volume.values.magnitudes, volume.points.map(\.double))
    let comparison = KernelComparison(
      "volume", single, exact: double, magnitudes: magnitudes, roundings: 5 + 1 + 8)
    #expect(comparison.passed, "\(comparison)")
  }

  @Test("any size and coordinate is as close to double precision as positions allow")
  func inexactPositions() {
    let sizes = SIMD3(31, 100, 47)
    let volume = Volume(channels: 4, sizes: sizes, seed: 2)
    var random = SplitMix64(seed: 3)
    let points = (0..<3).map { _ in Twin(random.floats(volume.count, in: -1.1...1.1)) }
    let single = volume.forward(FastKernels.self, volume.values.single, points.map(\.single))
    let double = volume.forward(DoubleKernels.self, volume.values.double, points.map(\.double))
    let moved = 3 * KernelBound.unit * Double(sizes.max())
    let comparison = KernelComparison(
      "volume, inexact positions", single, exact: double, magnitudes: double.map { _ in 1 },
      roundings: 14, absolute: 3 * 2 * moved)
    #expect(comparison.passed, "\(comparison)")
  }

  /// x addresses the last axis, y the middle one, z the first; a linear function is reproduced.
  @Test("a linear function of the position is reproduced exactly, axes in the right order")
  func linearFunction() {
    let volume = Volume(channels: 1)
    let shape = volume.shape
    var values = [Float](repeating: 0, count: shape.count)
    for k in 0..<shape.depth {
      for j in 0..<shape.height {
        for i in 0..<shape.width {
          values[(k * shape.height + j) * shape.width + i] = Float(i + 100 * j + 10000 * k)
        }
      }
    }
    let points = [Float(0.25), -0.5, 0.75].map { [Float](repeating: $0, count: volume.count) }
    let result = volume.forward(FastKernels.self, values, points)
    // (c + 1)/2 (size − 1): 10 of 17, 1 of 5, 7 of 9.
    #expect(result.allSatisfy { $0 == 10 + 100 + 70000 })
  }

  @Test("a constant volume gives the constant inside and fades out over one voxel outside")
  func constantVolume() {
    let volume = Volume(channels: 28)
    let values = [Float](repeating: 2, count: volume.shape.count)
    var x = [Float](repeating: 0.3125, count: volume.count)
    let other = [Float](repeating: 0.25, count: volume.count)
    // 17 texels: a sixteenth is half a voxel.
    x[1] = 1.0625
    x[2] = -1.0625
    x[3] = 1.125
    x[4] = .nan
    let result = volume.forward(FastKernels.self, values, [x, other, other])
    #expect(Array(result.prefix(5)) == [2, 1, 1, 0, 0])
  }

  /// Per contribution a product of weights and of the gradient, and one sum per sample and corner.
  @Test(
    "gradients stay within their rounding error and add to what is there", arguments: channelCounts)
  func gradient(channels: Int) {
    let volume = Volume(channels: channels, seed: 4)
    var random = SplitMix64(seed: 5)
    let cotangents = Twin(volume.count * channels, &random)
    let single = volume.gradient(
      FastKernels.self, cotangents.single, volume.points.map(\.single), start: 1)
    let double = volume.gradient(
      DoubleKernels.self, cotangents.double, volume.points.map(\.double), start: 1)
    let magnitudes = volume.gradient(
      DoubleKernels.self, cotangents.magnitudes, volume.points.map(\.double), start: 1)
    let comparison = KernelComparison(
      "accumulateVolumeGradients", single, exact: double, magnitudes: magnitudes,
      roundings: 7 + volume.count)
    #expect(comparison.passed, "\(comparison)")
  }

  /// Sums are kept in the volume, so parts of a list leave what the list leaves.
  @Test("lists of any length add up to the whole, bit by bit", arguments: [1, 31, 32, 33, 100])
  func parts(length: Int) {
    let volume = Volume(channels: 13, seed: 6)
    var random = SplitMix64(seed: 7)
    let cotangents = Twin(volume.count * 13, &random)
    let points = volume.points.map(\.single)
    let list = Array(0..<volume.count)
    let whole = volume.gradient(FastKernels.self, cotangents.single, points, samples: list)
    let order = withRows(points) { points in
      var sum = [Float](repeating: 0, count: volume.shape.count)
      for first in stride(from: 0, to: list.count, by: length) {
        let part = list[first..<min(list.count, first + length)].map { Int32($0) }
        FastKernels.accumulateVolumeGradients(
          volume.shape, points: PointPointers(points[0], points[1], points[2]),
          gradients: cotangents.single, samples: part, count: part.count, volumeGradient: &sum)
      }
      return sum
    }
    #expect(whole == order)
  }

  @Test("the gradient is the transpose of the look-up", arguments: channelCounts)
  func transpose(channels: Int) {
    let volume = Volume(channels: channels, seed: 8)
    var random = SplitMix64(seed: 9)
    let cotangents = Twin(volume.count * channels, &random)
    let points = volume.points.map(\.double)
    let outputs = volume.forward(DoubleKernels.self, volume.values.double, points)
    let gradient = volume.gradient(DoubleKernels.self, cotangents.double, points)
    var forward = 0.0
    for c in 0..<channels {
      for s in 0..<volume.count {
        forward += outputs[c * volume.count + s] * cotangents.double[s * channels + c]
      }
    }
    let backward = zip(gradient, volume.values.double).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(backward.isClose(to: forward, .reference, scale: Double(outputs.count)))
  }

  /// Voxels are 2/(size − 1) apart; the points lie a third of one from a face.
  @Test("the gradient of the point matches central differences, outside and at the border too")
  func pointGradient() throws {
    let volume = Volume(channels: 5, seed: 10)
    var random = SplitMix64(seed: 11)
    let weights = random.doubles(5, in: -1...1)
    let sizes = [volume.shape.width, volume.shape.height, volume.shape.depth]
    for cells in [SIMD3(3, 2, 5), SIMD3(0, 3, 7), SIMD3(-1, 1, 8), SIMD3(16, 4, 0)] {
      let point = (0..<3).map { (Double(cells[$0]) + 0.3) / Double(sizes[$0] - 1) * 2 - 1 }
      let (gradient, _) = Self.pointGradient(volume, weights, point)
      let check = try GradientCheck(of: gradient, at: point) {
        Self.pointGradient(volume, weights, $0).value
      }
      #expect(check.passes(), "cell \(cells): \(check)")
    }
    let (gradient, value) = Self.pointGradient(volume, weights, [1.5, 0, 0])
    #expect(value == 0 && gradient == [0, 0, 0])
  }

  private static func pointGradient(
    _ volume: Volume, _ weights: [Double], _ point: [Double]
  ) -> (gradient: [Double], value: Double) {
    var output = [Double](repeating: 0, count: volume.shape.channels * Tile.stride)
    var gradient = [Double](repeating: 0, count: 3)
    withRows(point.map { [$0] }) { rows in
      let points = PointPointers(rows[0], rows[1], rows[2])
      DoubleKernels.volume(
        volume.shape, values: volume.values.double, points: points, output: &output, count: 1)
      gradient.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        DoubleKernels.accumulateVolumePointGradients(
          volume.shape, values: volume.values.double, points: points, gradients: weights, count: 1,
          pointGradients: (0..<3).map { base + $0 })
      }
    }
    let value = (0..<volume.shape.channels).reduce(0) {
      $0 + weights[$1] * output[$1 * Tile.stride]
    }
    return (gradient, value)
  }
}
