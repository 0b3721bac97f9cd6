/// Random numbers of an occupancy update that a caller supplies instead of a seed.
public struct OccupancyDraws: Equatable, Sendable {
  /// Jitter in [0, 1) of every query: `[cascades, queries, 3]`, in query order.
  public var jitter: [Float]
  /// Partial update: the uniformly drawn cells, `[cascades, G³ / 4, 3]`.
  public var cells: [Int32]
  /// Partial update: positions in the ascending list of occupied cells, `[cascades, G³ / 4]`.
  public var occupiedPicks: [Int32]

  /// Wraps given draws; a full update uses the jitter alone.
  public init(jitter: [Float], cells: [Int32] = [], occupiedPicks: [Int32] = []) {
    self.jitter = jitter
    self.cells = cells
    self.occupiedPicks = occupiedPicks
  }
}

/// Where an occupancy update takes its random numbers from.
public enum OccupancyRandomness: Equatable, Sendable {
  /// From the library's generator; the stream is the number of the update.
  case seed(UInt64)
  /// Given numbers.
  case draws(OccupancyDraws)
}

extension OccupancyGrid {
  /// The constants of an update.
  public struct UpdateSettings: Equatable, Sendable {
    /// Factor on the old value before the maximum is taken.
    public var decay: Float = 0.95
    /// Upper limit of the threshold above which a cell is occupied, in 1 / scene unit.
    public var densityThreshold: Float = 10
    /// Factor on the density of the field.
    public var densityScale: Float = 1
    /// Positions per call of the density closure.
    public var batchSize = 1 << 18
    /// Whether every cell is visited; nil visits every cell in the first sixteen updates.
    public var full: Bool?

    /// The published constants.
    public init() {}
  }

  /// Samples the field in the cells and moves the grid towards what it finds.
  ///
  /// A full update queries every cell, x slowest and z fastest. A partial one queries, per cascade,
  /// `G³ / 4` cells drawn uniformly, then as many drawn among the cells with a value above 0 (none
  /// if there is no such cell); where a cell is drawn twice the later query counts. A query is at
  /// the cell's centre plus `(2u − 1) b_c / G` per axis. Then, with `s` the scaled density,
  ///
  ///     g ← max(decay · g, s)  where g ≥ 0 and s ≥ 0,
  ///     bit = g > min(mean(max(g, 0)), densityThreshold)
  ///
  /// so cells marked −1 stay, and cells without a query keep their value. The sample budget is
  /// settled and ``updateCount`` grows by one.
  ///
  /// - Parameters:
  ///   - randomness: A seed, or the draws themselves.
  ///   - settings: Constants of the update.
  ///   - density: Returns σ at positions given as x, y and z arrays, in 1 / scene unit.
  /// - Throws: ``ShapeError`` if given draws or returned densities have the wrong count,
  ///   ``ValueError`` for a drawn cell outside the grid, and whatever `density` throws; the grid is
  ///   then unchanged.
  public mutating func update(
    randomness: OccupancyRandomness, settings: UpdateSettings = UpdateSettings(),
    density: (_ positions: [[Float]]) throws -> [Float]
  ) throws {
    let full = settings.full ?? (updateCount < 16)
    var sampled = [Float](repeating: -1, count: cellCount)
    var jitterUsed = 0
    for cascade in 0..<cascades {
      let cells =
        full
        ? allCells(cascade: cascade)
        : try drawnCells(cascade: cascade, randomness: randomness)
      let half = halfSize(ofCascade: cascade) / Float(resolution)
      let jitter = try jitterSource(
        randomness, cascade: cascade, offset: jitterUsed, queries: cells.count)
      jitterUsed += 3 * cells.count
      let axis = (0..<resolution).map { center(ofCell: $0, cascade: cascade) }
      var start = 0
      while start < cells.count {
        let end = min(start + max(1, settings.batchSize), cells.count)
        var positions = [[Float]](repeating: [], count: 3)
        for component in 0..<3 { positions[component].reserveCapacity(end - start) }
        for query in start..<end {
          let cell = Morton.decode(Int(cells[query]))
          let u = jitter(query)
          for component in 0..<3 {
            positions[component].append(axis[cell[component]] + (2 * u[component] - 1) * half)
          }
        }
        let values = try density(positions)
        guard values.count == end - start else {
          throw ShapeError(
            in: "OccupancyGrid.update", "density", expected: [end - start],
            actual: [values.count], fix: "Return one density per position.")
        }
        let base = cascade * cellsPerCascade
        for (row, value) in values.enumerated() {
          sampled[base + Int(cells[start + row])] = value * settings.densityScale
        }
        start = end
      }
    }
    apply(sampled, settings: settings)
  }

  /// The Morton index of every cell, x slowest and z fastest.
  private func allCells(cascade: Int) -> [Int32] {
    var cells: [Int32] = []
    cells.reserveCapacity(cellsPerCascade)
    for x in 0..<resolution {
      for y in 0..<resolution {
        for z in 0..<resolution { cells.append(Int32(Morton.encode(x, y, z))) }
      }
    }
    return cells
  }

  private func drawnCells(cascade: Int, randomness: OccupancyRandomness) throws -> [Int32] {
    let base = cascade * cellsPerCascade
    let occupied = (0..<cellsPerCascade).filter { densities[base + $0] > 0 }
    let half = cellsPerCascade / 4
    var cells: [Int32] = []
    cells.reserveCapacity(2 * half)
    switch randomness {
    case .seed(let seed):
      let random = CounterRandom(seed: seed, purpose: .occupancy, stream: updateCount)
      // Indices below are disjoint from those of the jitter, which start at 0 (see jitterSource).
      let offset = (1 << 40) + cascade * 2 * half
      for draw in 0..<half {
        // Uniform over cells is uniform over Morton indices.
        cells.append(Int32(random.integer(at: offset + draw, below: cellsPerCascade)))
      }
      if !occupied.isEmpty {
        for draw in 0..<half {
          let pick = random.integer(at: offset + half + draw, below: occupied.count)
          cells.append(Int32(occupied[pick]))
        }
      }
    case .draws(let draws):
      guard draws.cells.count == cascades * half * 3 else {
        throw ShapeError(
          in: "OccupancyGrid.update", "draws.cells", expected: [cascades, half, 3],
          actual: [draws.cells.count], fix: "Pass a quarter of the cells per cascade.")
      }
      for draw in 0..<half {
        let at = 3 * (cascade * half + draw)
        let cell = (0..<3).map { Int(draws.cells[at + $0]) }
        guard cell.allSatisfy({ $0 >= 0 && $0 < resolution }) else {
          throw ValueError(
            in: "OccupancyGrid.update", "draws.cells[\(cascade), \(draw)]",
            expected: "0 ..< \(resolution) per axis", actual: "\(cell)",
            fix: "Pass cell coordinates, not positions.")
        }
        cells.append(Int32(Morton.encode(cell[0], cell[1], cell[2])))
      }
      guard !occupied.isEmpty else { break }
      guard draws.occupiedPicks.count == cascades * half else {
        throw ShapeError(
          in: "OccupancyGrid.update", "draws.occupiedPicks", expected: [cascades, half],
          actual: [draws.occupiedPicks.count], fix: "Pass a quarter of the cells per cascade.")
      }
      for draw in 0..<half {
        let pick = Int(draws.occupiedPicks[cascade * half + draw])
        guard pick >= 0, pick < occupied.count else {
          throw ValueError(
            in: "OccupancyGrid.update", "draws.occupiedPicks[\(cascade), \(draw)]",
            expected: "0 ..< \(occupied.count)", actual: "\(pick)",
            fix: "Pass positions in the list of cells above 0.")
        }
        cells.append(Int32(occupied[pick]))
      }
    }
    return cells
  }

  private func jitterSource(
    _ randomness: OccupancyRandomness, cascade: Int, offset: Int, queries: Int
  ) throws(ShapeError) -> (_ query: Int) -> SIMD3<Float> {
    switch randomness {
    case .seed(let seed):
      let random = CounterRandom(seed: seed, purpose: .occupancy, stream: updateCount)
      let base = cascade * cellsPerCascade
      return { query in
        let u = random.uniform4(at: base + query)
        return SIMD3(u.x, u.y, u.z)
      }
    case .draws(let draws):
      let jitter = draws.jitter
      guard jitter.count >= offset + 3 * queries else {
        throw ShapeError(
          in: "OccupancyGrid.update", "draws.jitter", expected: [offset / 3 + queries, 3],
          actual: [jitter.count], fix: "Pass three numbers per query.")
      }
      return { query in
        let at = offset + 3 * query
        return SIMD3(jitter[at], jitter[at + 1], jitter[at + 2])
      }
    }
  }

  private mutating func apply(_ sampled: [Float], settings: UpdateSettings) {
    var total = 0.0
    for cell in 0..<cellCount {
      let old = densities[cell]
      let new = sampled[cell]
      if old >= 0 && new >= 0 { densities[cell] = max(old * settings.decay, new) }
      if densities[cell] > 0 { total += Double(densities[cell]) }
    }
    meanDensity = Float(total / Double(cellCount))
    bits = Self.packBits(densities, threshold: min(meanDensity, settings.densityThreshold))
    marchStatistics.settle()
    updateCount += 1
  }
}
