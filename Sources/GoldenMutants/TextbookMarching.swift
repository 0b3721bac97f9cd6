import GoldenKit
import RealModule

/// One sample of a ray.
struct TextbookSample {
  let position: [Float]
  let delta: Float
  let gap: Float
}

/// Steps along rays through occupancy bits, cell by cell, as the definition says it.
struct TextbookMarch {
  let backend: TextbookBackend
  let bound: Float
  let size: Float
  let cascades: Int
  let growth: Float
  let smallest: Float
  let largest: Float
  let limit: Int
  let bits: [Int]

  init(_ backend: TextbookBackend, _ call: OperationCall) throws {
    self.backend = backend
    bound = try call.config.float("bound")
    size = Float(try call.config.int("grid_size"))
    cascades = try call.config.int("cascade")
    growth = try call.config.float("dt_gamma")
    limit = try call.config.int("max_steps")
    smallest = 2 * Float(3).squareRoot() / Float(limit)
    largest = 2 * Float(3).squareRoot() * Float(1 << (cascades - 1)) / size
    bits = try call.integers("in.bitfield")
  }

  private func clamp(_ v: Float, _ a: Float, _ b: Float) -> Float {
    Float.minimum(b, Float.maximum(a, v))
  }

  private func step(_ t: Float) -> Float { clamp(t * growth, smallest, largest) }

  /// The exponent e of v = m 2ᵉ with m in ½..<1, within the cascades.
  private func level(_ v: Float) -> Int {
    v == 0 ? 0 : min(max(Int(v.exponent) + 1, 0), cascades - 1)
  }

  /// Samples of the ray `o + t d` from `start`, and where the march stands behind the last one.
  func samples(
    _ o: [Float], _ d: [Float], from start: Float, to far: Float, limit: Int
  ) -> [TextbookSample] {
    var result: [TextbookSample] = []
    var (t, last) = (start, start)
    while t < far && result.count < limit {
      let delta = step(t)
      let place = backend.has(.sampleAtMidpoint) ? t + delta / 2 : t
      let p = (0..<3).map { clamp(backend.add(place, times: d[$0], to: o[$0]), -bound, bound) }
      let level = max(level(p.map(abs).max() ?? 0), level(delta * size / 2))
      let half = min(Float(1 << level), bound)
      let cell = p.map { Int(clamp(0.5 * ($0 * (1 / half) + 1) * size, 0, size - 1)) }
      let number =
        level * Int(size * size * size) + TextbookBackend.interleave(cell[0], cell[1], cell[2])
      if bits[number / 8] >> (number % 8) & 1 == 1 {
        t += delta
        result.append(
          TextbookSample(
            position: p, delta: delta, gap: backend.has(.gapWithoutSkip) ? delta : t - last))
        last = t
        continue
      }
      let ways = (0..<3).map { axis -> Float in
        let side: Float = d[axis].sign == .plus ? 1 : 0
        let face = ((Float(cell[axis]) + side) * (1 / size) * 2 - 1) * half
        return (face - p[axis]) * (1 / d[axis])
      }
      let way = Float.maximum(0, Float.minimum(ways[0], Float.minimum(ways[1], ways[2])))
      let target = t + way
      if backend.has(.skipOffTheLattice) {
        t = max(target, t.nextUp)
      } else {
        repeat { t += step(t) } while t < target
      }
    }
    return result
  }
}

extension TextbookBackend {
  /// The first numbers of pcg32 (O'Neill 2014) with the state 42 and the first stream.
  private static func jitter(_ count: Int) -> [Float] {
    let factor: UInt64 = 0x5851_F42D_4C95_7F2D
    var state: UInt64 = (0 &* factor &+ 3 &+ 42) &* factor &+ 3
    return (0..<count).map { _ in
      let old = state
      state = old &* factor &+ 3
      let mixed = UInt32(truncatingIfNeeded: ((old >> 18) ^ old) >> 27)
      let turn = UInt32(truncatingIfNeeded: old >> 59)
      let bits = (mixed >> turn) | (mixed << ((32 &- turn) & 31))
      return Float(bitPattern: (bits >> 9) | 0x3F80_0000) - 1
    }
  }

  func trainingMarch(_ call: OperationCall, _ result: inout OperationResult) throws {
    let march = try TextbookMarch(self, call)
    let (origins, directions) = (try call.floats("in.rays_o"), try call.floats("in.rays_d"))
    let (nears, fars) = (try call.floats("in.nears"), try call.floats("in.fars"))
    let isJittered = try call.config.bool("perturb")
    let fractions = Self.jitter(nears.count)
    let rays = nears.indices.map { ray in
      let fraction = fractions[has(.sameJitterForAll) ? 0 : ray]
      return march.samples(
        Array(origins[3 * ray..<3 * ray + 3]), Array(directions[3 * ray..<3 * ray + 3]),
        from: isJittered ? nears[ray] + march.smallest * fraction : nears[ray], to: fars[ray],
        limit: march.limit)
    }
    let total = rays.reduce(0) { $0 + $1.count }
    let align = try call.config.int("align")
    let mean = try call.config.int("mean_count")
    let isFixed = try mean > 0 && !call.config.bool("force_all_rays")
    let wanted = isFixed ? mean : total
    let rows = wanted + align - wanted % align
    var positions = [Float](repeating: 0, count: 3 * rows)
    var (ways, deltas) = (positions, [Float](repeating: 0, count: 2 * rows))
    var (table, first) = ([Int](), 0)
    for (ray, samples) in rays.enumerated() {
      table += [ray, first, samples.count]
      let fits = first + samples.count < rows || has(.overflowWritten) && first < rows
      for (k, sample) in samples.enumerated() where fits && first + k < rows {
        for axis in 0..<3 {
          positions[3 * (first + k) + axis] = sample.position[axis]
          ways[3 * (first + k) + axis] = directions[3 * ray + axis]
        }
        deltas[2 * (first + k)] = sample.delta
        deltas[2 * (first + k) + 1] = sample.gap
      }
      first += samples.count
    }
    try result.set("out.counter", [total, rays.count])
    try result.set("out.rays", table)
    try result.set("out.xyzs", positions, shape: [rows, 3])
    try result.set("out.dirs", ways, shape: [rows, 3])
    try result.set("out.deltas", deltas, shape: [rows, 2])
  }

  /// Density and colour of the blob of the cases.
  private func blob(
    _ p: [Float], _ d: [Float], _ center: [Double], _ height: Float, _ falloff: Float
  ) -> (density: Float, color: [Float]) {
    let square = (0..<3).reduce(Float(0)) { sum, axis in
      let e = p[axis] - Float(center[axis])
      return add(e, times: e, to: sum)
    }
    return (
      height * exponential(-falloff * square),
      (0..<3).map { 0.5 + 0.5 * Float.sin(3 * p[$0] + 0.5 * d[$0] + Float($0)) }
    )
  }

  /// Rounds of samples until every ray is opaque or has left the box.
  func inferenceMarch(_ call: OperationCall, _ result: inout OperationResult) throws {
    let march = try TextbookMarch(self, call)
    let field = try call.config.nested("field")
    let center = try field.doubles("c")
    let numbers = try field.string("sigma").split { !"0123456789.".contains($0) }.compactMap {
      Float($0)
    }
    let (height, falloff) = (numbers[0], numbers[1])
    let (origins, directions) = (try call.floats("in.rays_o"), try call.floats("in.rays_d"))
    let n = origins.count / 3
    let minimum = try call.config.float("min_near")
    var (nears, fars) = ([Float](), [Float]())
    for ray in 0..<n {
      var near = -Float.infinity
      var far = Float.infinity
      for axis in 0..<3 {
        let (o, r) = (origins[3 * ray + axis], 1 / directions[3 * ray + axis])
        let ends = [(-march.bound - o) * r, (march.bound - o) * r].sorted()
        near = max(near, ends[0])
        far = min(far, ends[1])
      }
      let misses = near > far
      nears.append(misses ? .greatestFiniteMagnitude : max(near, minimum))
      fars.append(misses ? .greatestFiniteMagnitude : far)
    }
    var (image, depth) = ([Float](repeating: 0, count: 3 * n), [Float](repeating: 0, count: n))
    var opacity = depth
    var times = nears
    var alive = Array(0..<n)
    var (granted, living, steps) = (0, [Int](), [Int]())
    while granted < march.limit && !alive.isEmpty {
      let share = max(1, min(n / alive.count, 8))
      living.append(alive.count)
      steps.append(share)
      alive = alive.filter { ray in
        let o = Array(origins[3 * ray..<3 * ray + 3])
        let d = Array(directions[3 * ray..<3 * ray + 3])
        let samples = march.samples(o, d, from: times[ray], to: fars[ray], limit: share)
        for sample in samples {
          let (density, color) = blob(sample.position, d, center, height, falloff)
          let transmittance = 1 - opacity[ray]
          let weight = -exponentialMinusOne(-density * sample.delta) * transmittance
          times[ray] += sample.gap
          opacity[ray] += weight
          depth[ray] = add(weight, times: times[ray], to: depth[ray])
          for c in 0..<3 {
            image[3 * ray + c] = add(weight, times: color[c], to: image[3 * ray + c])
          }
          let seen = has(.earlyStopOffByOne) ? 1 - opacity[ray] : transmittance
          if seen < 1e-4 { return false }
        }
        return samples.count == share
      }
      granted += share
    }
    let background = try call.config.float("bg_color")
    for ray in 0..<n {
      for c in 0..<3 { image[3 * ray + c] += (1 - opacity[ray]) * background }
      depth[ray] = max(0, depth[ray] - nears[ray]) / (fars[ray] - nears[ray])
    }
    try result.set("out.image", image)
    try result.set("out.depth", depth)
    try result.set("out.n_alive_per_iter", living)
    try result.set("out.n_step_per_iter", steps)
  }
}
