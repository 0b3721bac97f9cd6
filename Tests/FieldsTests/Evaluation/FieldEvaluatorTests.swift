import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Field evaluation")
struct FieldEvaluatorTests {
  /// Enough samples and rows of texels that several shares of a plane's and of a volume's rows are summed at
  /// the same time.
  @Test("gradients of planes and volumes do not depend on who sums which rows")
  func sharesOfRows() throws {
    var vm = VMFieldOptions()
    vm.resolution = [48, 48, 48]
    var tensors = TensorsFieldOptions()
    tensors.resolution = [48, 16, 16]
    for configuration in [FieldConfiguration.vm(vm), .tensors(tensors)] {
      let field = try SmallFields.field(configuration, as: Float.self)
      let batch = try randomBatch(40_000, seed: 11)
      let cotangents = TapCotangents<Float>.random(batch.count, field, seed: 12)
      let alone = field.gradients(batch, cotangents, threads: 1)
      for _ in 0..<2 {
        #expect(field.gradients(batch, cotangents, threads: 3) == alone, "\(configuration)")
      }
    }
  }

  @Test("one, two and three threads give the same bits", arguments: SmallFields.configurations)
  func threads(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    // More tiles than lanes, the last one not full.
    let batch = try randomBatch(40 * Tile.capacity + 99, seed: 1)
    let cotangents = TapCotangents<Float>.random(batch.count, field, seed: 2)
    let taps = (1...3).map { field.taps(batch, threads: $0) }
    #expect(taps[0] == taps[1] && taps[1] == taps[2])
    let gradients = (1...3).map { field.gradients(batch, cotangents, threads: $0) }
    #expect(gradients[0] == gradients[1] && gradients[1] == gradients[2])
    #expect(gradients[0].contains { $0.contains { $0 != 0 } })
  }

  @Test(
    "kept activations and a second evaluation give the same bits",
    arguments: SmallFields.configurations, [TapDetail.density, .features, .full])
  func keptActivations(configuration: FieldConfiguration, detail: TapDetail) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let batch = try randomBatch(3 * Tile.capacity + 5, seed: 3)
    let cotangents = TapCotangents<Float>.random(batch.count, field, seed: 4)
    let kept = field.gradients(batch, cotangents, detail: detail, budget: 1 << 30)
    let again = field.gradients(batch, cotangents, detail: detail, budget: 0)
    let without = field.gradients(batch, cotangents, detail: detail)
    #expect(kept == again && again == without)
  }

  /// What encoding a batch found out serves its gradients only as long as no other batch was encoded.
  @Test(
    "other evaluations between forward and backward change nothing",
    arguments: SmallFields.configurations)
  func evaluationsInBetween(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let evaluator = FieldEvaluator(field, pool: WorkerPool(threads: 2))
    let (batch, other) = (try randomBatch(700, seed: 13), try randomBatch(900, seed: 14))
    let cotangents = TapCotangents<Float>.random(batch.count, field, seed: 15)
      .rows(count: batch.count, field)
    // Samples without a gradient.
    for row in 0..<TapRow.count(features: field.featureCount) {
      for s in stride(from: 0, to: batch.count, by: 3) { cotangents.row(row)[s] = 0 }
    }
    func gradients(evaluatingBetween: Bool) -> [[Float]] {
      for parameter in field.parameters { parameter.gradient.fill(0) }
      let (taps, store) = (FieldTaps<Float>(), ActivationStore<Float>())
      evaluator.forward(batch, detail: .full, into: taps, keeping: store)
      if evaluatingBetween { evaluator.forward(other, detail: .density, into: FieldTaps<Float>()) }
      evaluator.backward(batch, detail: .full, taps: taps, cotangents: cotangents, store: store)
      return field.parameters.map { $0.exportedGradient() }
    }
    let expected = gradients(evaluatingBetween: false)
    #expect(expected.allSatisfy { $0.contains { $0 != 0 } })
    #expect(gradients(evaluatingBetween: true) == expected)
  }

  @Test("taps without features are the same", arguments: SmallFields.configurations)
  func withoutFeatures(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let evaluator = FieldEvaluator(field, pool: WorkerPool(threads: 1))
    let batch = try randomBatch(300, seed: 16)
    let (full, part) = (
      FieldTaps<Float>(), FieldTaps<Float>(count: 300, featureCount: field.featureCount)
    )
    evaluator.forward(batch, detail: .full, into: full)
    evaluator.forward(batch, detail: .full, into: part, writingFeatures: false)
    #expect(part.logDensities == full.logDensities)
    #expect(part.densities == full.densities)
    #expect(part.colors == full.colors)
    #expect(part.features.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }

  @Test(
    "a pass sees nothing of the cotangents of the one before",
    arguments: SmallFields.configurations, [TapDetail.density, .features])
  func cotangentsOfEarlierPasses(configuration: FieldConfiguration, detail: TapDetail) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let evaluator = FieldEvaluator(field, pool: WorkerPool(threads: 1))
    func gradients(_ batch: SampleBatch, _ detail: TapDetail, seed: UInt64) -> [[Float]] {
      let cotangents = TapCotangents<Float>.random(batch.count, field, seed: seed)
      for parameter in field.parameters { parameter.gradient.fill(0) }
      let taps = FieldTaps<Float>(count: batch.count)
      evaluator.forward(batch, detail: detail, into: taps)
      evaluator.backward(
        batch, detail: detail, taps: taps,
        cotangents: cotangents.rows(count: batch.count, field))
      return field.parameters.map { $0.exportedGradient() }
    }
    let (short, long) = (try randomBatch(20, seed: 9), try randomBatch(300, seed: 10))
    let alone = gradients(long, detail, seed: 1)
    // Full tiles, then a short one, so that neither rows nor padded columns may be left over.
    _ = gradients(long, .full, seed: 2)
    _ = gradients(short, .full, seed: 3)
    #expect(gradients(long, detail, seed: 1) == alone)
  }

  @Test(
    "a sample's taps do not depend on the batch around it", arguments: SmallFields.configurations)
  func batchSizes(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let whole = try randomBatch(600, seed: 5)
    let expected = field.taps(whole)
    for count in [0, 1, 63, 64, 65, 255, 256, 257, 512, 513] {
      let part = try SampleBatch(
        positions: whole.positions.map { Array($0.prefix(count)) },
        directions: whole.directions.map { Array($0.prefix(count)) },
        deltas: Array(whole.deltas.prefix(count)), gaps: Array(whole.gaps.prefix(count)),
        spans: [RaySpan(offset: 0, count: count)])
      let taps = field.taps(part)
      #expect(taps.logDensities == Array(expected.logDensities.prefix(count)))
      #expect(taps.densities == Array(expected.densities.prefix(count)))
      let rows = field.featureCount * count
      for comparison in [
        Comparison(
          "C", actual: taps.colors, expected: Array(expected.colors.prefix(3 * count)), .exact),
        Comparison(
          "F", actual: Array(taps.features.prefix(rows)),
          expected: Array(expected.features.prefix(rows)), .exact),
      ] {
        #expect(comparison.passed, "\(comparison)")
      }
      let gradients = field.gradients(part, TapCotangents.random(count, field, seed: 6))
      #expect(gradients.contains { $0.contains { $0 != 0 } } == (count > 0))
    }
  }

  @Test(
    "rows of zeros behind the samples change no gradient", arguments: SmallFields.configurations)
  func paddingRows(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let used = 200
    let plain = try randomBatch(used, seed: 7)
    var cotangents = TapCotangents<Float>.random(used, field, seed: 8)
    let expected = field.gradients(plain, cotangents)
    let extra = [Float](repeating: 0, count: 50)
    let padded = try SampleBatch(
      positions: plain.positions.map { $0 + extra },
      directions: plain.directions.map { $0 + extra },
      deltas: plain.deltas + extra, gaps: plain.gaps + extra, spans: plain.spans)
    cotangents.features? += [Float](repeating: 0, count: field.featureCount * 50)
    cotangents.logDensities? += extra
    cotangents.densities? += extra
    cotangents.colors? += extra + extra + extra
    #expect(field.gradients(padded, cotangents) == expected)
  }

  @Test("taps of a smaller pass are those of the full one", arguments: SmallFields.configurations)
  func details(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let batch = try randomBatch(300, seed: 9)
    let full = field.taps(batch)
    #expect(field.taps(batch, detail: .features).logDensities == full.logDensities)
    if field.hasFeatures { #expect(field.taps(batch, detail: .features).features == full.features) }
    #expect(field.taps(batch, detail: .density).logDensities == full.logDensities)
    #expect(field.taps(batch, detail: .density).densities == full.densities)
  }

  @Test(
    "the first entry of F is S, σ is its exponential, colours are in 0...1",
    arguments: SmallFields.configurations)
  func tapRelations(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Double.self)
    let batch = try randomBatch(300, seed: 10)
    let taps = field.taps(batch)
    for s in 0..<batch.count {
      if field.hasFeatures {
        #expect(taps.features[field.featureCount * s] == taps.logDensities[s])
      }
      let density = TruncatedExponential.value(of: taps.logDensities[s])
      #expect(taps.densities[s].isClose(to: density, .reference))
    }
    #expect(taps.colors.allSatisfy { $0 > 0 && $0 < 1 })
    #expect(taps.logDensities.allSatisfy { $0 >= -2 && $0 <= 7 })
  }

  @Test("Float follows Double", arguments: SmallFields.configurations)
  func precision(configuration: FieldConfiguration) throws {
    let single = try SmallFields.field(configuration, as: Float.self)
    let double = try SmallFields.field(configuration, as: Double.self)
    for (a, b) in zip(single.parameters, double.parameters) {
      try b.load(a.exported().map { Double($0) })
    }
    let batch = try randomBatch(500, seed: 11)
    let (a, b) = (single.taps(batch), double.taps(batch))
    // A dozen layers of sums of up to 30 terms of size 1.
    for (name, x, y) in [
      ("F", a.features, b.features), ("S", a.logDensities, b.logDensities),
      ("σ", a.densities, b.densities), ("C", a.colors, b.colors),
    ] {
      let comparison = Comparison(
        name, actual: x.map { Double($0) }, expected: y, .framework, scale: 1)
      #expect(comparison.passed, "\(comparison)")
    }
  }

  @Test(
    "the occupancy density is the density, at any number of points",
    arguments: SmallFields.configurations)
  func occupancy(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let evaluator = FieldEvaluator(field, pool: WorkerPool(threads: 2))
    let batch = try randomBatch(700, seed: 12)
    let densities = evaluator.occupancyDensities(
      x: batch.positions[0], y: batch.positions[1], z: batch.positions[2])
    #expect(densities == field.taps(batch).densities)
    #expect(evaluator.occupancyDensities(x: [], y: [], z: []).isEmpty)
  }

  @Test("without a clamp the occupancy density of a volume exceeds the clamp")
  func unclampedOccupancy() throws {
    var options = TensorsFieldOptions()
    options.resolution = [2, 2, 2]
    options.degree = 1
    for (unclamped, expected) in [(true, Float(-4)), (false, -2)] {
      options.unclampedOccupancy = unclamped
      let field = TensorsField<Float>(options: options, seed: 1)
      try field.parameters[0].load([Float](repeating: -4, count: 32))
      let density = FieldEvaluator(field, pool: WorkerPool(threads: 1))
        .occupancyDensities(x: [0.1], y: [0.2], z: [0.3])
      #expect(density[0].isClose(to: TruncatedExponential.value(of: expected), .single))
    }
  }

  @Test(
    "positions outside the scene and NaN are answered without a trap",
    arguments: SmallFields.configurations)
  func strangePositions(configuration: FieldConfiguration) throws {
    let field = try SmallFields.field(configuration, as: Float.self)
    let positions: [Float] = [0, 0, 0, 5, 0, 0, .nan, 0, 0, 0, -.infinity, 0, 1, 1, 1, -1, -1, -1]
    let batch = try sampleBatch(positions: positions)
    let taps = field.taps(batch)
    for s in [0, 4, 5] { #expect(taps.densities[s].isFinite) }
    // Grids give zeros outside; a network of the raw position passes NaN on.
    if configuration.architecture != .mlp { #expect(taps.densities.allSatisfy { $0.isFinite }) }
    _ = field.gradients(batch, TapCotangents.random(batch.count, field, seed: 1))
  }
}
