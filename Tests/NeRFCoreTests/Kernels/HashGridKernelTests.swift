import NeRFCore
import TestSupport
import Testing

/// One setting of a hash grid.
struct GridSetting: Sendable, CustomTestStringConvertible {
  var dimensions = 3
  var features = 2
  var levels = 6
  var base = 4
  var log2 = 9
  var desired = 64.0
  var indexing = HashGridGeometry.Indexing.hash
  var alignCorners = false

  var geometry: HashGridGeometry {
    HashGridGeometry(
      dimensions: dimensions, levelCount: levels, features: features, baseResolution: base,
      log2TableSize: log2, desiredResolution: desired, indexing: indexing,
      alignCorners: alignCorners)
  }

  var testDescription: String {
    "\(dimensions)-D, \(levels) × \(features), 2^\(log2) rows, \(indexing), "
      + "\(alignCorners ? "corners aligned" : "cells centred")"
  }

  /// Both index kinds, corner conventions, dimensions, every feature count; dense and hashed levels.
  static let all: [GridSetting] = {
    var settings = [GridSetting(levels: 14, base: 16, log2: 14, desired: 2048)]
    for features in [1, 2, 4, 8] {
      for dimensions in [2, 3] {
        for indexing in [HashGridGeometry.Indexing.hash, .tiled] {
          for align in [false, true] {
            settings.append(
              GridSetting(
                dimensions: dimensions, features: features, indexing: indexing,
                alignCorners: align))
          }
        }
      }
    }
    return settings
  }()
}

@Suite("Hash grid kernels")
struct HashGridKernelTests {
  /// Points of the unit cube, with its corners, faces, and points that are outside or not numbers.
  static func points(_ count: Int, dimensions: Int, seed: UInt64) -> [Twin] {
    var random = SplitMix64(seed: seed)
    let special: [[Float]] = [
      [0, 0, 0], [1, 1, 1], [1, 0, 1], [0.5, 0.5, 0.5], [-1e-7, 0.5, 0.5], [0.5, 1.000_000_1, 0.5],
      [.nan, 0.5, 0.5], [0.5, .nan, 0.5], [.infinity, 0, 0], [0, -.infinity, 0], [-0.0, 1, 0],
    ]
    return (0..<dimensions).map { axis in
      var row = random.floats(count, in: 0...1)
      for (index, point) in special.enumerated() where index < count { row[index] = point[axis] }
      return Twin(row)
    }
  }

  struct Tables {
    let geometry: HashGridGeometry
    let table: Twin
    let points: [Twin]
    let count: Int

    init(_ setting: GridSetting, count: Int = Tile.capacity, seed: UInt64 = 1) {
      geometry = setting.geometry
      self.count = count
      var random = SplitMix64(seed: seed)
      table = Twin(geometry.rowCount * geometry.features, &random)
      points = HashGridKernelTests.points(count, dimensions: geometry.dimensions, seed: seed + 1)
    }

    var singlePoints: [[Float]] { points.map(\.single) }
    var doublePoints: [[Double]] { points.map(\.double) }

    func forward<K: KernelSet>(
      _ kernels: K.Type, _ table: [K.Scalar], _ points: [[K.Scalar]]
    ) -> [K.Scalar] {
      withRows(points) { points in
        geometry.levels.indices.flatMap { level in
          var output = [K.Scalar](repeating: 9, count: geometry.features * count)
          K.hashGrid(
            geometry, level: level, table: table, points: points, output: &output,
            outputStride: count, count: count)
          return output
        }
      }
    }

    func gradient<K: KernelSet>(
      _ kernels: K.Type, _ cotangents: [K.Scalar], _ points: [[K.Scalar]], start: [K.Scalar],
      count: Int
    ) -> [K.Scalar] {
      var result = start
      withRows(points) { points in
        for level in geometry.levels.indices {
          K.accumulateHashGridGradients(
            geometry, level: level, points: points,
            gradients: Array(cotangents[(level * geometry.features * self.count)...]),
            gradientStride: self.count, count: count, tableGradient: &result)
        }
      }
      return result
    }
  }

  /// Same cells on both paths: products of weights (three roundings each, and 1 − f), eight terms.
  @Test("the fast path finds the same corners as the definition", arguments: GridSetting.all)
  func sameCorners(setting: GridSetting) {
    let tables = Tables(setting)
    let fast = tables.forward(FastKernels.self, tables.table.single, tables.singlePoints)
    let plain = tables.forward(
      ReferenceKernels<Float>.self, tables.table.single, tables.singlePoints)
    let magnitudes = tables.forward(
      ReferenceKernels<Float>.self, tables.table.single.map { abs($0) },
      tables.singlePoints)
    let comparison = KernelComparison(
      "hashGrid", fast, exact: plain.map(Double.init), magnitudes: magnitudes.map(Double.init),
      roundings: 2 * (5 + 8))
    #expect(comparison.passed, "\(setting.testDescription): \(comparison)")
  }

  /// The interpolant is continuous, so a position that rounds into the neighbouring cell moves the value
  /// by slope times distance: the slope along an axis is at most 2 max|E| per cell, the two roundings
  /// of a position at most u·p each.
  @Test(
    "the fast path is as close to double precision as positions allow", arguments: GridSetting.all)
  func closeToDouble(setting: GridSetting) {
    let tables = Tables(setting)
    let fast = tables.forward(FastKernels.self, tables.table.single, tables.singlePoints)
    let double = tables.forward(DoubleKernels.self, tables.table.double, tables.doublePoints)
    let features = tables.geometry.features
    for level in tables.geometry.levels.indices {
      let scale: Double = tables.geometry.scale(of: level)
      let rows = level * features * tables.count..<(level + 1) * features * tables.count
      // The fast scale itself is rounded once more than the double one.
      let moved = 3 * KernelBound.unit * (scale + 1)
      let comparison = KernelComparison(
        "hashGrid against Double", Array(fast[rows]), exact: Array(double[rows]),
        magnitudes: [Double](repeating: 1, count: rows.count), roundings: 13,
        absolute: Double(setting.dimensions) * 2 * moved)
      #expect(comparison.passed, "\(setting.testDescription), level \(level): \(comparison)")
    }
  }

  @Test("points outside the cube and NaN give zeros", arguments: GridSetting.all)
  func outside(setting: GridSetting) {
    let tables = Tables(setting)
    let fast = tables.forward(FastKernels.self, tables.table.single, tables.singlePoints)
    // Points 4 to 9 are outside, the last of them along y.
    for row in 0..<tables.geometry.outputCount {
      for s in 4..<10 { #expect(fast[row * tables.count + s] == 0) }
    }
    #expect(fast[0] != 0)
  }

  /// Weights sum to one. The eight products and their sum round 13 times.
  @Test("a constant table gives the constant", arguments: GridSetting.all)
  func partitionOfUnity(setting: GridSetting) {
    let tables = Tables(setting)
    let constant = [Float](repeating: 0.75, count: tables.table.single.count)
    let fast = tables.forward(FastKernels.self, constant, tables.singlePoints)
    for row in 0..<tables.geometry.outputCount {
      for s in Array(0..<4) + Array(11..<tables.count) {
        #expect(fast[row * tables.count + s].isClose(to: 0.75, .single))
      }
    }
  }

  // MARK: Gradients

  private struct Gradient {
    let fast: [Float]
    let plain: [Float]

    init(_ tables: Tables, count: Int) {
      var random = SplitMix64(seed: 5)
      var cotangents = random.floats(tables.geometry.outputCount * tables.count, in: -1...1)
      // Samples without a gradient take a short cut.
      for s in stride(from: 0, to: tables.count, by: 5) {
        for row in 0..<tables.geometry.outputCount { cotangents[row * tables.count + s] = 0 }
      }
      // A start of 1, so that a kernel that overwrites is seen.
      let start = [Float](repeating: 1, count: tables.table.single.count)
      fast = tables.gradient(
        FastKernels.self, cotangents, tables.singlePoints, start: start, count: count)
      plain = tables.gradient(
        ReferenceKernels<Float>.self, cotangents, tables.singlePoints, start: start, count: count)
    }
  }

  /// Both paths visit samples and corners in one order, and round weights and sums alike.
  @Test(
    "the gradient adds the same bits to the same rows as the definition", arguments: GridSetting.all
  )
  func gradient(setting: GridSetting) {
    // More than one block, and a last one that is not full.
    for count in [0, 1, 63, 64, 131, 300] {
      let tables = Tables(setting, count: 300)
      let gradient = Gradient(tables, count: count)
      let comparison = KernelComparison(
        "accumulateHashGridGradients", gradient.fast, exact: gradient.plain.map(Double.init),
        magnitudes: gradient.plain.map { _ in 0 }, roundings: 0)
      #expect(comparison.passed, "\(setting.testDescription), \(count): \(comparison)")
      if count == 0 { #expect(gradient.fast.allSatisfy { $0 == 1 }) }
    }
  }

  /// `⟨g, interpolate(E)⟩ = ⟨gradient(g), E⟩`, since a look-up is linear in the table.
  @Test("the gradient is the transpose of the look-up", arguments: GridSetting.all)
  func transpose(setting: GridSetting) {
    let tables = Tables(setting)
    let outputs = tables.forward(DoubleKernels.self, tables.table.double, tables.doublePoints)
    var random = SplitMix64(seed: 8)
    let cotangents = Twin(outputs.count, &random)
    let gradient = tables.gradient(
      DoubleKernels.self, cotangents.double, tables.doublePoints,
      start: [Double](repeating: 0, count: tables.table.double.count), count: tables.count)
    let forward = zip(cotangents.double, outputs).reduce(0) { $0 + $1.0 * $1.1 }
    let backward = zip(gradient, tables.table.double).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(backward.isClose(to: forward, .reference, scale: Double(outputs.count)))
  }

  @Test("the gradient repeats bit by bit", arguments: [GridSetting(), GridSetting(features: 4)])
  func repeatable(setting: GridSetting) {
    let tables = Tables(setting, count: 300)
    let first = Gradient(tables, count: 300)
    let second = Gradient(tables, count: 300)
    #expect(first.fast == second.fast)
  }

  /// Positions at odd multiples of a quarter cell are away from every face by more than the step.
  @Test(
    "the gradient of the point matches central differences", arguments: GridSetting.all.prefix(17))
  func pointGradient(setting: GridSetting) throws {
    let tables = Tables(setting, count: Tile.step)
    let geometry = tables.geometry
    var random = SplitMix64(seed: 11)
    let weights = random.doubles(geometry.features, in: -1...1)
    for level in [0, geometry.levels.count - 1] {
      let scale: Double = geometry.scale(of: level)
      let shift: Double = geometry.shift()
      let cells = Int(scale)
      let point = (0..<geometry.dimensions).map { _ in
        (Double(Int.random(in: 1..<cells, using: &random)) + 0.3 - shift) / scale
      }
      let (gradient, _) = Self.pointGradient(
        geometry, level: level, table: tables.table.double, weights: weights, point)
      // A step of 6e-6 cells; the interpolant is a polynomial in cells.
      let check = try GradientCheck(
        of: gradient, at: point, step: GradientCheck.defaultStep / max(scale, 1)
      ) {
        Self.pointGradient(geometry, level: level, table: tables.table.double, weights: weights, $0)
          .value
      }
      #expect(check.passes(), "\(setting.testDescription), level \(level): \(check)")
    }
    // Outside nothing moves.
    let outside = [Double](repeating: 1.5, count: geometry.dimensions)
    let (gradient, value) = Self.pointGradient(
      geometry, level: 0, table: tables.table.double, weights: weights, outside)
    #expect(value == 0 && gradient.allSatisfy { $0 == 0 })
  }

  private static func pointGradient(
    _ geometry: HashGridGeometry, level: Int, table: [Double], weights: [Double], _ point: [Double]
  ) -> (gradient: [Double], value: Double) {
    var output = [Double](repeating: 0, count: geometry.features)
    var gradient = [Double](repeating: 0, count: point.count)
    withRows(point.map { [$0] }) { points in
      DoubleKernels.hashGrid(
        geometry, level: level, table: table, points: points, output: &output, outputStride: 1,
        count: 1)
      gradient.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        DoubleKernels.accumulateHashGridPointGradients(
          geometry, level: level, table: table, points: points, gradients: weights,
          gradientStride: 1, count: 1, pointGradients: point.indices.map { base + $0 })
      }
    }
    return (gradient, zip(weights, output).reduce(0) { $0 + $1.0 * $1.1 })
  }
}
