import Fields
import NeRFCore
import TestSupport
import Testing

/// Matrices are copied for passes of many tiles; short passes read the parameters themselves.
@Suite("Packed weights")
struct PackedWeightsTests {
  /// Trunks of several panels, with and without a skip; and every kind of small network.
  static let fields: [FieldConfiguration] =
    [3, 1, -1].map { skip in
      var options = MLPFieldOptions()
      options.layers = 5
      options.width = 100
      options.skip = skip
      return .mlp(options)
    } + SmallFields.configurations.filter { $0.architecture != .tensors }

  @Test("voxels alone have no matrices")
  func tensors() throws {
    for configuration in SmallFields.configurations where configuration.architecture == .tensors {
      #expect(try SmallFields.field(configuration, as: Float.self).packedMatrices.isEmpty)
    }
  }

  /// Samples `first..<first + count` of a batch whose samples are one ray.
  private func part(_ batch: SampleBatch, _ range: Range<Int>) throws -> SampleBatch {
    try SampleBatch(
      positions: batch.positions.map { Array($0[range]) },
      directions: batch.directions.map { Array($0[range]) },
      deltas: Array(batch.deltas[range]), gaps: Array(batch.gaps[range]),
      spans: [RaySpan(offset: 0, count: range.count)])
  }

  @Test("a long pass gives every sample the bits of a short one", arguments: fields)
  func taps(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    #expect(!field.packedMatrices.isEmpty)
    let batch = try randomBatch(9 * Tile.capacity + 7, seed: 21)
    let long = field.taps(batch)
    for start in stride(from: 0, to: batch.count, by: Tile.capacity) {
      let range = start..<min(start + Tile.capacity, batch.count)
      let short = field.taps(try part(batch, range))
      #expect(short.densities == Array(long.densities[range]))
      #expect(short.colors == Array(long.colors[3 * range.lowerBound..<3 * range.upperBound]))
    }
  }

  @Test("gradients of a long pass are the sums of those of short ones", arguments: fields)
  func gradients(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    // One tile a lane, so that both ways add the same numbers in the same order.
    let batch = try randomBatch(8 * Tile.capacity, seed: 22)
    let cotangents = TapCotangents<Float>.random(batch.count, field, seed: 23)
    let long = field.gradients(batch, cotangents, threads: 2)
    var sums: [[Float]] = long.map { $0.map { _ in 0 } }
    for tile in 0..<8 {
      let range = tile * Tile.capacity..<(tile + 1) * Tile.capacity
      func cut(_ values: [Float]?, _ width: Int) -> [Float]? {
        values.map { Array($0[width * range.lowerBound..<width * range.upperBound]) }
      }
      let own = TapCotangents<Float>(
        features: cut(cotangents.features, field.featureCount),
        logDensities: cut(cotangents.logDensities, 1), densities: cut(cotangents.densities, 1),
        colors: cut(cotangents.colors, 3))
      let short = field.gradients(try part(batch, range), own)
      for (k, values) in short.enumerated() {
        for (i, value) in values.enumerated() { sums[k][i] += value }
      }
    }
    // Grids add all samples of a pass in another order.
    for matrix in field.packedMatrices {
      #expect(long[matrix.parameter] == sums[matrix.parameter])
      #expect(long[matrix.parameter].contains { $0 != 0 })
    }
  }

  @Test("an evaluator sees parameters that changed since its last pass")
  func changedParameters() throws {
    let field = try SmallFields.field(Self.fields[0], as: Float.self)
    let batch = try randomBatch(8 * Tile.capacity, seed: 24)
    let evaluator = FieldEvaluator(field, pool: WorkerPool(threads: 2))
    let (before, after) = (FieldTaps<Float>(), FieldTaps<Float>())
    evaluator.forward(batch, detail: .full, into: before)
    let weight = try #require(field.parameter(named: "nerf_mlp.2.weight"))
    for i in 0..<weight.count { weight.values.base[i] *= 1.25 }
    evaluator.forward(batch, detail: .full, into: after)
    #expect(TapValues(before).colors != TapValues(after).colors)
    #expect(TapValues(after) == field.taps(batch))
  }
}
