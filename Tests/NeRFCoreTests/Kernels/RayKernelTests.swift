import NeRFCore
import TestSupport
import Testing

/// One ray between two others, so that kernels which write beside it are seen.
private struct RaySamples {
  let count: Int
  let isPlanar: Bool
  let densities: Twin
  let deltas: [Float]
  let gaps: [Float]
  let colors: Twin

  static let before = 5
  var rows: Range<Int> { Self.before..<Self.before + count }
  var total: Int { count + 2 * Self.before }

  init(_ count: Int, planar: Bool, densest: Float = 20, seed: UInt64 = 1) {
    var random = SplitMix64(seed: seed)
    self.count = count
    isPlanar = planar
    let total = count + 2 * Self.before
    densities = Twin(random.floats(total, in: 0...densest))
    deltas = random.floats(total, in: 0.001...0.03)
    gaps = random.floats(total, in: 0.001...0.06)
    colors = Twin(random.floats(3 * total, in: 0...1))
  }

  func rows<T>(_ base: UnsafePointer<T>) -> ColorRows<T> {
    isPlanar ? ColorRows(planar: base, stride: total) : ColorRows(interleaved: base)
  }

  func composite<K: KernelSet>(
    _ kernels: K.Type, _ densities: [K.Scalar], _ colors: [K.Scalar]
  ) -> (weights: [K.Scalar], transmittances: [K.Scalar], pixel: RayPixel<K.Scalar>) {
    var weights = [K.Scalar](repeating: 7, count: total)
    var transmittances = [K.Scalar](repeating: 7, count: total)
    var pixel = RayPixel<K.Scalar>()
    withRows([densities, colors]) { rows in
      pixel = K.compositeRay(
        RayRows(deltas: deltas, gaps: gaps, rows: self.rows), densities: rows[0],
        colors: self.rows(rows[1]), weights: &weights, transmittances: &transmittances)
    }
    return (weights, transmittances, pixel)
  }

  func differentiate<K: KernelSet>(
    _ kernels: K.Type, weights: [K.Scalar], transmittances: [K.Scalar], _ colors: [K.Scalar],
    _ cotangent: [K.Scalar]
  ) -> (densities: [K.Scalar], colors: [K.Scalar]) {
    var densities = [K.Scalar](repeating: 7, count: total)
    var gradients = [K.Scalar](repeating: 7, count: 3 * total)
    var pixel = RayPixel<K.Scalar>()
    pixel.color = (cotangent[0], cotangent[1], cotangent[2])
    pixel.opacity = cotangent[3]
    pixel.depth = cotangent[4]
    withRows([weights, transmittances, colors]) { rows in
      K.differentiateRay(
        RayRows(deltas: deltas, gaps: gaps, rows: self.rows), weights: rows[0],
        transmittances: rows[1], colors: self.rows(rows[2]), cotangent: pixel,
        densityGradients: &densities, colorGradients: &gradients,
        channelStep: isPlanar ? total : 1)
    }
    return (densities, gradients)
  }

  /// 1 + optical depth in front of and within each sample: by what a rounding of the depth is amplified.
  var amplification: [Double] {
    var depth = 1.0
    return (0..<total).map { row in
      if rows.contains(row) { depth += densities.double[row] * Double(deltas[row]) }
      return depth
    }
  }
}

@Suite("Ray kernels")
struct RayKernelTests {
  /// None, one, around the widths of vectors, and many.
  static let counts = [0, 1, 3, 7, 8, 9, 15, 16, 17, 64, 65, 130, 200]

  private func numbers<T>(_ pixel: RayPixel<T>) -> [T] {
    [
      pixel.color.red, pixel.color.green, pixel.color.blue, pixel.opacity, pixel.depth,
      pixel.residual,
    ]
  }

  /// T = exp(−τ): the sum τ of k products rounds k + 1 times, the exponential by two units; w has an
  /// expm1 of three units and a product besides; pixels sum one product per sample.
  @Test(
    "weights and pixels stay within their rounding error", arguments: counts, [false, true])
  func forward(count: Int, planar: Bool) {
    let ray = RaySamples(count, planar: planar)
    let single = ray.composite(FastKernels.self, ray.densities.single, ray.colors.single)
    let double = ray.composite(DoubleKernels.self, ray.densities.double, ray.colors.double)
    let amplified = ray.amplification
    let roundings = count + 1 + 4 + 6 + 2
    for (name, a, b) in [
      ("weights", single.weights, double.weights),
      ("transmittances", single.transmittances, double.transmittances),
    ] {
      let comparison = KernelComparison(
        "compositeRay \(name)", a, exact: b, magnitudes: zip(b, amplified).map { abs($0) * $1 },
        roundings: roundings)
      #expect(comparison.passed, "\(comparison)")
    }
    let pixel = numbers(double.pixel)
    let comparison = KernelComparison(
      "compositeRay pixel", numbers(single.pixel), exact: pixel,
      magnitudes: pixel.map { abs($0) * amplified[ray.total - 1] },
      roundings: roundings + 2 * count + 2)
    #expect(comparison.passed, "\(comparison)")
  }

  /// δ (T g − Σ w g), each product with the sums of g in it and the suffix sum of up to `count` terms.
  @Test("gradients stay within their rounding error", arguments: counts, [false, true])
  func backward(count: Int, planar: Bool) {
    for depth in [0, 1.5] where count > 0 { checkGradients(count, planar: planar, depth: depth) }
  }

  private func checkGradients(_ count: Int, planar: Bool, depth: Double) {
    let ray = RaySamples(count, planar: planar, seed: 2)
    let forward = ray.composite(FastKernels.self, ray.densities.single, ray.colors.single)
    let cotangent = Twin([0.5, -0.25, 1.25, -0.75, Float(depth)])
    let weights = Twin(forward.weights)
    let transmittances = Twin(forward.transmittances)
    let single = ray.differentiate(
      FastKernels.self, weights: weights.single, transmittances: transmittances.single,
      ray.colors.single, cotangent.single)
    let double = ray.differentiate(
      DoubleKernels.self, weights: weights.double, transmittances: transmittances.double,
      ray.colors.double, cotangent.double)
    // |g| is at most the cotangents' sum, with distances up to the length of the ray.
    let length = ray.gaps.reduce(0) { $0 + Double($1) }
    let largest = 0.5 + 0.25 + 1.25 + 0.75 + depth * length
    for (name, a, b) in [
      ("densities", single.densities, double.densities),
      ("colors", single.colors, double.colors),
    ] {
      let comparison = KernelComparison(
        "differentiateRay \(name)", a, exact: b,
        magnitudes: b.map { _ in name == "colors" ? 2 : 0.03 * 2 * largest },
        roundings: 2 * count + 12)
      #expect(comparison.passed, "\(comparison)")
    }
    // Rows of other rays keep what they held.
    #expect(single.densities.prefix(RaySamples.before).allSatisfy { $0 == 7 })
    #expect(single.densities.suffix(RaySamples.before).allSatisfy { $0 == 7 })
    #expect(single.colors.filter { $0 == 7 }.count == 6 * RaySamples.before)
  }

  @Test("thin samples keep their relative precision, opaque ones hide all behind them")
  func extremes() {
    var ray = RaySamples(70, planar: false)
    var densities = [Float](repeating: 0, count: ray.total)
    for k in 0..<60 { densities[RaySamples.before + k] = 1e-9 * Float(k) }
    densities[RaySamples.before + 60] = 1e6
    densities[RaySamples.before + 61] = 3
    let result = ray.composite(FastKernels.self, densities, ray.colors.single)
    for k in 0..<60 {
      let exact =
        Double(densities[RaySamples.before + k]) * Double(ray.deltas[RaySamples.before + k])
      let error = abs(Double(result.weights[RaySamples.before + k]) - exact)
      #expect(error <= 8 * KernelBound.unit * exact, "sample \(k)")
    }
    #expect(result.pixel.residual == 0)
    #expect(abs(result.pixel.opacity - 1) < 1e-6)
    #expect(result.weights[RaySamples.before + 61] == 0)
    // What is not a number is passed on, not hidden.
    ray = RaySamples(9, planar: true)
    densities = ray.densities.single
    densities[RaySamples.before + 4] = .nan
    let poisoned = ray.composite(FastKernels.self, densities, ray.colors.single)
    #expect(poisoned.weights[RaySamples.before + 3].isFinite)
    #expect(poisoned.weights[RaySamples.before + 4].isNaN && poisoned.pixel.opacity.isNaN)
  }

  /// However the kernel groups the sums: light that is lost does not come back, and where nothing is, nothing
  /// is lost.
  @Test("transmittances never rise, and stay in empty space", arguments: counts)
  func neverRises(count: Int) {
    for seed in UInt64(1)...20 {
      let ray = RaySamples(count, planar: false, densest: 3, seed: seed)
      var random = SplitMix64(seed: seed + 100)
      let densities = zip(ray.densities.single, random.floats(ray.total, in: 0...1)).map {
        $1 < 0.4 ? 0 : $0
      }
      let result = ray.composite(FastKernels.self, densities, ray.colors.single)
      var before: Float = 1
      for row in ray.rows {
        let behind = result.transmittances[row]
        #expect(densities[row] == 0 ? behind == before : behind <= before, "row \(row)")
        before = behind
      }
      #expect(result.pixel.residual == before)
    }
  }

  @Test("an infinite cotangent reaches the last sample as it is", arguments: [1, 5, 16, 21])
  func infiniteCotangent(count: Int) {
    let ray = RaySamples(count, planar: false)
    let forward = ray.composite(FastKernels.self, ray.densities.single, ray.colors.single)
    let gradients = ray.differentiate(
      FastKernels.self, weights: forward.weights, transmittances: forward.transmittances,
      ray.colors.single, [0, 0, 0, .infinity, 0])
    #expect(gradients.densities[ray.rows.upperBound - 1] == .infinity)
  }

  /// Past the caches goes what is aligned; 4 numbers further on nothing is.
  @Test(
    "spherical harmonics as rows are those of the tiles", arguments: [1, 7, 64, 100, 256], [0, 4])
  func harmonicsRows(count: Int, offset: Int) {
    var random = SplitMix64(seed: 3)
    let directions = (0..<3).map { _ in random.floats(Tile.capacity, in: -1...1) }
    let memory = AlignedBuffer<Float>(count: 16 * (count + 1) + offset, repeating: 9)
    let rows = memory.base + offset
    var tile = [Float](repeating: 0, count: 16 * Tile.stride)
    withRows(directions) { pointers in
      let points = PointPointers(pointers[0], pointers[1], pointers[2])
      FastKernels.sphericalHarmonicsRows(directions: points, output: rows, count: count)
      FastKernels.sphericalHarmonics(
        degree: 4, directions: points, output: &tile, count: Tile.capacity)
    }
    for s in 0..<count {
      for k in 0..<16 { #expect(rows[16 * s + k] == tile[k * Tile.stride + s]) }
    }
    #expect((0..<16).allSatisfy { rows[16 * count + $0] == 9 })
  }
}
