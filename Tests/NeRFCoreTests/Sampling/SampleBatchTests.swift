import NeRFCore
import TestSupport
import Testing

@Suite("Sample batch")
struct SampleBatchTests {
  @Test("pruning keeps the first samples of each ray", arguments: [1, 3])
  func pruning(threads: Int) throws {
    let grid = try MarchFixtures.grid()
    let rays = try MarchFixtures.rays(1100, seed: 3)
    let batch = try grid.march(
      rays, intervals: MarchFixtures.intervals(rays, grid), pool: WorkerPool(threads: 1)
    ).samples
    let counts = batch.spans.indices.map { $0 % 4 == 3 ? 1000 : $0 % 4 * 5 - 1 }
    let pruned = try batch.pruned(keeping: counts, pool: WorkerPool(threads: threads))
    var next = 0
    for (ray, span) in batch.spans.enumerated() {
      let kept = max(0, min(span.count, counts[ray]))
      #expect(pruned.spans[ray].count == kept)
      for sample in 0..<kept {
        #expect(
          pruned.positions.map { $0[next] } == batch.positions.map { $0[span.offset + sample] })
        #expect(
          pruned.directions.map { $0[next] } == batch.directions.map { $0[span.offset + sample] })
        #expect(pruned.deltas[next] == batch.deltas[span.offset + sample])
        #expect(pruned.gaps[next] == batch.gaps[span.offset + sample])
        next += 1
      }
    }
    #expect(pruned.count == next && next > 0)
    #expect(throws: ShapeError.self) {
      try batch.pruned(keeping: [1], pool: WorkerPool(threads: 1))
    }
  }

  @Test("visible samples end with the one that hides the rest")
  func visible() throws {
    let batch = try MarchFixtures.batch(
      deltas: [[1, 1, 1, 1], [], [0.5, 0.5]], gaps: [[1, 1, 1, 1], [], [0.5, 0.5]])
    let densities: [Double] = [1, 1, 1, 1, 9, 9]
    func counts(_ threshold: Double) throws -> [Int] {
      try batch.visibleSampleCounts(
        densities: densities.span, untilTransmittanceBelow: threshold, pool: WorkerPool(threads: 2))
    }
    // exp(−2) = 0.135, exp(−3) = 0.0498, exp(−4.5) = 0.011.
    #expect(try counts(0.1) == [3, 0, 1])
    #expect(try counts(0.2) == [2, 0, 1])
    #expect(try counts(0.001) == [4, 0, 2])
    #expect(try counts(0) == [4, 0, 2])
    #expect(try counts(2) == [1, 0, 1])
  }

  @Test("refuses rows of different lengths and rays out of order")
  func invariants() {
    let zero: [[Float]] = [[0, 0], [0, 0], [0, 0]]
    #expect(throws: ShapeError.self) {
      try SampleBatch(
        positions: zero, directions: zero, deltas: [0, 0], gaps: [0], spans: [])
    }
    #expect(throws: ShapeError.self) {
      try SampleBatch(
        positions: zero, directions: zero, deltas: [0, 0], gaps: [0, 0],
        spans: [RaySpan(offset: 1, count: 1)])
    }
    #expect(throws: ShapeError.self) {
      try SampleBatch(
        positions: zero, directions: zero, deltas: [0, 0], gaps: [0, 0],
        spans: [RaySpan(offset: 0, count: 3)])
    }
  }
}
