/// Where a scene may have density: a pyramid of grids of running maxima and one bit per cell.
///
/// Cascade `c` covers `[−b_c, b_c]³` with `b_c = min(2^c, bound)`, so resolution halves with
/// distance. Cells are stored cascade by cascade in ``Morton`` order; bit `id mod 8` of byte
/// `id div 8` belongs to cell `id`. A ray skips cells whose bit is clear (Müller et al. 2022).
///
/// A value: assigning it to a student gives the student a grid of its own.
public struct OccupancyGrid: Equatable, Sendable {
  /// Half the edge of the scene cube B, in scene units.
  public let bound: Float
  /// Cells per axis G, a power of two in 2...1024.
  public let resolution: Int
  /// Number of cascades.
  public let cascades: Int
  /// Running maximum of the density per cell, `[cascades, G³]`; −1 where no camera looks.
  public internal(set) var densities: [Float]
  /// One bit per cell, lowest bit first.
  public internal(set) var bits: [UInt8]
  /// Mean over all cells of `max(density, 0)` at the last update.
  public internal(set) var meanDensity: Float = 0
  /// Number of updates so far; the first sixteen visit every cell.
  public var updateCount = 0
  /// Sizes of the latest marches and the sample budget that follows from them.
  public var marchStatistics = MarchStatistics()

  /// Cells of one cascade, G³.
  public var cellsPerCascade: Int { resolution * resolution * resolution }
  /// Cells of all cascades.
  public var cellCount: Int { cascades * cellsPerCascade }

  /// The number of cascades a scene needs: `max(1, 1 + ⌈log₂ bound⌉)`.
  public static func cascades(forBound bound: Float) -> Int {
    guard bound > 1, bound.isFinite else { return 1 }
    // For bound = m 2^e with m in [1, 2), the ceiling is e, or e + 1 when m > 1.
    return 1 + Int(bound.exponent) + (bound.significand > 1 ? 1 : 0)
  }

  /// An empty grid: densities 0, no bit set.
  ///
  /// - Throws: ``ValueError`` for a bound that is not positive and finite, a resolution that is no
  ///   power of two in 2...1024, or fewer than one cascade or more than 16.
  public init(bound: Float = 1, resolution: Int = 128, cascades: Int? = nil) throws(ValueError) {
    guard bound > 0, bound.isFinite else {
      throw ValueError(
        in: "OccupancyGrid.init", "bound", expected: "a positive number", actual: "\(bound)",
        fix: "Pass half the edge of the scene cube.")
    }
    guard (2...1024).contains(resolution), resolution & (resolution - 1) == 0 else {
      throw ValueError(
        in: "OccupancyGrid.init", "resolution", expected: "a power of two in 2...1024",
        actual: "\(resolution)", fix: "Morton order needs a power of two; 128 is usual.")
    }
    let levels = cascades ?? Self.cascades(forBound: bound)
    guard (1...16).contains(levels) else {
      throw ValueError(
        in: "OccupancyGrid.init", "cascades", expected: "1...16", actual: "\(levels)",
        fix: "Scale the scene down; each cascade doubles its size.")
    }
    self.bound = bound
    self.resolution = resolution
    self.cascades = levels
    let cells = levels * resolution * resolution * resolution
    self.densities = [Float](repeating: 0, count: cells)
    self.bits = [UInt8](repeating: 0, count: cells / 8)
  }

  /// Replaces densities and bits, for example by those of a checkpoint.
  ///
  /// - Throws: ``ShapeError`` unless there is a density per cell and a byte per eight cells.
  public mutating func load(
    densities: [Float]? = nil, bits: [UInt8]? = nil, meanDensity: Float? = nil
  ) throws(ShapeError) {
    if let densities, densities.count != cellCount {
      throw ShapeError(
        in: "OccupancyGrid.load", "densities", expected: [cascades, cellsPerCascade],
        actual: [densities.count], fix: "Pass one density per cell in Morton order.")
    }
    if let bits, bits.count != cellCount / 8 {
      throw ShapeError(
        in: "OccupancyGrid.load", "bits", expected: [cellCount / 8], actual: [bits.count],
        fix: "Pass one byte per eight cells.")
    }
    if let densities { self.densities = densities }
    if let bits { self.bits = bits }
    if let meanDensity { self.meanDensity = meanDensity }
  }

  /// Sets or clears every bit; a full grid makes a march visit every step.
  public mutating func fillBits(_ occupied: Bool) {
    bits = [UInt8](repeating: occupied ? 255 : 0, count: bits.count)
  }

  /// Half the edge of a cascade, `b_c = min(2^c, bound)`, in scene units.
  public func halfSize(ofCascade cascade: Int) -> Float {
    min(Float(sign: .plus, exponent: cascade, significand: 1), bound)
  }

  /// The centre coordinate of cell `i` along an axis: `(2 i / (G − 1) − 1) (b_c − b_c / G)`.
  public func center(ofCell index: Int, cascade: Int) -> Float {
    let half = halfSize(ofCascade: cascade)
    let unit = 2 * Float(index) / Float(resolution - 1) - 1
    return unit * (half - half / Float(resolution))
  }

  /// Whether the bit of a cell is set.
  ///
  /// - Parameters:
  ///   - cell: Coordinates in `0 ..< resolution`; anything else is empty.
  ///   - cascade: In `0 ..< cascades`; anything else is empty.
  public func isOccupied(cell: SIMD3<Int>, cascade: Int) -> Bool {
    guard cascade >= 0, cascade < cascades, cell.min() >= 0, cell.max() < resolution else {
      return false
    }
    let id = cascade * cellsPerCascade + Morton.encode(cell.x, cell.y, cell.z)
    return bits[id >> 3] >> (id & 7) & 1 == 1
  }

  /// Share of cells whose bit is set, in 0...1.
  public var occupiedFraction: Double {
    Double(bits.reduce(0) { $0 + $1.nonzeroBitCount }) / Double(cellCount)
  }

  /// One bit per value, lowest bit first: set where the value is strictly above the threshold.
  ///
  /// A count that is no multiple of eight leaves the highest bits of the last byte clear.
  public static func packBits(_ values: [Float], threshold: Float) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (values.count + 7) / 8)
    for (index, value) in values.enumerated() where value > threshold {
      bytes[index >> 3] |= 1 << UInt8(index & 7)
    }
    return bytes
  }
}

/// The sizes of the latest training marches, from which the released code sizes its buffers.
public struct MarchStatistics: Equatable, Sendable {
  /// Sixteen pairs (samples, rays), the oldest overwritten first: the buffer `step_counter`.
  public var pairs = [Int32](repeating: 0, count: 32)
  /// Marches recorded since the last ``settle()``.
  public var recorded = 0
  /// The sample budget of one march; 0 before the first update.
  public var meanCount = 0

  /// No marches yet.
  public init() {}

  /// Notes one march.
  public mutating func record(samples: Int, rays: Int) {
    let slot = recorded % 16
    pairs[2 * slot] = Int32(clamping: samples)
    pairs[2 * slot + 1] = Int32(clamping: rays)
    recorded += 1
  }

  /// Sets ``meanCount`` to the mean of the recorded marches, rounded down, and starts anew.
  ///
  /// Without a recorded march the budget stays.
  public mutating func settle() {
    let steps = min(16, recorded)
    if steps > 0 {
      meanCount = (0..<steps).reduce(0) { $0 + Int(pairs[2 * $1]) } / steps
    }
    recorded = 0
  }
}
