import Foundation
import NeRFCore
import TestSupport
import Testing

@Suite("Compositing")
struct CompositingTests {
  private let pool = WorkerPool(threads: 1)

  @Test("has the published values for three samples, gradients included")
  func published() throws {
    // Half the last digit of the ten published; δ stored in single precision is off by 3e-8 δ.
    func close(_ actual: [Double], _ expected: [Double]) {
      let comparison = Comparison("published", actual: actual, expected: expected, .single)
      #expect(comparison.passed, "\(comparison)")
    }
    let samples = try MarchFixtures.batch(deltas: [[0.1, 0.1, 0.2]], gaps: [[0.3, 0.1, 0.25]])
    let densities: [Double] = [0.5, 2, 10]
    let colors: [Double] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    let result = try samples.composite(densities: densities.span, colors: colors.span, pool: pool)
    close(result.weights, [0.0487705755, 0.1724286414, 0.6734015585])
    close(result.image, [0.5452296051, 0.6346896826, 0.7241497602])
    close(result.opacity, [0.8946007754])
    close(result.depth, [0.5213136423])
    func gradient(depth: [Double]?) throws -> [Double] {
      try samples.compositeGradients(
        result, colors: colors.span, imageGradients: [1, -0.5, 0.25], opacityGradients: [0.1],
        depthGradients: depth, pool: pool
      ).densities
    }
    close(try gradient(depth: nil), [-0.0323382281, -0.0109355661, 0.0131749031])
    close(try gradient(depth: [0.2]), [-0.0367645010, -0.0134593801, 0.0159152829])
  }

  /// Random rays, one of them empty, one opaque, one nearly transparent.
  private func random(seed: UInt64) throws -> (SampleBatch, densities: [Double], colors: [Double]) {
    var random = SplitMix64(seed: seed)
    let counts = [5, 0, 12, 1, 33]
    let samples = try MarchFixtures.batch(
      deltas: counts.map { random.floats($0, in: 0.01...0.1) },
      gaps: counts.map { random.floats($0, in: 0.01...0.3) })
    var densities = random.doubles(samples.count, in: 0...20)
    for row in 5..<17 { densities[row] *= seed % 2 == 0 ? 1e-9 : 30 }
    return (samples, densities, random.doubles(3 * samples.count, in: 0...1))
  }

  @Test("gradients of density, colour and depth equal central differences", arguments: 0..<4)
  func differences(seed: UInt64) throws {
    let (samples, densities, colors) = try random(seed: seed)
    var random = SplitMix64(seed: seed + 100)
    let ofImage = random.doubles(3 * samples.rayCount, in: -1...1)
    let ofOpacity = random.doubles(samples.rayCount, in: -1...1)
    let ofDepth = random.doubles(samples.rayCount, in: -1...1)
    let result = try samples.composite(densities: densities.span, colors: colors.span, pool: pool)
    let gradients = try samples.compositeGradients(
      result, colors: colors.span, imageGradients: ofImage, opacityGradients: ofOpacity,
      depthGradients: ofDepth, pool: pool)
    let check = try GradientCheck(
      of: gradients.densities + gradients.colors, at: densities + colors, seed: seed
    ) { parameters in
      let densities = Array(parameters.prefix(samples.count))
      let colors = Array(parameters.dropFirst(samples.count))
      let moved = try samples.composite(
        densities: densities.span, colors: colors.span, pool: WorkerPool(threads: 1))
      func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
      return dot(moved.image, ofImage) + dot(moved.opacity, ofOpacity) + dot(moved.depth, ofDepth)
    }
    #expect(check.passes(), "\(check)")
  }

  @Test("absorbed plus transmitted light is one, in both precisions", arguments: 0..<4)
  func energy(seed: UInt64) throws {
    let (samples, densities, colors) = try random(seed: seed)
    let double = try samples.composite(densities: densities.span, colors: colors.span, pool: pool)
    let singleDensities = densities.map { Float($0) }
    let singleColors = colors.map { Float($0) }
    let single = try samples.composite(
      densities: singleDensities.span, colors: singleColors.span, pool: pool)
    for ray in 0..<samples.rayCount {
      #expect((double.opacity[ray] + double.residual[ray]).isClose(to: 1, .reference))
      #expect((single.opacity[ray] + single.residual[ray]).isClose(to: 1, .single))
    }
    // A thin medium keeps its opacity, which 1 − exp(−x) would lose in single precision.
    if seed % 2 == 0 {
      #expect(Double(single.opacity[2]).isClose(to: double.opacity[2], .single))
      #expect(single.opacity[2] > 0)
    }
  }

  @Test("gives the same bits for any number of threads", arguments: [2, 3])
  func threads(count: Int) throws {
    var random = SplitMix64(seed: 5)
    let counts = (0..<1500).map { $0 % 9 }
    let samples = try MarchFixtures.batch(
      deltas: counts.map { random.floats($0, in: 0.01...0.1) },
      gaps: counts.map { random.floats($0, in: 0.01...0.3) })
    let densities = random.floats(samples.count, in: 0...20)
    let colors = random.floats(3 * samples.count, in: 0...1)
    func all(_ pool: WorkerPool) throws -> [[Float]] {
      let r = try samples.composite(densities: densities.span, colors: colors.span, pool: pool)
      let g = try samples.compositeGradients(
        r, colors: colors.span, imageGradients: r.image, opacityGradients: r.opacity,
        depthGradients: r.depth, pool: pool)
      return [
        r.image, r.opacity, r.depth, r.residual, r.weights, r.transmittances, g.densities, g.colors,
      ]
    }
    let same = try all(pool) == all(WorkerPool(threads: count))
    #expect(same)
  }

  @Test("adds the background where light passes, and its gradient")
  func background() throws {
    let (samples, densities, colors) = try random(seed: 1)
    let result = try samples.composite(densities: densities.span, colors: colors.span, pool: pool)
    let one = try result.pixels(over: [0.25, 0.5, 1])
    let each = try result.pixels(over: (0..<samples.rayCount).flatMap { _ in [0.25, 0.5, 1] })
    #expect(one == each)
    #expect(Array(one[3..<6]) == [0.25, 0.5, 1])
    #expect(one[0].isClose(to: result.image[0] + (1 - result.opacity[0]) * 0.25, .exact))
    let gradients = try CompositedRays<Double>.opacityGradients(
      imageGradients: [1, 2, 3, 4, 5, 6], background: [1, 0, 0, 0, 1, 0.5])
    #expect(gradients == [-1, -8])
    #expect(throws: ShapeError.self) { try result.pixels(over: [1, 1]) }
    #expect(throws: ShapeError.self) {
      try CompositedRays<Double>.opacityGradients(imageGradients: [1], background: [1, 0, 0])
    }
  }

  @Test("leaves padding without weight or gradient, and drops the ray that fills the buffer")
  func padding() throws {
    let zeros = [[Float]](repeating: [0, 0, 0, 0], count: 3)
    func batch(_ second: Int) throws -> SampleBatch {
      try SampleBatch(
        positions: zeros, directions: zeros, deltas: [1, 1, 1, 1], gaps: [1, 1, 1, 1],
        spans: [RaySpan(offset: 0, count: 1), RaySpan(offset: 1, count: second)])
    }
    let samples = try batch(2)
    let ones: [Double] = [1, 1, 1, 1]
    let colors = [Double](repeating: 1, count: 12)
    let result = try samples.composite(densities: ones.span, colors: colors.span, pool: pool)
    let gradients = try samples.compositeGradients(
      result, colors: colors.span, imageGradients: [1, 1, 1, 1, 1, 1], pool: pool)
    #expect(result.weights[3] == 0 && gradients.densities[3] == 0 && gradients.colors[9] == 0)
    #expect(result.weights[2] > 0 && gradients.densities[2] != 0 && gradients.colors[6] > 0)
    #expect(try batch(2).droppingOverflowingRays().spans.map(\.count) == [1, 2])
    #expect(try batch(3).droppingOverflowingRays().spans.map(\.count) == [1, 0])
  }

  @Test("normalises training depth, with the second subtraction only where asked")
  func depth() throws {
    let samples = try MarchFixtures.batch(deltas: [[1], []], gaps: [[1], []])
    let (opaque, white) = ([Double.infinity], [1.0, 1, 1])
    let result = try samples.composite(densities: opaque.span, colors: white.span, pool: pool)
    let intervals = try RayIntervals<Double>(near: [0.5, 3], far: [2.5, 3])
    #expect(try result.normalisedDepth(intervals: intervals, epsilon: 0) == [0.5, 0])
    #expect(try result.normalisedDepth(intervals: intervals, rule: .legacy, epsilon: 0)[0] == 0.25)
    #expect(try result.normalisedDepth(intervals: intervals, rule: .legacy, epsilon: 0)[1].isNaN)
    #expect(try result.normalisedDepth(intervals: intervals, rule: .legacy)[1] == 0)
    let one = try RayIntervals<Double>(near: [0.5], far: [2.5])
    #expect(throws: ShapeError.self) { try result.normalisedDepth(intervals: one) }
  }

  @Test("refuses operands that do not fit")
  func shapes() throws {
    let (samples, densities, colors) = try random(seed: 0)
    #expect(throws: ShapeError.self) {
      try samples.composite(densities: colors.span, colors: colors.span, pool: pool)
    }
    #expect(throws: ShapeError.self) {
      try samples.composite(densities: densities.span, colors: densities.span, pool: pool)
    }
    let result = try samples.composite(densities: densities.span, colors: colors.span, pool: pool)
    #expect(throws: ShapeError.self) {
      try samples.compositeGradients(
        result, colors: colors.span, imageGradients: [1], pool: pool)
    }
    #expect(throws: ShapeError.self) {
      try samples.compositeGradients(
        result, colors: colors.span, imageGradients: result.image, depthGradients: [1], pool: pool)
    }
  }

  @Test("of no rays is empty")
  func noRays() throws {
    let samples = try MarchFixtures.batch(deltas: [], gaps: [])
    let none: [Float] = []
    let result = try samples.composite(densities: none.span, colors: none.span, pool: pool)
    #expect(result.image.isEmpty && result.weights.isEmpty)
    #expect(
      try samples.compositeGradients(
        result, colors: none.span, imageGradients: [], pool: pool
      ).densities.isEmpty)
  }
}
