import Foundation
import NeRFCore
import TestSupport

/// Scenes and helpers shared by the tests of marching and rendering.
enum MarchFixtures {
  /// Rays from a sphere around the scene towards points in it, some of them parallel to an axis.
  static func rays(_ count: Int, seed: UInt64, radius: Float = 3) throws -> RayBatch<Float> {
    var random = SplitMix64(seed: seed)
    var origins: [Float] = []
    var directions: [Float] = []
    for ray in 0..<count {
      let target = random.floats(3, in: -0.8...0.8)
      var way = random.floats(3, in: -1...1)
      if ray % 7 == 0 { way[ray % 3] = 0 }
      if ray % 11 == 0 {
        way[ray % 3] = 0
        way[(ray + 1) % 3] = 0
      }
      let length = (way[0] * way[0] + way[1] * way[1] + way[2] * way[2]).squareRoot()
      guard length > 0.01 else { continue }
      for axis in 0..<3 {
        origins.append(target[axis] - radius * way[axis] / length)
        directions.append(way[axis] / length)
      }
    }
    return try RayBatch(originRows: origins, directionRows: directions)
  }

  /// A grid whose bits are those of a few boxes and a shell, or noise of a given density.
  static func grid(
    bound: Float = 1, resolution: Int = 64, noise: Double? = nil, seed: UInt64 = 1
  ) throws -> OccupancyGrid {
    var grid = try OccupancyGrid(bound: bound, resolution: resolution)
    var random = SplitMix64(seed: seed)
    var settings = OccupancyGrid.UpdateSettings()
    settings.full = true
    try grid.update(randomness: .seed(seed), settings: settings) { p in
      p[0].indices.map { i in
        if let noise { return Double.random(in: 0..<1, using: &random) < noise ? 50 : 0 }
        let square = p[0][i] * p[0][i] + p[1][i] * p[1][i] + p[2][i] * p[2][i]
        let slab = abs(p[1][i] + 0.3) < 0.08 && abs(p[0][i]) < 0.6
        return slab || (square < 0.16 && square > 0.12) ? 50 : 0
      }
    }
    return grid
  }

  /// The intervals of rays in the cube of a grid.
  static func intervals(_ rays: RayBatch<Float>, _ grid: OccupancyGrid) -> RayIntervals<Float> {
    rays.intervals(in: AxisAlignedBox(halfSize: Double(grid.bound)), minimumNear: 0.2)
  }

  /// Everything a march returns, as bits.
  static func bits(_ batch: SampleBatch) -> [[UInt32]] {
    (batch.positions + batch.directions + [batch.deltas, batch.gaps]).map { $0.map(\.bitPattern) }
  }

  /// Whether two batches agree to the bit; a truth value, because printing the rows takes minutes.
  static func haveSameBits(_ a: SampleBatch, _ b: SampleBatch) -> Bool {
    a.spans == b.spans && bits(a) == bits(b)
  }

  /// A batch of given intervals, one ray after another; positions and directions are zero.
  static func batch(deltas: [[Float]], gaps: [[Float]]) throws -> SampleBatch {
    var offset = 0
    let spans = deltas.map { ray in
      defer { offset += ray.count }
      return RaySpan(offset: offset, count: ray.count)
    }
    let zeros = [[Float]](repeating: [Float](repeating: 0, count: offset), count: 3)
    return try SampleBatch(
      positions: zeros, directions: zeros, deltas: deltas.flatMap { $0 },
      gaps: gaps.flatMap { $0 }, spans: spans)
  }
}
