import Foundation
import NeRFCore
import TestSupport
import Testing

@Suite("Occupancy grid")
struct OccupancyGridTests {
  @Test("has the number of cascades the scene needs")
  func cascades() throws {
    let expected: [(Float, Int)] = [
      (0.25, 1), (0.5, 1), (1, 1), (1.01, 2), (2, 2), (2.5, 3), (4, 3), (4.5, 4), (16, 5),
    ]
    for (bound, cascades) in expected {
      #expect(OccupancyGrid.cascades(forBound: bound) == cascades)
      #expect(try OccupancyGrid(bound: bound, resolution: 2).cascades == cascades)
    }
  }

  @Test("packs bits from the lowest, strictly above the threshold")
  func packing() {
    #expect(OccupancyGrid.packBits([0, 3, 0, 0, 0, 0, 0, 3, 9], threshold: 2) == [0x82, 1])
    #expect(OccupancyGrid.packBits([1, 2, 3, .nan], threshold: 2) == [0b100])
  }

  /// A partial update of an 8³ grid by hand: given cells, the later of two draws counts.
  @Test("partial update decays only what it samples, and the later draw of a cell counts")
  func partialUpdate() throws {
    var grid = try OccupancyGrid(bound: 1, resolution: 2)
    try grid.load(densities: [4, 0, 8, -1, 0, 0, 0, 0])
    grid.updateCount = 16
    // Two uniform cells, (1,1,0) = Morton 3 and (1,0,0) = 1, then the occupied 0 and 0 again.
    let draws = OccupancyDraws(
      jitter: [Float](repeating: 0.5, count: 12), cells: [1, 1, 0, 1, 0, 0],
      occupiedPicks: [0, 0])
    var settings = OccupancyGrid.UpdateSettings()
    settings.decay = 0.5
    var seen: [[Float]] = []
    try grid.update(randomness: .draws(draws), settings: settings) { positions in
      seen = positions
      return [7, 6, 5, 1]
    }
    #expect(seen == [[0.5, 0.5, -0.5, -0.5], [0.5, -0.5, -0.5, -0.5], [-0.5, -0.5, -0.5, -0.5]])
    #expect(grid.densities == [2, 6, 8, -1, 0, 0, 0, 0])
    #expect(grid.meanDensity == 2)
    #expect(grid.bits == [0b110])
  }

  @Test("partial update of a grid without density skips the occupied half")
  func emptyPartialUpdate() throws {
    var grid = try OccupancyGrid(bound: 2, resolution: 4)
    grid.updateCount = 16
    var queries = 0
    try grid.update(randomness: .seed(1)) { positions in
      queries += positions[0].count
      return [Float](repeating: 3, count: positions[0].count)
    }
    #expect(queries == 2 * 64 / 4)
    #expect(grid.densities.contains(3) && grid.densities.contains(0))
  }

  @Test("update keeps cells that no camera sees, and ignores densities that are not numbers")
  func keepsUntrained() throws {
    var grid = try OccupancyGrid(resolution: 4)
    var densities = [Float](repeating: 1, count: 64)
    for cell in stride(from: 0, to: 64, by: 3) { densities[cell] = -1 }
    try grid.load(densities: densities)
    try grid.update(randomness: .seed(1)) { [Float](repeating: 5, count: $0[0].count) }
    for cell in 0..<64 { #expect(grid.densities[cell] == (cell % 3 == 0 ? -1 : 5)) }
    let before = grid.densities
    try grid.update(randomness: .seed(1)) { [Float](repeating: .nan, count: $0[0].count) }
    #expect(grid.densities == before)
  }

  @Test("queries stay inside their cells and differ between updates")
  func jitterStaysInside() throws {
    var grid = try OccupancyGrid(resolution: 8)
    let centers = (0..<8).map { grid.center(ofCell: $0, cascade: 0) }
    var first: [[Float]] = []
    for update in 0..<2 {
      try grid.update(randomness: .seed(9)) { positions in
        var row = 0
        for x in 0..<8 {
          for y in 0..<8 {
            for z in 0..<8 {
              for (axis, cell) in [x, y, z].enumerated() {
                let offset = positions[axis][row] - centers[cell]
                #expect(abs(offset) <= 0.125 * 1.00001)
              }
              row += 1
            }
          }
        }
        if update == 0 { first = positions } else { #expect(positions != first) }
        return [Float](repeating: 0, count: row)
      }
    }
  }

  @Test("a failed update leaves the grid as it was")
  func failedUpdate() throws {
    var grid = try OccupancyGrid(resolution: 4)
    let before = grid
    #expect(throws: ShapeError.self) { try grid.update(randomness: .seed(1)) { _ in [1] } }
    #expect(throws: ShapeError.self) {
      try grid.update(randomness: .draws(OccupancyDraws(jitter: []))) { $0[0] }
    }
    grid.updateCount = 16
    #expect(throws: ShapeError.self) {
      try grid.update(randomness: .draws(OccupancyDraws(jitter: []))) { $0[0] }
    }
    let outside = OccupancyDraws(jitter: [], cells: [Int32](repeating: 4, count: 48))
    #expect(throws: ValueError.self) {
      try grid.update(randomness: .draws(outside)) { $0[0] }
    }
    grid.updateCount = 0
    #expect(grid == before)
  }

  @Test("refuses impossible sizes")
  func badSizes() {
    #expect(throws: ValueError.self) { try OccupancyGrid(bound: 0) }
    #expect(throws: ValueError.self) { try OccupancyGrid(bound: .nan) }
    #expect(throws: ValueError.self) { try OccupancyGrid(resolution: 100) }
    #expect(throws: ValueError.self) { try OccupancyGrid(bound: 1e9) }
    #expect(throws: ShapeError.self) {
      var grid = try OccupancyGrid(resolution: 4)
      try grid.load(bits: [0])
    }
  }

  @Test("a copy is independent, and single bits can be asked for")
  func valueSemantics() throws {
    var grid = try OccupancyGrid(resolution: 4)
    let student = grid
    grid.fillBits(true)
    #expect(grid.isOccupied(cell: SIMD3(3, 0, 2), cascade: 0))
    #expect(!grid.isOccupied(cell: SIMD3(4, 0, 2), cascade: 0))
    #expect(!grid.isOccupied(cell: SIMD3(0, 0, 0), cascade: 1))
    #expect(!student.isOccupied(cell: SIMD3(3, 0, 2), cascade: 0))
    #expect(grid.occupiedFraction == 1 && student.occupiedFraction == 0)
  }

  @Test("march statistics forget all but sixteen marches")
  func statistics() {
    var statistics = MarchStatistics()
    for march in 0..<20 { statistics.record(samples: march, rays: 1) }
    statistics.settle()
    // 16, 17, 18, 19 have replaced 0, 1, 2, 3: (4 + … + 19) / 16 = 11.5.
    #expect(statistics.meanCount == 11)
    statistics.settle()
    #expect(statistics.meanCount == 11)
  }
}
