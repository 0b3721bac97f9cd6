/// Steps along one ray through an occupancy grid; the shared core of the marches.
///
/// Single precision by definition: every product and sum is rounded on its own, in the order
/// written, because whether a sample exists hangs on the last bit of `t`. Factors that are powers
/// of two are merged, which is exact.
struct RayMarcher {
  let bound: Float
  let growth: Float
  let smallest: Float
  let largest: Float
  let constantStep: Float
  let lastCascade: Int32
  let halfResolution: Float
  let lastCell: Float
  let bits: UnsafePointer<UInt8>
  /// Per cascade `1 / b_c`, rounded.
  let reciprocals: UnsafePointer<Float>
  /// Per cascade the G + 1 face coordinates `((k · (1/G)) · 2 − 1) · b_c`.
  let faces: UnsafePointer<Float>
  let facesPerCascade: Int
  /// The bits of a coordinate spread for Morton order.
  let spread: UnsafePointer<UInt32>
  let cellsPerCascade: UInt32
  /// Emptiness of blocks, where blocks may be skipped whole.
  let blocks: EmptyBlocks?

  /// Calls `body` with a marcher whose tables live as long as the call.
  static func with<Result>(
    _ grid: OccupancyGrid, _ settings: MarchSettings, _ body: (RayMarcher) throws -> Result
  ) rethrows -> Result {
    let resolution = grid.resolution
    let sizes = (0..<grid.cascades).map { grid.halfSize(ofCascade: $0) }
    let reciprocals = sizes.map { 1 / $0 }
    let inverse = 1 / Float(resolution)
    let edges: [Float] = (0...resolution).map { Float($0) * inverse * 2 - 1 }
    let faces = sizes.flatMap { size in edges.map { $0 * size } }
    let spread = (0..<resolution).map { Morton.spread($0) }
    let empty = EmptyBlocks.flags(grid, settings)
    return try grid.bits.withUnsafeBufferPointer { bits in
      try reciprocals.withUnsafeBufferPointer { reciprocals in
        try faces.withUnsafeBufferPointer { faces in
          try spread.withUnsafeBufferPointer { spread in
            try empty.withUnsafeBufferPointer { empty in
              guard let bits = bits.baseAddress, let reciprocals = reciprocals.baseAddress,
                let faces = faces.baseAddress, let spread = spread.baseAddress
              else { preconditionFailure("RayMarcher: a grid without cells") }
              let blocks = empty.isEmpty ? nil : empty.baseAddress.map(EmptyBlocks.init)
              return try body(
                RayMarcher(
                  grid, settings, bits: bits, reciprocals: reciprocals, faces: faces,
                  spread: spread, blocks: blocks))
            }
          }
        }
      }
    }
  }

  private init(
    _ grid: OccupancyGrid, _ settings: MarchSettings, bits: UnsafePointer<UInt8>,
    reciprocals: UnsafePointer<Float>, faces: UnsafePointer<Float>,
    spread: UnsafePointer<UInt32>, blocks: EmptyBlocks?
  ) {
    let resolution = Float(grid.resolution)
    bound = grid.bound
    growth = settings.stepGrowth
    smallest = settings.smallestStep
    largest = 2 * Float(3).squareRoot() * Float(1 << (grid.cascades - 1)) / resolution
    constantStep = Self.clamp(0, smallest, largest)
    lastCascade = Int32(grid.cascades - 1)
    halfResolution = 0.5 * resolution
    lastCell = resolution - 1
    facesPerCascade = grid.resolution + 1
    cellsPerCascade = UInt32(grid.cellsPerCascade)
    self.bits = bits
    self.reciprocals = reciprocals
    self.faces = faces
    self.spread = spread
    self.blocks = blocks
  }

  /// `min(b, max(a, v))`; a NaN becomes `a`, as with C's `fmaxf`.
  @inline(__always)
  static func clamp(_ v: Float, _ a: Float, _ b: Float) -> Float {
    let raised = v > a ? v : a
    return raised < b ? raised : b
  }

  /// The step taken at distance `t`: `clamp(t · growth, smallest, largest)`.
  @inline(__always)
  func step(at t: Float) -> Float {
    growth == 0 ? constantStep : Self.clamp(t * growth, smallest, largest)
  }

  /// The sample position at distance `t` on one axis, clamped to the scene.
  @inline(__always)
  func position(_ origin: Float, _ direction: Float, _ t: Float) -> Float {
    Self.clamp(origin + t * direction, -bound, bound)
  }

  /// Records the distances of the samples of one ray.
  ///
  /// - Parameters:
  ///   - start: Distance at which the march starts.
  ///   - far: Where it ends. Distances beyond 2²² smallest steps are not marched: there a step no
  ///     longer changes `t`.
  ///   - limit: Most samples to record.
  ///   - times: Receives the distance of each sample, the start of its interval.
  /// - Returns: Number of samples.
  @inline(__always)
  func march(
    origin o: SIMD3<Float>, direction d: SIMD3<Float>, from start: Float, to far: Float,
    limit: Int, into times: UnsafeMutablePointer<Float>
  ) -> Int {
    if let blocks, let count = march(o, d, start, far, limit, times, skipping: blocks) {
      return count
    }
    if growth == 0 {
      return lastCascade == 0
        ? march(o, d, start, far, limit, times, constant: true, single: true)
        : march(o, d, start, far, limit, times, constant: true, single: false)
    }
    return march(o, d, start, far, limit, times, constant: false, single: false)
  }

  @inline(__always)
  private func march(
    _ o: SIMD3<Float>, _ d: SIMD3<Float>, _ start: Float, _ far: Float, _ limit: Int,
    _ times: UnsafeMutablePointer<Float>, constant: Bool, single: Bool
  ) -> Int {
    let (ox, oy, oz) = (o.x, o.y, o.z)
    let (dx, dy, dz) = (d.x, d.y, d.z)
    let (rx, ry, rz) = (1 / dx, 1 / dy, 1 / dz)
    // The face a ray leaves through is the upper one for a positive direction, +0 included.
    let (ux, uy, uz) = (
      dx.sign == .plus ? 1 : 0, dy.sign == .plus ? 1 : 0, dz.sign == .plus ? 1 : 0
    )
    let end = min(far, constantStep * 0x1p22)
    var t = start
    var count = 0
    while t < end && count < limit {
      let x = position(ox, dx, t)
      let y = position(oy, dy, t)
      let z = position(oz, dz, t)
      let step = constant ? constantStep : self.step(at: t)
      let level = single ? 0 : Int(cascade(max(abs(x), max(abs(y), abs(z))), step))
      let scale = reciprocals[level]
      let cx = cell(x, scale)
      let cy = cell(y, scale)
      let cz = cell(z, scale)
      let id =
        (spread[cx] | spread[cy] << 1 | spread[cz] << 2) &+ UInt32(level) &* cellsPerCascade
      if bits[Int(id >> 3)] >> UInt8(truncatingIfNeeded: id & 7) & 1 != 0 {
        times[count] = t
        count &+= 1
        t += step
        continue
      }
      let face = faces + level &* facesPerCascade
      var nearest = Float.infinity
      // A NaN (0 · ∞, a parallel axis inside a face) fails the comparison and is ignored.
      let tx = (face[cx &+ ux] - x) * rx
      let ty = (face[cy &+ uy] - y) * ry
      let tz = (face[cz &+ uz] - z) * rz
      nearest = tx < nearest ? tx : nearest
      nearest = ty < nearest ? ty : nearest
      nearest = tz < nearest ? tz : nearest
      var target = t + (nearest > 0 ? nearest : 0)
      // The march ends at `end` anyway; this bounds the loop for a ray without direction.
      target = target < end ? target : end
      repeat { t += constant ? constantStep : self.step(at: t) } while t < target
    }
    return count
  }

  /// The coordinate of a cell: `trunc(clamp(½ (p / b_c + 1) G, 0, G − 1))`.
  @inline(__always)
  func cell(_ position: Float, _ reciprocal: Float) -> Int {
    let scaled = Self.clamp((position * reciprocal + 1) * halfResolution, 0, lastCell)
    // In 0 ..< 2²³: adding 2²³ leaves the number, rounded to a whole one, in the low bits.
    let shifted = scaled + 0x1p23
    let whole = Int(truncatingIfNeeded: shifted.bitPattern & 0x7F_FFFF)
    return shifted - 0x1p23 > scaled ? whole &- 1 : whole
  }

  /// The cascade that resolves both the position and the step.
  @inline(__always)
  private func cascade(_ largestCoordinate: Float, _ step: Float) -> Int32 {
    max(exponent(largestCoordinate), exponent(step * halfResolution))
  }

  /// `e` of `v = m 2^e` with m in [½, 1), clamped to the cascades; 0 for zero.
  @inline(__always)
  private func exponent(_ v: Float) -> Int32 {
    let raw = Int32(truncatingIfNeeded: v.bitPattern >> 23 & 0xFF) &- 126
    return max(0, min(lastCascade, raw))
  }
}
