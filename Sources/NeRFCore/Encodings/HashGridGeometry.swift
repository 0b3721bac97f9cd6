import RealModule

/// Sizes, scales and indexing of a multiresolution hash grid, without its table.
///
/// Instant-NGP (Müller et al. 2022) in the form PVD uses. Level `l` has a scale
///
///     s_l = exp2(l·S)·N_min − 1,    S = float32(log2 b),    b = (desired / N_min)^(1/(L−1))
///
/// where the product l·S and the power of two are each rounded to single precision, in every
/// precision of the run, because the level scales are part of the definition. A point u of the unit
/// cube lies at p = u·s_l + ½ (without the ½ if corners are aligned); its cell is ⌊p⌋.
public struct HashGridGeometry: Equatable, Sendable {
  /// How corners become table rows once a level has more corners than rows.
  public enum Indexing: String, Sendable, Codable {
    /// Exclusive-or of the coordinates times primes.
    case hash
    /// The strided index, wrapped.
    case tiled
  }

  /// One level.
  public struct Level: Equatable, Sendable {
    /// exp2(l·S) as rounded to single precision; the scale is this times N_min, minus 1.
    public let growth: Float
    /// Cells per axis, `⌈s_l⌉ + 1`.
    public let resolution: Int
    /// First row in the table.
    public let offset: Int
    /// Rows of this level, a multiple of 8.
    public let rows: Int
    /// Whether corners are hashed.
    public let isHashed: Bool
    /// Corners per axis used for strided indices.
    public let side: Int
    /// Axes that enter a strided index; the loop stops once the stride exceeds the rows.
    public let stridedAxes: Int
  }

  /// Coordinates of a point: 2 or 3.
  public let dimensions: Int
  /// Features per table row: 1, 2, 4 or 8.
  public let features: Int
  /// N_min.
  public let baseResolution: Int
  /// Whether corners are hashed or wrapped.
  public let indexing: Indexing
  /// Whether the outermost samples lie on corners (no ½ in the position).
  public let alignCorners: Bool
  /// Growth factor b per level.
  public let perLevelScale: Double
  /// The levels, coarsest first.
  public let levels: [Level]

  /// Rows of the table, all levels.
  public var rowCount: Int { levels.last.map { $0.offset + $0.rows } ?? 0 }
  /// Rows of the encoded output: levels times features.
  public var outputCount: Int { levels.count * features }

  /// - Parameters:
  ///   - levelCount: L, at least 1.
  ///   - log2TableSize: Cap of the rows per level, as a power of two.
  ///   - desiredResolution: Finest resolution asked for; 2048 times the bound in PVD.
  public init(
    dimensions: Int = 3, levelCount: Int = 14, features: Int = 2, baseResolution: Int = 16,
    log2TableSize: Int = 19, desiredResolution: Double, indexing: Indexing = .hash,
    alignCorners: Bool = false
  ) {
    let growth =
      levelCount > 1
      ? Double.exp2(
        Double.log2(desiredResolution / Double(baseResolution)) / Double(levelCount - 1))
      : 1
    self.init(
      dimensions: dimensions, levelCount: levelCount, features: features,
      baseResolution: baseResolution, log2TableSize: log2TableSize, perLevelScale: growth,
      indexing: indexing, alignCorners: alignCorners)
  }

  /// The same with the growth factor b given instead of the finest resolution.
  public init(
    dimensions: Int = 3, levelCount: Int, features: Int, baseResolution: Int, log2TableSize: Int,
    perLevelScale: Double, indexing: Indexing = .hash, alignCorners: Bool = false
  ) {
    precondition((2...3).contains(dimensions), "HashGridGeometry: \(dimensions) dimensions")
    precondition([1, 2, 4, 8].contains(features), "HashGridGeometry: \(features) features")
    self.dimensions = dimensions
    self.features = features
    self.baseResolution = baseResolution
    self.indexing = indexing
    self.alignCorners = alignCorners
    self.perLevelScale = perLevelScale
    let logarithm = Float(Double.log2(perLevelScale))
    let cap = Double(1 << log2TableSize)
    var levels: [Level] = []
    var offset = 0
    for index in 0..<levelCount {
      // Table sizes come from double precision, the look-up geometry from single precision.
      let asked = (Double(baseResolution) * Double.pow(perLevelScale, Double(index))).rounded(.up)
      let edge = alignCorners ? asked : asked + 1
      let wanted = min(cap, Double.pow(edge, Double(dimensions)))
      let rows = Int((wanted / 8).rounded(.up)) * 8
      let growth = Float(Double.exp2(Double(Float(index) * logarithm)))
      let scale = growth * Float(baseResolution) - 1
      let resolution = Int(scale.rounded(.up)) + 1
      let side = alignCorners ? resolution : resolution + 1
      var stride = 1
      var axes = 0
      while axes < dimensions && stride <= rows {
        stride *= side
        axes += 1
      }
      levels.append(
        Level(
          growth: growth, resolution: resolution, offset: offset, rows: rows,
          isHashed: stride > rows && indexing == .hash, side: side, stridedAxes: axes))
      offset += rows
    }
    self.levels = levels
  }

  /// The level's scale s_l in the precision of the run.
  public func scale<T: RadianceScalar>(of level: Int, as type: T.Type = T.self) -> T {
    T(levels[level].growth) * T(baseResolution) - 1
  }

  /// Added to a scaled position: ½, or 0 for aligned corners.
  public func shift<T: RadianceScalar>(as type: T.Type = T.self) -> T {
    alignCorners ? 0 : T(1) / 2
  }

  /// Factors of the spatial hash (Teschner et al. 2003, as used by Müller et al. 2022).
  public static let primes: [UInt32] = [1, 2_654_435_761, 805_459_861]

  /// The table row, within its level, of the corner with the given coordinates.
  ///
  /// All arithmetic wraps at 32 bits, as in the kernels this defines.
  @inlinable
  public func row(of corner: SIMD3<UInt32>, level: Level) -> Int {
    var index: UInt32 = 0
    if level.isHashed {
      for axis in 0..<dimensions { index ^= corner[axis] &* Self.primes[axis] }
    } else {
      var stride: UInt32 = 1
      for axis in 0..<level.stridedAxes {
        index &+= corner[axis] &* stride
        stride &*= UInt32(truncatingIfNeeded: level.side)
      }
    }
    return Int(index % UInt32(truncatingIfNeeded: level.rows))
  }
}
