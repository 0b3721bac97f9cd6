import NeRFCore
import TestSupport
import Testing

@Suite("Weightiest samples")
struct WeightiestSamplesTests {
  private let pool = WorkerPool(threads: 2)

  /// Rays with given weights: σδ is chosen so that Tα is each of them.
  private func rays<T: RadianceScalar>(
    _ weights: [[T]], padding: Int = 0
  ) throws -> (SampleBatch, CompositedRays<T>) {
    let count = weights.reduce(0) { $0 + $1.count } + padding
    var densities = [T](repeating: 7, count: count)
    var spans: [RaySpan] = []
    var row = 0
    for ray in weights {
      spans.append(RaySpan(offset: row, count: ray.count))
      var light = T(1)
      for weight in ray {
        densities[row] = -T.log(1 - weight / light)
        light -= weight
        row += 1
      }
    }
    let zeros = [[Float]](repeating: [Float](repeating: 0, count: count), count: 3)
    let ones = [Float](repeating: 1, count: count)
    let batch = try SampleBatch(
      positions: zeros, directions: zeros, deltas: ones, gaps: ones, spans: spans)
    let colors = [T](repeating: 0.5, count: 3 * count)
    return (batch, try batch.composite(densities: densities.span, colors: colors.span, pool: pool))
  }

  @Test("are ⌊share · K⌋ + 1 of a ray, in descending order")
  func order() throws {
    // Ray 0: 0.3 · 5 = 1.5, so two; ray 1: one of one; ray 2 is transparent; ray 3 is empty.
    let (batch, composited) = try rays(
      [[0.1, 0.3, 0.05, 0.4, 0.1], [0.7], [0.1, 0.2, 0.1], []] as [[Double]], padding: 2)
    let found = try batch.weightiest(composited, pool: pool)
    #expect(found.rows == [3, 1, -1, -1, -1, 5, -1, -1, -1, -1, -1])
    #expect(found.kept == [1, 3, 5])
    let expected = [0.4, 0.3, 0.1, 0.1, 0.05, 0.7, 0.2, 0.1, 0.1, -1, -1]
    for (weight, value) in zip(found.weights, expected) {
      #expect(weight.isClose(to: value, .reference))
    }
  }

  @Test("keep the order of the samples where weights are equal")
  func ties() throws {
    // Opaque samples hide all behind them: weights of exactly zero.
    let (batch, _) = try rays([[0.5, 0.5, 0.5, 0.5].map { Float($0 / 4) }])
    let densities: [Float] = [200, 200, 200, 200]
    let colors = [Float](repeating: 0, count: 12)
    let composited = try batch.composite(
      densities: densities.span, colors: colors.span, pool: pool)
    #expect(composited.weights == [1, 0, 0, 0])
    #expect(try batch.weightiest(composited, share: 1, pool: pool).rows == [0, 1, 2, 3])
    // 0.5 · 4 is exactly 2: position 2 counts.
    #expect(try batch.weightiest(composited, share: 0.5, pool: pool).rows == [0, 1, 2, -1])
  }

  @Test("of two fields are united, each row once")
  func union() throws {
    let (batch, first) = try rays([[0.6, 0.2, 0.1]] as [[Double]])
    let (_, second) = try rays([[0.1, 0.2, 0.6]] as [[Double]])
    let (a, b) = (try batch.weightiest(first, pool: pool), try batch.weightiest(second, pool: pool))
    #expect(a.kept == [0] && b.kept == [2])
    #expect(try batch.weightiestRows([first, second], pool: pool) == [0, 2])
    #expect(try batch.weightiestRows([second, first], pool: pool) == [0, 2])
    #expect(try batch.weightiestRows([first, first], pool: pool) == [0])
  }

  @Test("do not depend on threads; borders of share and opacity", arguments: 0..<4)
  func properties(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let weights = (0..<700).map { _ -> [Float] in
      let count = Int.random(in: 0...12, using: &random)
      return random.doubles(count, in: 0.001...0.08).map { Float($0) }
    }
    let (batch, composited) = try rays(weights, padding: 3)
    let one = try batch.weightiest(composited, opacity: 0.3, pool: WorkerPool(threads: 1))
    let three = try batch.weightiest(composited, opacity: 0.3, pool: WorkerPool(threads: 3))
    #expect(one.rows == three.rows && one.weights == three.weights)
    for (ray, span) in batch.spans.enumerated() where span.count > 0 {
      let rows = one.rows[span.offset..<span.offset + span.count].filter { $0 >= 0 }
      let isOpaque = composited.opacity[ray] >= 0.3
      #expect(rows.count == (isOpaque ? Int(0.3 * Float(span.count)) + 1 : 0))
      // No sample that is left out weighs more than one that is kept.
      let kept = rows.map { composited.weights[Int($0)] }.min() ?? 1
      for row in span.offset..<span.offset + span.count
      where isOpaque && !rows.contains(Int32(row)) {
        #expect(composited.weights[row] <= kept)
      }
    }
    #expect(
      try batch.weightiest(composited, share: 1, opacity: 0, pool: pool).kept
        == Array(0..<batch.usedCount))
    #expect(try batch.weightiest(composited, opacity: 2, pool: pool).kept.isEmpty)
  }

  @Test("of several fields are found without sorting", arguments: 0..<6)
  func linear(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let counts = (0..<300).map { _ in Int.random(in: 0...40, using: &random) }
    let weights = counts.map { random.doubles($0, in: 0.001...0.024).map { Float($0) } }
    let (batch, first) = try rays(weights, padding: 5)
    // Opaque samples make weights of exactly zero, and so many equal ones.
    let densities = random.doubles(batch.count, in: 0...30).map { Float($0) }
    let colors = [Float](repeating: 0, count: 3 * batch.count)
    let second = try batch.composite(
      densities: densities.span, colors: colors.span, pool: pool)
    for share in [0, 0.1, 0.3, 0.5, 0.97, 1, 2] as [Float] {
      for opacity in [0, 0.2, 0.5] as [Float] {
        let expected = try [first, second].map {
          try batch.weightiest($0, share: share, opacity: opacity, pool: pool)
        }
        let found = try batch.weightiestRows(
          [first, second], share: share, opacity: opacity, pool: pool)
        #expect(found == Set(expected[0].kept + expected[1].kept).sorted())
        #expect(
          try batch.weightiestRows([second], share: share, opacity: opacity, pool: pool)
            == expected[1].kept)
      }
    }
    #expect(second.weights.count { $0 == 0 } > 100)
  }

  @Test("of another batch are refused")
  func refusal() throws {
    let (_, composited) = try rays([[0.6, 0.2, 0.1]] as [[Double]])
    let (other, _) = try rays([[0.6, 0.2]] as [[Double]])
    #expect(throws: ShapeError.self) { try other.weightiest(composited, pool: pool) }
    #expect(throws: ShapeError.self) { try other.weightiestRows([composited], pool: pool) }
  }
}
