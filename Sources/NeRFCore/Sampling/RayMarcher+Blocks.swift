/// Which blocks of 16³ cells of a grid have no bit set, in Morton order.
struct EmptyBlocks {
  /// One flag per block.
  let flags: UnsafePointer<Bool>

  /// The flags, or none where blocks cannot be skipped: several cascades, growing steps, or a grid
  /// smaller than a block.
  static func flags(_ grid: OccupancyGrid, _ settings: MarchSettings) -> [Bool] {
    guard grid.cascades == 1, grid.resolution >= 16, settings.stepGrowth == 0,
      !settings.skipsOnlyCells
    else { return [] }
    let bytesPerBlock = 16 * 16 * 16 / 8
    return grid.bits.withUnsafeBytes { bytes in
      (0..<bytes.count / bytesPerBlock).map { block in
        var all: UInt64 = 0
        for word in 0..<bytesPerBlock / 8 {
          all |= bytes.loadUnaligned(
            fromByteOffset: block * bytesPerBlock + 8 * word, as: UInt64.self)
        }
        return all == 0
      }
    }
  }
}

extension RayMarcher {
  /// Marches like the cell by cell loop, but leaves empty blocks of 4³ and 16³ cells at once.
  ///
  /// The result has the same bits. All distances lie on one sequence `t ← t + δ`, so the two loops
  /// can differ only in which members they look at. This one looks at every member in an occupied
  /// cell: a skip ends ahead of the block's face by a margin wider than the rounding of a position.
  /// The defining loop may jump past such a member only if, by rounding, its target lies beyond a
  /// face it has just crossed; the member is then within the margin of a face of its cell. So
  /// every first member after empty space is tested for that, and if one is that close the ray is
  /// left to the defining loop.
  ///
  /// Rounding: with `s = |o| + far + B`, position, face and target are each off by a few `s 2⁻²⁴`,
  /// together below 8 of them; the margin is `16 s 2⁻²⁴`.
  ///
  /// - Returns: The number of samples, or nil if the ray has to be marched cell by cell.
  @inline(__always)
  func march(
    _ o: SIMD3<Float>, _ d: SIMD3<Float>, _ start: Float, _ far: Float, _ limit: Int,
    _ times: UnsafeMutablePointer<Float>, skipping blocks: EmptyBlocks
  ) -> Int? {
    let end = min(far, constantStep * 0x1p22)
    let size = abs(o.x) + abs(o.y) + abs(o.z) + end + bound
    let margin = size * 0x1p-20
    // Refuses margins too wide to be of use, directions far from unit length, and any NaN.
    guard margin < bound / halfResolution, abs(d.x) + abs(d.y) + abs(d.z) < 2 else { return nil }
    let (rx, ry, rz) = (1 / d.x, 1 / d.y, 1 / d.z)
    let (px, py, pz) = (d.x.sign == .plus, d.y.sign == .plus, d.z.sign == .plus)
    let scale = reciprocals[0]
    let step = constantStep
    var t = start
    var count = 0
    // The defining loop looks at its start, whatever lies there.
    var follows = true
    while t < end && count < limit {
      let x = position(o.x, d.x, t)
      let y = position(o.y, d.y, t)
      let z = position(o.z, d.z, t)
      let cx = cell(x, scale)
      let cy = cell(y, scale)
      let cz = cell(z, scale)
      let id = spread[cx] | spread[cy] << 1 | spread[cz] << 2
      let word = UnsafeRawPointer(bits).loadUnaligned(
        fromByteOffset: Int(id >> 6) &* 8, as: UInt64.self
      ).littleEndian
      if word >> UInt64(id & 63) & 1 != 0 {
        if !follows
          && (isNearFace(x, cx, margin) || isNearFace(y, cy, margin) || isNearFace(z, cz, margin))
        {
          return nil
        }
        times[count] = t
        count &+= 1
        t += step
        follows = true
        continue
      }
      follows = false
      let shift = word != 0 ? 0 : blocks.flags[Int(id >> 12)] ? 4 : 2
      let tx = exit(x, cx, shift, px, margin) * rx
      let ty = exit(y, cy, shift, py, margin) * ry
      let tz = exit(z, cz, shift, pz, margin) * rz
      var nearest = Float.infinity
      nearest = tx < nearest ? tx : nearest
      nearest = ty < nearest ? ty : nearest
      nearest = tz < nearest ? tz : nearest
      let target = min(t + nearest, end)
      if shift > 0 { t = leap(from: t, towards: target) }
      repeat { t += step } while t < target
    }
    return count
  }

  /// Whether a coordinate lies within `margin` of a face of its cell, or beyond it.
  @inline(__always)
  private func isNearFace(_ coordinate: Float, _ cell: Int, _ margin: Float) -> Bool {
    coordinate - faces[cell] <= margin || faces[cell &+ 1] - coordinate <= margin
  }

  /// The way along one axis to the margin before the face through which a ray leaves a block of
  /// `2^shift` cells.
  @inline(__always)
  private func exit(
    _ coordinate: Float, _ cell: Int, _ shift: Int, _ positive: Bool, _ margin: Float
  ) -> Float {
    let block = cell >> shift
    return positive
      ? faces[(block &+ 1) << shift] - margin - coordinate
      : faces[block << shift] + margin - coordinate
  }

  /// A later member of the sequence `t ← t + δ` that is still below `target`, or `t` itself.
  ///
  /// Between two powers of two all `t` are multiples of one unit u, and `t + δ` rounds to `t + r` with
  /// the same r for each of them, unless δ lies half way between two multiples. So k steps are `k r`,
  /// without rounding.
  @inline(__always)
  private func leap(from t: Float, towards target: Float) -> Float {
    let r = (t + constantStep) - t
    let unit = t.ulp
    // Also refused: a target that is not ahead, a t near 0, a sum that passes a power of two.
    guard target > t, t >= constantStep, (t + constantStep).ulp == unit,
      abs(constantStep - r) * 2 != unit
    else { return t }
    let limit = min(target, t.binade * 2)
    let steps = Int32((limit - t) / r) - 1
    return steps > 0 ? Float(Double(t) + Double(steps) * Double(r)) : t
  }
}
