import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Resampling of vector-matrix fields")
struct VMResamplingTests {
  private static func field<T: RadianceScalar>(
    _ resolution: [Int], as scalar: T.Type = T.self, seed: UInt64 = 1,
    frame: FieldFrame = FieldFrame()
  ) -> VMField<T> {
    var options = VMFieldOptions()
    options.resolution = resolution
    options.densityRanks = [2, 3, 1]
    options.colorRanks = [4, 2, 3]
    options.hiddenWidth = 5
    return VMField<T>(options: options, frame: frame, seed: seed)
  }

  /// A grid whose coarsest cascade is occupied in a box of cells, given by its lowest and highest.
  private static func grid(
    _ low: SIMD3<Int>, _ high: SIMD3<Int>, bound: Float = 1, resolution: Int = 16
  ) throws -> OccupancyGrid {
    var grid = try OccupancyGrid(bound: bound, resolution: resolution)
    var densities = [Float](repeating: 0, count: grid.cellCount)
    let start = (grid.cascades - 1) * grid.cellsPerCascade
    for x in low.x...high.x {
      for y in low.y...high.y {
        for z in low.z...high.z { densities[start + Morton.encode(x, y, z)] = 5 }
      }
    }
    try grid.load(densities: densities, meanDensity: 1)
    return grid
  }

  // MARK: Golden

  // MARK: Refining

  @Test("from n to 2n − 1 texels the field does not change")
  func refinementKeepsField() throws {
    let field = Self.field([5, 4, 7], as: Double.self)
    let refined = try field.upsampled(to: [9, 7, 13])
    #expect(refined.options.resolution == [9, 7, 13])
    let batch = try randomBatch(300, seed: 2)
    let (a, b) = (field.taps(batch), refined.taps(batch))
    for comparison in [
      Comparison("F", actual: b.features, expected: a.features, .reference, scale: 1),
      Comparison("C", actual: b.colors, expected: a.colors, .reference, scale: 1),
    ] {
      #expect(comparison.passed, "\(comparison)")
    }
  }

  @Test("corners stay, constants stay, one texel spreads, and one texel is taken from the start")
  func edges() throws {
    let field = Self.field([3, 3, 3], as: Double.self)
    let refined = try field.upsampled(to: [8, 5, 4])
    let (small, large) = (field.parameters[0], refined.parameters[0])
    // Plane 0 has rows along y and columns along x.
    #expect(large.shape == [1, 2, 5, 8])
    for (a, b) in [((0, 0), (0, 0)), ((0, 2), (0, 7)), ((2, 0), (4, 0)), ((2, 2), (4, 7))] {
      for channel in 0..<2 {
        let expected = small.exported()[channel * 9 + a.0 * 3 + a.1]
        #expect(large.exported()[channel * 40 + b.0 * 8 + b.1].isClose(to: expected, .reference))
      }
    }
    try field.parameters[3].load([2, 2, 2, -1, -1, -1])
    let constant = try field.upsampled(to: [3, 3, 10]).parameters[3].exported()
    #expect(constant == [Double](repeating: 2, count: 10) + [Double](repeating: -1, count: 10))
    let single = try field.upsampled(to: [1, 1, 1])
    #expect(single.parameters[0].exported() == [0, 1].map { small.exported()[9 * $0] })
    #expect(
      try single.upsampled(to: [4, 4, 4]).parameters[0].exported().prefix(16).allSatisfy {
        $0 == small.exported()[0]
      })
  }

  @Test("basis and colour network are copied, and the new field shares no memory with the old")
  func independence() throws {
    let field = Self.field([4, 4, 4], as: Float.self)
    let same = try field.upsampled(to: [4, 4, 4])
    for (a, b) in zip(field.parameters, same.parameters) {
      #expect(a.exported() == b.exported() && a.name == b.name && a.shape == b.shape)
      #expect(a.values !== b.values)
    }
    same.parameters[12].values[0] += 1
    #expect(field.parameters[12].values[0] != same.parameters[12].values[0])
  }

  @Test(
    "resolutions that are no triples of positive numbers are refused",
    arguments: [[4, 4], [4, 0, 4], []])
  func refusedResolutions(resolution: [Int]) {
    #expect(throws: ShapeError.self) {
      try Self.field([3, 3, 3], as: Float.self).upsampled(to: resolution)
    }
  }

  // MARK: Shrinking

  @Test("inside the new box the field does not change, whatever the cells", arguments: 0..<8)
  func shrinkingKeepsField(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var low = SIMD3<Int>()
    var high = SIMD3<Int>()
    for axis in 0..<3 {
      low[axis] = Int.random(in: 0..<8, using: &random)
      high[axis] = Int.random(in: 8..<16, using: &random)
    }
    let frame = FieldFrame(box: [-1, -0.9, -1, 1, 1, 0.95])
    let field = Self.field([13, 11, 17], as: Double.self, seed: seed, frame: frame)
    let shrunk = try field.shrunk(to: Self.grid(low, high), densityThreshold: 10)
    let box = shrunk.frame.box
    for axis in 0..<3 {
      #expect(box[axis] >= frame.box[axis] && box[axis + 3] <= frame.box[axis + 3])
      #expect(box[axis] < box[axis + 3])
    }
    // A hundredth of the extent away from the faces: positions are single precision.
    let positions = (0..<300).map { index in
      let axis = index % 3
      let inside = Double.random(in: 0.01...0.99, using: &random)
      return Float(box[axis] + inside * (box[axis + 3] - box[axis]))
    }
    let batch = try sampleBatch(positions: positions)
    let (a, b) = (field.taps(batch), shrunk.taps(batch))
    let comparison = Comparison(
      "F", actual: b.features, expected: a.features, .reference, scale: 1)
    #expect(comparison.passed, "\(comparison)")
  }

  @Test("a grid that is occupied everywhere keeps every texel and the box")
  func fullGrid() throws {
    let field = Self.field([6, 7, 8], as: Float.self)
    for legacy in [false, true] {
      let grid = try Self.grid(SIMD3(repeating: 0), SIMD3(repeating: 15))
      let shrunk = try field.shrunk(to: grid, densityThreshold: 10, legacyBox: legacy)
      #expect(shrunk.options.resolution == [6, 7, 8])
      for (a, b) in zip(shrunk.frame.box, field.frame.box) { #expect(Float(a) == Float(b)) }
      #expect(shrunk.parameters[0].exported() == field.parameters[0].exported())
    }
  }

  @Test("cells at the threshold do not count, the coarsest cascade does")
  func thresholdAndCascade() throws {
    let field = Self.field([8, 8, 8], as: Float.self, frame: FieldFrame(bound: 2))
    var grid = try Self.grid(SIMD3(2, 2, 2), SIMD3(13, 13, 13), bound: 2)
    var densities = grid.densities
    // Everywhere in the finer cascade, which must not matter; and a cell exactly at the threshold.
    for id in 0..<grid.cellsPerCascade { densities[id] = 100 }
    densities[grid.cellsPerCascade + Morton.encode(0, 0, 0)] = 1
    try grid.load(densities: densities)
    let shrunk = try field.shrunk(to: grid, densityThreshold: 10, legacyBox: true)
    // Sixteen cells over −2...2: cells 2 to 13 are −1.5...1.5.
    for (value, expected) in zip(shrunk.frame.box, [-1.5, -1.5, -1.5, 1.5, 1.5, 1.5]) {
      #expect(Float(value).isClose(to: Float(expected), .single))
    }
  }

  @Test("an empty grid, and one whose cells lie outside the field, are refused")
  func refusedGrids() throws {
    let field = Self.field([8, 8, 8], as: Float.self, frame: FieldFrame(box: [0, 0, 0, 1, 1, 1]))
    let empty = try OccupancyGrid(resolution: 16)
    #expect(throws: ValueError.self) { try field.shrunk(to: empty, densityThreshold: 10) }
    let elsewhere = try Self.grid(SIMD3(0, 0, 0), SIMD3(5, 5, 5))
    #expect(throws: ValueError.self) { try field.shrunk(to: elsewhere, densityThreshold: 10) }
  }

  @Test("a single occupied cell leaves a box with an extent")
  func singleCell() throws {
    let field = Self.field([4, 4, 4], as: Double.self)
    let shrunk = try field.shrunk(
      to: Self.grid(SIMD3(15, 0, 8), SIMD3(15, 0, 8)), densityThreshold: 10)
    #expect(shrunk.options.resolution == [2, 2, 2])
    for axis in 0..<3 { #expect(shrunk.frame.box[axis] < shrunk.frame.box[axis + 3]) }
  }

  // MARK: Sizes

  @Test("a cube of U³ voxels has U texels per axis, for every U", arguments: [1.0, 0.8, 3.7])
  func cubes(bound: Double) {
    let field = Self.field([2, 2, 2], as: Float.self, frame: FieldFrame(bound: bound))
    for edge in 1...400 {
      #expect(field.targetResolution(voxels: edge * edge * edge) == [edge, edge, edge])
    }
  }

  @Test("other boxes are cut into cubes, rounded down, at least one")
  func boxes() {
    let flat = Self.field(
      [2, 2, 2], as: Float.self, frame: FieldFrame(box: [-1, -1, -0.25, 1, 1, 0.25]))
    // A volume of 2 in 16 voxels: an edge of one half.
    #expect(flat.targetResolution(voxels: 16) == [4, 4, 1])
    // In 1000: an edge of 0.12599.
    #expect(flat.targetResolution(voxels: 1000) == [15, 15, 3])
    #expect(flat.targetResolution(voxels: 0) == [1, 1, 1])
  }

  @Test("refinements grow geometrically and reach the last resolution, the original's never do")
  func refinements() {
    let exact = VMField<Float>.refinementResolutions(first: 128, last: 300, steps: 5)
    #expect(exact == [152, 180, 213, 253, 300])
    let legacy = VMField<Float>.refinementResolutions(first: 128, last: 300, steps: 5, legacy: true)
    #expect(legacy == [148, 170, 196, 226, 260])
    #expect(VMField<Float>.refinementResolutions(first: 300, last: 300, steps: 2) == [300, 300])
    #expect(VMField<Float>.refinementResolutions(first: 128, last: 300, steps: 0).isEmpty)
  }
}
