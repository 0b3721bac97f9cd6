import NeRFCore
import TestSupport
import Testing

@Suite("Training march")
struct TrainingMarchTests {
  private let pool = WorkerPool(threads: 1)

  /// The march as it is defined, one ray at a time, with the face formula written out.
  private func definition(
    _ grid: OccupancyGrid, _ o: SIMD3<Float>, _ d: SIMD3<Float>, near: Float, far: Float,
    settings: MarchSettings
  ) -> [Float] {
    let count = Float(grid.resolution)
    let smallest = 2 * Float(3).squareRoot() / Float(settings.maximumSteps)
    let largest = 2 * Float(3).squareRoot() * Float(1 << (grid.cascades - 1)) / count
    func clamp(_ v: Float, _ a: Float, _ b: Float) -> Float { min(b, max(a, v)) }
    func exponent(_ v: Float) -> Int { v == 0 ? 0 : Int(v.exponent) + 1 }
    func cascade(_ v: Float) -> Int { max(0, min(grid.cascades - 1, exponent(v))) }
    func step(_ t: Float) -> Float { clamp(t * settings.stepGrowth, smallest, largest) }
    var t = near
    var times: [Float] = []
    while t < far && times.count < settings.maximumSteps {
      var p = SIMD3<Float>()
      for axis in 0..<3 { p[axis] = clamp(o[axis] + t * d[axis], -grid.bound, grid.bound) }
      let level = max(
        cascade(max(abs(p.x), abs(p.y), abs(p.z))), cascade(step(t) * count / 2))
      let size = grid.halfSize(ofCascade: level)
      let reciprocal = 1 / size
      var cell = SIMD3<Int>()
      var way = Float.infinity
      for axis in 0..<3 {
        let index = Int(clamp(0.5 * (p[axis] * reciprocal + 1) * count, 0, count - 1))
        cell[axis] = index
        let sign: Float = d[axis].sign == .minus ? -1 : 1
        let face = ((Float(index) + 0.5 + 0.5 * sign) * (1 / count) * 2 - 1) * size
        let distance = (face - p[axis]) * (1 / d[axis])
        if !distance.isNaN { way = min(way, distance) }
      }
      if grid.isOccupied(cell: cell, cascade: level) {
        times.append(t)
        t += step(t)
      } else {
        let target = t + max(0, way)
        repeat { t += step(t) } while t < target
      }
    }
    return times
  }

  @Test(
    "has exactly the samples of the definition, whatever is skipped",
    arguments: [
      (Float(1), Float(0), 64, 0), (1, 0, 64, 1), (1, 0, 16, 2), (1, 0, 8, 3), (0.7, 0, 32, 4),
      (2, 0, 32, 5), (3, 0.01, 32, 6), (1, 0.02, 64, 7), (4, 0.004, 16, 8),
    ])
  func definition(bound: Float, growth: Float, resolution: Int, seed: UInt64) throws {
    let noise: Double? = seed % 2 == 0 ? nil : resolution < 64 ? 0.05 : 0.01
    let grid = try MarchFixtures.grid(
      bound: bound, resolution: resolution, noise: noise, seed: seed)
    let rays = try MarchFixtures.rays(300, seed: seed, radius: 3 * bound)
    let intervals = MarchFixtures.intervals(rays, grid)
    let settings = MarchSettings(maximumSteps: seed == 2 ? 100 : 512, stepGrowth: growth)
    let march = try grid.march(rays, intervals: intervals, settings: settings, pool: pool)
    #expect(march.samples.count > 100)
    for ray in 0..<rays.count {
      let (o, d) = rays[ray]
      let times = definition(
        grid, o, d, near: intervals.near[ray], far: intervals.far[ray], settings: settings)
      let span = march.samples.spans[ray]
      #expect(span.count == times.count, "ray \(ray)")
      for (sample, t) in times.enumerated().prefix(span.count) {
        let x = min(bound, max(-bound, o.x + t * d.x))
        #expect(march.samples.positions[0][span.offset + sample] == x, "ray \(ray)")
      }
    }
  }

  /// Noise of single cells makes many entries from empty space, among them some close to faces.
  @Test("skips blocks without changing a bit", arguments: 0..<6)
  func blocks(seed: UInt64) throws {
    let grid = try MarchFixtures.grid(
      resolution: 128, noise: [0.0001, 0.001, 0.02][Int(seed % 3)], seed: seed)
    let rays = try MarchFixtures.rays(6000, seed: seed)
    let intervals = MarchFixtures.intervals(rays, grid)
    let jitter = MarchJitter.random(seed: seed, step: 3)
    var plain = MarchSettings()
    plain.skipsOnlyCells = true
    let cells = try grid.march(
      rays, intervals: intervals, settings: plain, jitter: jitter, pool: pool)
    let blocks = try grid.march(rays, intervals: intervals, jitter: jitter, pool: pool)
    #expect(cells.samples.count > 100)
    #expect(MarchFixtures.haveSameBits(cells.samples, blocks.samples))
  }

  /// Starts are chosen so that a step ends within a few roundings of the face of an occupied slab:
  /// there the definition sometimes jumps past the first sample.
  @Test("skips blocks without changing a bit where steps end on a face", arguments: 0..<4)
  func blocksAtFaces(seed: UInt64) throws {
    var grid = try OccupancyGrid(resolution: 64)
    let cells = (0..<grid.cellCount).map { Morton.decode($0).z >= 40 ? Float(1) : 0 }
    try grid.load(bits: OccupancyGrid.packBits(cells, threshold: 0.5))
    let face: Float = 2 * 40 / 64 - 1
    var random = SplitMix64(seed: seed)
    var origins: [Float] = []
    var directions: [Float] = []
    var near: [Float] = []
    for _ in 0..<4000 {
      let slope = random.floats(2, in: -0.2...0.2)
      let length = (slope[0] * slope[0] + slope[1] * slope[1] + 1).squareRoot()
      origins += [0, 0, -1.5]
      directions += [slope[0] / length, slope[1] / length, 1 / length]
      let crossing = (face + 1.5) * length
      let steps = Float(Int.random(in: 20...200, using: &random))
      let offset = Float(Int.random(in: -6...6, using: &random))
      near.append(crossing - steps * MarchSettings().smallestStep + offset * 0x1p-23)
    }
    let rays = try RayBatch(originRows: origins, directionRows: directions)
    let intervals = try RayIntervals(near: near, far: near.map { $0 + 0.9 })
    var plain = MarchSettings()
    plain.skipsOnlyCells = true
    let literal = try grid.march(rays, intervals: intervals, settings: plain, pool: pool)
    let blocks = try grid.march(rays, intervals: intervals, pool: pool)
    #expect(MarchFixtures.haveSameBits(literal.samples, blocks.samples))
  }

  @Test("gives the same bits for any number of threads", arguments: [2, 3])
  func threads(count: Int) throws {
    let grid = try MarchFixtures.grid()
    let rays = try MarchFixtures.rays(1000, seed: 4)
    let intervals = MarchFixtures.intervals(rays, grid)
    for jitter in [MarchJitter.fixedPCG32, .random(seed: 1, step: 7)] {
      let one = try grid.march(rays, intervals: intervals, jitter: jitter, pool: pool)
      let many = try grid.march(
        rays, intervals: intervals, jitter: jitter, pool: WorkerPool(threads: count))
      #expect(MarchFixtures.haveSameBits(one.samples, many.samples))
    }
  }

  @Test("of an empty grid has no samples, of a full grid one per step")
  func emptyAndFull() throws {
    var grid = try OccupancyGrid(resolution: 32)
    let rays = try RayBatch<Float>(originRows: [0, 0, -2], directionRows: [0, 0, 1])
    let intervals = MarchFixtures.intervals(rays, grid)
    let none = try grid.march(rays, intervals: intervals, pool: pool)
    #expect(none.samples.count == 0 && none.samples.spans == [RaySpan(offset: 0, count: 0)])
    grid.fillBits(true)
    let all = try grid.march(rays, intervals: intervals, pool: pool)
    // The way through the cube is 2; 2 / δ = 591.2, and the last step begins inside.
    #expect(all.samples.count == 592)
    #expect(all.samples.deltas.allSatisfy { $0 == MarchSettings().smallestStep })
    // Gaps are differences of distances around 2: δ up to half an ulp of 4.
    for gap in all.samples.gaps {
      #expect(gap.isClose(to: MarchSettings().smallestStep, .single, scale: 4))
    }
    let few = try grid.march(
      rays, intervals: intervals, settings: MarchSettings(maximumSteps: 64), pool: pool)
    #expect(few.samples.count <= 64)
  }

  @Test("survives rays that are not numbers, have no direction, or go on for ever")
  func degenerateRays() throws {
    for bound in [Float(1), 2] {
      var grid = try OccupancyGrid(bound: bound, resolution: 16)
      let bad: Float = .nan
      let rays = try RayBatch<Float>(
        originRows: [bad, 0, 0, 0, 0, 0, 0.1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 3e38, 0, 0],
        directionRows: [0, 0, 1, bad, 0, 1, 0, 0, 0, 0, 0, 1, -1, 0, 0, .infinity, 0, 0, 1, 0, 0])
      let far: [Float] = [3, 3, 3, .infinity, 3, 3, .infinity]
      let intervals = try RayIntervals(near: [Float](repeating: 0.2, count: 7), far: far)
      for occupied in [false, true] {
        grid.fillBits(occupied)
        let march = try grid.march(rays, intervals: intervals, pool: pool)
        #expect(march.samples.positions.allSatisfy { $0.allSatisfy { abs($0) <= bound } })
        #expect(march.samples.rayCount == 7)
      }
      let never = try RayIntervals<Float>(
        near: [Float](repeating: .nan, count: 7), far: [Float](repeating: .nan, count: 7))
      #expect(try grid.march(rays, intervals: never, pool: pool).samples.count == 0)
      let missed = RayIntervals<Float>.missed
      let outside = try RayIntervals<Float>(
        near: [Float](repeating: missed, count: 7), far: [Float](repeating: missed, count: 7))
      #expect(try grid.march(rays, intervals: outside, pool: pool).samples.count == 0)
    }
  }

  @Test("of no rays is empty")
  func noRays() throws {
    let grid = try OccupancyGrid(resolution: 16)
    let rays = try RayBatch<Float>(origins: [[], [], []], directions: [[], [], []])
    let march = try grid.march(
      rays, intervals: MarchFixtures.intervals(rays, grid), jitter: .fixedPCG32, pool: pool)
    #expect(march.samples.count == 0 && march.samples.rayCount == 0 && march.requestedCount == 0)
  }

  @Test("with the released budget drops the ray that ends at the border, and all behind it")
  func budget() throws {
    var grid = try OccupancyGrid(resolution: 16)
    grid.fillBits(true)
    let rays = try RayBatch<Float>(
      originRows: [Float](repeating: 0, count: 12),
      directionRows: [Float](repeating: 0, count: 4).flatMap { _ in [Float(0), 0, 1] })
    let step = MarchSettings().smallestStep
    // Ends in the middle of a step, so that rounding of t cannot change the counts 32, 32, 64, 3.
    let far = [31.5, 31.5, 63.5, 2.5].map { 0.25 + Float($0) * step }
    let intervals = try RayIntervals(near: [Float](repeating: 0.25, count: 4), far: far)
    func march(_ budget: PointBudget) throws -> TrainingMarch {
      try grid.march(rays, intervals: intervals, budget: budget, pool: pool)
    }
    let full = try march(.original(meanCount: 100, alignment: 32))
    // 100 + (32 − 4) = 128 rows; the third ray ends at row 128, which is not below 128.
    #expect(full.samples.count == 128)
    #expect(full.samples.spans.map(\.count) == [32, 32, 0, 0])
    #expect(full.requested.map(\.count) == [32, 32, 64, 3])
    #expect(full.requestedCount == 131 && full.droppedRayCount == 2)
    #expect(full.samples.usedCount == 64)
    #expect(MarchFixtures.bits(full.samples).allSatisfy { $0[64...].allSatisfy { $0 == 0 } })
    // A multiple of the alignment gains a whole one.
    #expect(try march(.original(meanCount: 128, alignment: 32)).samples.count == 160)
    #expect(
      try march(.original(meanCount: 100, forceAllRays: true, alignment: 32)).samples.count == 160)
    #expect(
      try march(.original(meanCount: 0, alignment: 32)).samples.spans.map(\.count) == [
        32, 32, 64, 3,
      ])
    #expect(try march(.unlimited).samples.count == 131)
  }

  @Test("jitter moves the start by a share of the smallest step")
  func jitter() throws {
    var grid = try OccupancyGrid(resolution: 16)
    grid.fillBits(true)
    let rays = try MarchFixtures.rays(5, seed: 2, radius: 0.5)
    let near = [Float](repeating: 0.25, count: rays.count)
    let intervals = try RayIntervals(near: near, far: near.map { $0 + 0.1 })
    let step = MarchSettings().smallestStep
    let given: [Float] = (0..<rays.count).map { Float($0) / 8 }
    let march = try grid.march(rays, intervals: intervals, jitter: .given(given), pool: pool)
    #expect(march.starts == given.map { 0.25 + step * $0 })
    let fixed = try grid.march(rays, intervals: intervals, jitter: .fixedPCG32, pool: pool)
    #expect(fixed.starts[1] == 0.25 + step * 0.8965381384)
    let random = try [1, 1, 2].map { number in
      try grid.march(
        rays, intervals: intervals, jitter: .random(seed: 5, step: number), pool: pool
      ).starts
    }
    #expect(random[0] == random[1] && random[0] != random[2])
  }

  @Test("refuses intervals or jitter of another count")
  func shapes() throws {
    let grid = try OccupancyGrid(resolution: 16)
    let rays = try MarchFixtures.rays(3, seed: 2)
    let one = try RayIntervals<Float>(near: [0], far: [1])
    #expect(throws: ShapeError.self) { try grid.march(rays, intervals: one, pool: pool) }
    let intervals = MarchFixtures.intervals(rays, grid)
    #expect(throws: ShapeError.self) {
      try grid.march(rays, intervals: intervals, jitter: .given([0]), pool: pool)
    }
  }
}
