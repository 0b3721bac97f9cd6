import Fields
import Foundation
import NeRFCore
import TestSupport
import Testing

@Suite("Heads of fields")
struct HeadTests {
  /// Layers as the formula says: `W x + b`, ReLU behind all but the last.
  private func chain(
    _ field: any RadianceField<Double>, _ name: String, layers: Int, _ input: [Double]
  ) throws -> [Double] {
    var x = input
    for k in 0..<layers {
      let weight = try #require(field.parameter(named: "\(name).\(k).weight"))
      let bias = try #require(field.parameter(named: "\(name).\(k).bias")).exported()
      let values = weight.exported()
      x = bias.indices.map { row in
        let y = x.indices.reduce(bias[row]) { $0 + values[row * x.count + $1] * x[$1] }
        return k + 1 < layers ? max(0, y) : y
      }
    }
    return x
  }

  @Test("of other depths and widths compute the formula")
  func formula() throws {
    var heads = HeadOptions()
    (heads.densityLayers, heads.densityWidth) = (3, 5)
    (heads.colorLayers, heads.colorWidth, heads.colorFeatures, heads.bias) = (2, 4, 3, true)
    let (count, width) = (9, 6)
    var random = SplitMix64(seed: 4)
    let features = random.doubles(count * width, in: -1...1)
    let field = GivenFeaturesField(features: features, width: width, heads: heads)
    let batch = try randomBatch(count, seed: 5)
    let taps = field.taps(batch)
    for s in 0..<count {
      let h = try chain(
        field, "sigma_net", layers: 3, Array(features[width * s..<width * s + width]))
      let logDensity = min(max(h[0], -2), 7)
      let harmonics = SphericalHarmonics(degree: 4).values(
        x: Double(batch.directions[0][s]), y: Double(batch.directions[1][s]),
        z: Double(batch.directions[2][s]))
      let raw = try chain(field, "color_net", layers: 2, harmonics + h[1...])
      let expected = [logDensity] + h[1...]
      for (k, value) in expected.enumerated() {
        #expect(taps.features[4 * s + k].isClose(to: value, .reference, scale: 1))
      }
      #expect(taps.densities[s].isClose(to: exp(logDensity), .reference))
      for (c, y) in raw.enumerated() {
        #expect(taps.colors[3 * s + c].isClose(to: 1 / (1 + exp(-y)), .reference))
      }
    }
  }

  /// Passes by rays begin tiles anywhere, so a tile may lie across two blocks of stored features.
  @Test("behind given features treat every sample as if it were alone", arguments: [1, 2])
  func givenFeaturesOfManyTiles(threads: Int) throws {
    let (spans, count, width) = ([300, 1, 430], 731, 5)
    var random = SplitMix64(seed: 6)
    let features = random.doubles(count * width, in: -1...1)
    let points = try randomBatch(count, seed: 7)
    let steps = [Float](repeating: 0.01, count: count)
    let batch = try SampleBatch(
      positions: points.positions, directions: points.directions, deltas: steps, gaps: steps,
      spans: spans.indices.map { ray in
        RaySpan(offset: spans[..<ray].reduce(0, +), count: spans[ray])
      })
    let field = GivenFeaturesField(features: features, width: width, seed: 9)
    let (taps, cotangents) = (FieldTaps<Double>(), FieldTaps<Double>())
    FieldEvaluator(field, pool: WorkerPool(threads: threads)).accumulateGradients(
      batch, taps: taps, cotangents: cotangents
    ) { rays in
      for ray in rays {
        for s in batch.spans[ray].offset..<batch.spans[ray].offset + batch.spans[ray].count {
          cotangents.row(TapRow.density)[s] = 1
        }
      }
    }
    for s in [0, 1, 255, 256, 299, 300, 301, 511, 512, 556, 557, 730] {
      let own = GivenFeaturesField(
        features: Array(features[width * s..<width * s + width]), width: width, seed: 9)
      let alone = try sampleBatch(
        positions: (0..<3).map { points.positions[$0][s] },
        directions: (0..<3).map { points.directions[$0][s] })
      let (ownTaps, ownCotangents) = (FieldTaps<Double>(), FieldTaps<Double>(count: 1))
      ownCotangents.clear()
      ownCotangents.row(TapRow.density)[0] = 1
      let evaluator = FieldEvaluator(own, pool: WorkerPool(threads: 1))
      evaluator.accumulateGradients(alone, taps: ownTaps, cotangents: ownCotangents) { _ in
        ownCotangents.row(TapRow.density)[0] = 1
      }
      #expect(taps.densities[s] == ownTaps.densities[0], "sample \(s)")
      #expect(
        Array(field.featureGradients[width * s..<width * s + width]) == own.featureGradients,
        "sample \(s)")
      #expect(own.featureGradients.contains { $0 != 0 })
    }
  }

  @Test("of files from before they had options of their own keep their width")
  func earlierFiles() throws {
    let text =
      #"{"levels":5,"baseResolution":8,"log2TableSize":10,"finestResolution":64,"hiddenWidth":32}"#
    let options = try JSONDecoder().decode(HashFieldOptions.self, from: Data(text.utf8))
    var expected = HashFieldOptions()
    (expected.levels, expected.baseResolution, expected.log2TableSize) = (5, 8, 10)
    expected.finestResolution = 64
    expected.hiddenWidth = 32
    #expect(options == expected && options.heads.colorWidth == 32)
    // What is written now is read as it was.
    expected.heads.colorLayers = 4
    expected.heads.densityWidth = 7
    let written = try JSONEncoder().encode(expected)
    #expect(try JSONDecoder().decode(HashFieldOptions.self, from: written) == expected)
  }
}
