import GoldenKit
import NeRFCore

/// `morton3D`: cell coordinates to Morton order and back.
enum MortonAnswer: OperationAnswer {
  static let operation = "morton3D"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let coordinates = try call.integers("in.coords")
    guard coordinates.count % 3 == 0,
      coordinates.allSatisfy({ (0...Morton.largestCoordinate).contains($0) })
    else {
      throw GoldenError(
        "\(call.caseName): `in.coords` is not made of cells in 0...\(Morton.largestCoordinate).")
    }
    let cells = GoldenColumns.split(coordinates, 3)
    let indices = cells[0].indices.map { Morton.encode(cells[0][$0], cells[1][$0], cells[2][$0]) }
    var result = OperationResult(call)
    try result.set("out.indices", indices)
    try result.set(
      "out.coords_back", indices.flatMap { index in (0..<3).map { Morton.decode(index)[$0] } })
    return result
  }
}

/// `packbits`: one bit a cell, set strictly above the threshold.
enum PackBitsAnswer: OperationAnswer {
  static let operation = "packbits"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let grid = try call.floats("in.grid")
    guard grid.count % 8 == 0 else {
      throw GoldenError("\(call.caseName): `in.grid` does not fill whole bytes.")
    }
    let bytes = OccupancyGrid.packBits(grid, threshold: try call.config.float("density_thresh"))
    var result = OperationResult(call)
    try result.set("out.bitfield", bytes.map(Int.init))
    return result
  }
}

/// `density_grid_update`: one update with recorded draws and field values, single precision by
/// definition.
enum OccupancyUpdateAnswer: OperationAnswer {
  static let operation = "density_grid_update"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let config = call.config
    var grid = try call.emptyGrid()
    try grid.load(densities: call.floats("in.density_grid"))
    grid.updateCount = try config.int("iter_density")
    grid.marchStatistics.pairs = try call.integers("in.step_counter").map(Int32.init)
    grid.marchStatistics.recorded = try config.int("local_step")
    var settings = OccupancyGrid.UpdateSettings()
    settings.decay = try config.float("decay")
    settings.densityThreshold = try config.float("density_thresh")
    settings.densityScale = try config.float("density_scale")
    var draws = OccupancyDraws(jitter: try call.floats("in.noise"))
    if try config.string("mode") == "partial" {
      draws.cells = try call.integers("in.rand_coords").map(Int32.init)
      draws.occupiedPicks = try call.integers("in.rand_occ_pick").map(Int32.init)
    }
    let sigmas = try call.floats("in.query_sigmas")
    var queried: [Float] = []
    var answered = 0
    try grid.update(randomness: .draws(draws), settings: settings) { positions in
      let count = positions[0].count
      queried += GoldenColumns.join(positions)
      defer { answered += count }
      // A case with too few values gets cells without density, and then differs.
      return (answered..<answered + count).map { $0 < sigmas.count ? sigmas[$0] : -1 }
    }
    var result = OperationResult(call)
    try result.set("aux.query_xyzs", queried)
    try result.set("out.density_grid", grid.densities)
    try result.set("out.density_bitfield", grid.bits.map(Int.init))
    try result.set("out.mean_count", [grid.marchStatistics.meanCount])
    try result.set("out.mean_density", [grid.meanDensity])
    return result
  }
}

/// `mark_untrained_grid`: cells that no camera sees become −1.
enum MarkUntrainedAnswer: OperationAnswer {
  static let operation = "mark_untrained_grid"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let intrinsics = try call.intrinsics()
    // The test asks for the principal point only; the images' size does not enter.
    let cameras = try call.poses().map {
      Camera(pose: $0, intrinsics: intrinsics, width: 1, height: 1)
    }
    var grid = try call.emptyGrid()
    let start = try call.config.float("start_value")
    try grid.load(densities: [Float](repeating: start, count: grid.cellCount))
    grid.markUntrained(cameras: cameras, pool: pool)
    var result = OperationResult(call)
    try result.set("out.density_grid", grid.densities)
    return result
  }
}
