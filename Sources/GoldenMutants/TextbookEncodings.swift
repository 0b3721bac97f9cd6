import Foundation
import GoldenKit
import RealModule

extension TextbookBackend {
  // MARK: Hash grid

  private struct Level {
    let scale: Float
    let side: Int
    let rows: Int
    let offset: Int
    let isDense: Bool
  }

  /// Table sizes in double precision, geometry in single.
  private func levels(_ call: OperationCall, dimensions: Int, alignCorners: Bool) throws -> [Level]
  {
    let config = call.config
    let count = try config.int("num_levels")
    let base = try config.double("base_resolution")
    let growth =
      count > 1 ? pow(try config.double("desired_resolution") / base, 1 / Double(count - 1)) : 1
    let cap = pow(2, try config.double("log2_hashmap_size"))
    let logarithm = Float(log2(growth))
    var offset = 0
    return (0..<count).map { l in
      let asked = (base * pow(growth, Double(l))).rounded(.up)
      let corners = alignCorners ? asked : asked + 1
      let rows = Int((min(cap, pow(corners, Double(dimensions))) / 8).rounded(.up)) * 8
      var scale = Float(exp2(Double(Float(l) * logarithm))) * Float(base) - 1
      let resolution = Int(scale.rounded(.up)) + 1
      if has(.finestResolutionOffByOne) && l == count - 1 { scale += 1 }
      let side = alignCorners ? resolution : resolution + 1
      let counted = has(.denseSwitchOffByOne) ? resolution : side
      defer { offset += rows }
      return Level(
        scale: scale, side: side, rows: rows, offset: offset,
        isDense: pow(Double(counted), Double(dimensions)) <= Double(rows))
    }
  }

  private func row(_ corner: [Int], _ level: Level, tiled: Bool) -> Int {
    var primes: [UInt32] = [1, 2_654_435_761, 805_459_861]
    if has(.wrongPrime) { primes[2] = 805_459_863 }
    if has(.rotatedPrimes) { primes = [primes[2], primes[0], primes[1]] }
    var index: UInt32 = 0
    if level.isDense || tiled {
      var stride = 1
      for axis in corner.indices where stride <= level.rows {
        index &+= UInt32(corner[axis]) &* UInt32(truncatingIfNeeded: stride)
        stride *= level.side
      }
    } else {
      for axis in corner.indices { index ^= UInt32(corner[axis]) &* primes[axis] }
    }
    return level.offset + Int(index % UInt32(level.rows))
  }

  func hashGrid(_ call: OperationCall, _ result: inout OperationResult) throws {
    let config = call.config
    let d = try config.int("input_dim")
    let f = try config.int("level_dim")
    let aligned = try config.bool("align_corners") != has(.flippedAlignCorners)
    let tiled = try config.string("gridtype") == "tiled"
    let bound = try config.float("bound")
    let levels = try levels(call, dimensions: d, alignCorners: aligned)
    let x = try call.floats("in.x")
    var table = try call.floats("param.embeddings")
    guard (levels.last.map { $0.offset + $0.rows } ?? 0) * f <= table.count else {
      throw GoldenError("\(call.caseName): the table is too small.")
    }
    if has(.halfPrecisionTable) { table = table.map(Self.half) }
    let g = try call.floats("cotangent.y")
    let n = x.count / d
    let width = levels.count * f
    var y = [Float](repeating: 0, count: n * width)
    var tableGradient = [Float](repeating: 0, count: table.count)
    var pointGradient = [Float](repeating: 0, count: x.count)
    for s in 0..<n {
      let unit = (0..<d).map { (x[d * s + $0] + bound) / (2 * bound) }
      guard unit.allSatisfy({ (0...1).contains($0) }) else { continue }
      for (l, level) in levels.enumerated() {
        let shift: Float = aligned || has(.missingHalfCell) ? 0 : 0.5
        let scaled = unit.map { add($0, times: level.scale, to: shift) }
        let cell = scaled.map { $0.rounded(.down) }
        let part = (0..<d).map { scaled[$0] - cell[$0] }
        for corner in 0..<1 << d {
          let bits = (0..<d).map { corner >> $0 & 1 }
          let weights = (0..<d).map { bits[$0] == 1 ? part[$0] : 1 - part[$0] }
          let weight = weights.reduce(1, *)
          let base = f * row((0..<d).map { Int(cell[$0]) + bits[$0] }, level, tiled: tiled)
          for c in 0..<f {
            let out = s * width + l * f + c
            y[out] = add(weight, times: table[base + c], to: y[out])
            let old = has(.scatterLosesDuplicates) ? 0 : tableGradient[base + c]
            tableGradient[base + c] = add(weight, times: g[out], to: old)
            for axis in 0..<d {
              var others: Float = bits[axis] == 1 ? 1 : -1
              for other in 0..<d where other != axis { others *= weights[other] }
              pointGradient[d * s + axis] +=
                others * level.scale / (2 * bound) * table[base + c] * g[out]
            }
          }
        }
      }
    }
    try result.set("out.y", y)
    try result.set("grad.param.embeddings", tableGradient)
    try result.set("grad.in.x", pointGradient)
  }

  // MARK: Spherical harmonics up to degree 4

  /// Monomials `(coefficient, i, j, k)` of `xⁱ yʲ zᵏ` for each basis function.
  private static let harmonics: [[(Float, Int, Int, Int)]] = [
    [(0.28209479177387814, 0, 0, 0)],
    [(-0.48860251190291987, 0, 1, 0)], [(0.48860251190291987, 0, 0, 1)],
    [(-0.48860251190291987, 1, 0, 0)],
    [(1.0925484305920792, 1, 1, 0)], [(-1.0925484305920792, 0, 1, 1)],
    [(0.94617469575755997, 0, 0, 2), (-0.31539156525251999, 0, 0, 0)],
    [(-1.0925484305920792, 1, 0, 1)],
    [(0.54627421529603959, 2, 0, 0), (-0.54627421529603959, 0, 2, 0)],
    [(-1.7701307697799304, 2, 1, 0), (0.59004358992664352, 0, 3, 0)],
    [(2.8906114426405538, 1, 1, 1)],
    [(0.45704579946446572, 0, 1, 0), (-2.2852289973223286, 0, 1, 2)],
    [(1.865881662950577, 0, 0, 3), (-1.1195289977703462, 0, 0, 1)],
    [(0.45704579946446572, 1, 0, 0), (-2.2852289973223286, 1, 0, 2)],
    [(1.4453057213202769, 2, 0, 1), (-1.4453057213202769, 0, 2, 1)],
    [(-0.59004358992664352, 3, 0, 0), (1.7701307697799304, 1, 2, 0)],
  ]

  func sphericalHarmonics(_ call: OperationCall, _ result: inout OperationResult) throws {
    let degree = try call.config.int("degree")
    guard degree <= 4 else { throw UnsupportedSetting("`degree` is \(degree), known are 1 to 4") }
    let directions = try call.floats("in.dirs")
    let g = try call.floats("cotangent.y")
    let width = degree * degree
    func power(_ x: Float, _ n: Int) -> Float { (0..<n).reduce(1) { p, _ in p * x } }
    var y: [Float] = []
    var gradient: [Float] = []
    for s in 0..<directions.count / 3 {
      var v = Array(directions[3 * s..<3 * s + 3])
      if has(.normalisedDirection) {
        let length = dot(3, { v[$0] }, { v[$0] }).squareRoot()
        if length > 0 { v = v.map { $0 / length } }
      }
      var slope: [Float] = [0, 0, 0]
      for index in 0..<width {
        let order = index - Int(Double(index).squareRoot()) * (Int(Double(index).squareRoot()) + 1)
        let sign: Float = has(.missingCondonShortley) && !order.isMultiple(of: 2) ? -1 : 1
        var value: Float = 0
        for (coefficient, i, j, k) in Self.harmonics[index] {
          let powers = [power(v[0], i), power(v[1], j), power(v[2], k)]
          value = add(sign * coefficient, times: powers[0] * powers[1] * powers[2], to: value)
          for (axis, exponent) in [i, j, k].enumerated() where exponent > 0 {
            var term = sign * coefficient * Float(exponent) * power(v[axis], exponent - 1)
            for other in 0..<3 where other != axis { term *= powers[other] }
            slope[axis] = add(term, times: g[s * width + index], to: slope[axis])
          }
        }
        y.append(value)
      }
      gradient += slope
    }
    try result.set("out.y", y)
    try result.set("grad.in.dirs", gradient)
  }

  // MARK: Frequencies and exponential

  func frequencies(_ call: OperationCall, _ result: inout OperationResult) throws {
    let config = call.config
    let d = try config.int("input_dim")
    guard try config.bool("include_input") else {
      throw UnsupportedSetting("`include_input` is false")
    }
    let bands =
      config.has("freq_bands")
      ? try config.doubles("freq_bands").map { Float($0) }
      : (0..<(try config.int("num_freqs"))).map { Float(sign: .plus, exponent: $0, significand: 1) }
    let shifted = config.has("cos_as")
    let x = try call.floats("in.x")
    let g = try call.floats("cotangent.y")
    let width = d * (1 + 2 * bands.count)
    var y: [Float] = []
    var gradient: [Float] = []
    for s in 0..<x.count / d {
      let point = Array(x[d * s..<d * s + d])
      var waves: [Float] = []
      var slope = (0..<d).map { g[s * width + $0] }
      for (k, band) in bands.enumerated() {
        let frequency = has(.spuriousPi) ? band * .pi : band
        let angles = point.map { $0 * frequency }
        let cosineAngles = shifted ? angles.map { $0 + Float.pi / 2 } : angles
        let sines = angles.map { Float.sin($0) }
        let cosines = cosineAngles.map { shifted ? Float.sin($0) : Float.cos($0) }
        waves += has(.cosineFirst) ? cosines + sines : sines + cosines
        for axis in 0..<d {
          let at = s * width + d * (1 + 2 * k) + axis
          slope[axis] += frequency * cosines[axis] * g[at]
          slope[axis] -= frequency * sines[axis] * g[at + d]
        }
      }
      y += has(.rawValueLast) ? waves + point : point + waves
      gradient += slope
    }
    try result.set("out.y", y)
    try result.set("grad.in.x", gradient)
  }

  func truncatedExponential(_ call: OperationCall, _ result: inout OperationResult) throws {
    let limit: Float = has(.gradientClampAt15) ? 15 : has(.gradientNotClamped) ? .infinity : 12
    let x = try call.floats("in.x")
    let g = try call.floats("cotangent.y")
    try result.set("out.y", x.map { exponential($0) })
    try result.set(
      "grad.in.x", zip(x, g).map { $1 * exponential(min(max($0, -limit), limit)) })
  }
}
