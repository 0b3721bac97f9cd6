import Foundation
import GoldenKit
import RealModule

extension TextbookBackend {
  // MARK: Compositing

  func compositing(_ call: OperationCall, _ result: inout OperationResult) throws {
    let sigma = try call.floats("in.sigmas")
    let color = try call.floats("in.rgbs")
    let deltas = try call.floats("in.deltas")
    let rays = try call.integers("in.rays")
    let imageGradient = try call.floats("cotangent.image")
    let opacityGradient = try call.floats("cotangent.weights_sum")
    let n = rays.count / 3
    let depthGradient =
      call.has("cotangent.depth") && !has(.missingDepthGradient)
      ? try call.floats("cotangent.depth") : [Float](repeating: 0, count: n)
    let last = rays.indices.filter { $0 % 3 == 1 }.map { rays[$0] }.max() ?? 0
    var image = [Float](repeating: 0, count: 3 * n)
    var opacity = [Float](repeating: 0, count: n)
    var depth = [Float](repeating: 0, count: n)
    var sigmaGradient = [Float](repeating: 0, count: sigma.count)
    var colorGradient = [Float](repeating: 0, count: color.count)
    for ray in 0..<n {
      let (number, first) = (rays[3 * ray], rays[3 * ray + 1])
      var count = rays[3 * ray + 2]
      if has(.paddingRowsCount) && first == last { count = sigma.count - 1 - first }
      // The original gives a ray that reaches the end of its buffer nothing.
      guard count > 0, first + count < sigma.count else { continue }
      let samples = first..<first + count
      var transmittance: Float = 1
      var distance: Float = 0
      var weights = [Float](repeating: 0, count: count)
      var behind = [Float](repeating: 0, count: count)
      var distances = behind
      for k in samples {
        var delta = deltas[2 * k]
        if has(.infiniteLastInterval) && k == samples.upperBound - 1 { delta = 1e10 }
        if has(.earlyStop) && transmittance < 1e-4 { break }
        let alpha =
          has(.cancelledAlpha)
          ? 1 - exponential(-sigma[k] * delta) : -exponentialMinusOne(-sigma[k] * delta)
        let after = transmittance * (1 - alpha)
        let weight = alpha * (has(.inclusiveTransmittance) ? after : transmittance)
        transmittance = after
        distance += has(.depthOfFirstDelta) ? deltas[2 * k] : deltas[2 * k + 1]
        weights[k - first] = weight
        behind[k - first] = after
        distances[k - first] = distance
        opacity[number] += weight
        depth[number] = add(weight, times: distance, to: depth[number])
        for c in 0..<3 {
          image[3 * number + c] = add(weight, times: color[3 * k + c], to: image[3 * number + c])
        }
      }
      // What is seen of the samples behind k, and their opacity.
      var rest: [Float] = [0, 0, 0]
      var restOpacity: Float = 0
      var restDepth: Float = 0
      for k in samples.reversed() {
        var slope: Float = 0
        for c in 0..<3 {
          let g = imageGradient[3 * number + c]
          colorGradient[3 * k + c] = weights[k - first] * g
          slope += g * (behind[k - first] * color[3 * k + c] - rest[c])
          rest[c] += weights[k - first] * color[3 * k + c]
        }
        if !has(.missingOpacityGradient) {
          slope += opacityGradient[number] * (behind[k - first] - restOpacity)
        }
        restOpacity += weights[k - first]
        let distance = distances[k - first]
        slope += depthGradient[number] * (behind[k - first] * distance - restDepth)
        restDepth += weights[k - first] * distance
        sigmaGradient[k] = deltas[2 * k] * slope
      }
    }
    try result.set("out.image", image)
    try result.set("out.weights_sum", opacity)
    try result.set("out.depth", depth)
    try result.set("grad.in.sigmas", sigmaGradient)
    try result.set("grad.in.rgbs", colorGradient)
  }

  // MARK: Rays and colours

  func rays(_ call: OperationCall, _ result: inout OperationResult) throws {
    let config = call.config
    let k = try config.doubles("intrinsics").map { Float($0) }
    let (height, width) = (try config.int("H"), try config.int("W"))
    let poses = try call.floats("in.poses")
    let center: Float = has(.missingHalfPixel) ? 0 : 0.5
    var origins: [Float] = []
    var directions: [Float] = []
    for start in stride(from: 0, to: poses.count, by: 16) {
      for v in 0..<height {
        for u in 0..<width {
          var d: [Float] = [
            (Float(u) + center - k[2]) / k[0], (Float(v) + center - k[3]) / k[1], 1,
          ]
          if has(.flippedCameraAxes) { d = [d[0], -d[1], -d[2]] }
          if !has(.unnormalisedRays) {
            let length = dot(3, { d[$0] }, { d[$0] }).squareRoot()
            d = d.map { $0 / length }
          }
          for axis in 0..<3 {
            directions.append(dot(3, { poses[start + 4 * axis + $0] }, { d[$0] }))
            origins.append(poses[start + 4 * axis + 3])
          }
        }
      }
    }
    try result.set("out.rays_o", origins)
    try result.set("out.rays_d", directions)
  }

  func colorSpaces(_ call: OperationCall, _ result: inout OperationResult) throws {
    let x = try call.floats("in.x")
    let linear = x.map { $0 < 0.04045 ? $0 / 12.92 : Float.pow(($0 + 0.055) / 1.055, 2.4) }
    let encoded = x.map {
      $0 < 0.0031308 ? 12.92 * $0 : 1.055 * Float.pow($0, 0.41666) - 0.055
    }
    try result.set("out.srgb_to_linear", has(.swappedColorSpaces) ? encoded : linear)
    try result.set("out.linear_to_srgb", has(.swappedColorSpaces) ? linear : encoded)
  }

  // MARK: Occupancy

  static func interleave(_ x: Int, _ y: Int, _ z: Int) -> Int {
    var code = 0
    for bit in 0..<10 {
      for (axis, value) in [x, y, z].enumerated() {
        code |= (value >> bit & 1) << (3 * bit + axis)
      }
    }
    return code
  }

  private static func separate(_ code: Int) -> [Int] {
    var cell = [0, 0, 0]
    for bit in 0..<30 { cell[bit % 3] |= (code >> bit & 1) << (bit / 3) }
    return cell
  }

  func morton(_ call: OperationCall, _ result: inout OperationResult) throws {
    let cells = try call.integers("in.coords")
    let codes = stride(from: 0, to: cells.count, by: 3).map { row in
      has(.swappedMortonAxes)
        ? Self.interleave(cells[row + 2], cells[row + 1], cells[row])
        : Self.interleave(cells[row], cells[row + 1], cells[row + 2])
    }
    try result.set("out.indices", codes)
    try result.set(
      "out.coords_back",
      codes.flatMap(Self.separate))
  }

  private func packed(_ grid: [Float], threshold: Float) -> [Int] {
    stride(from: 0, to: grid.count, by: 8).map { start in
      var byte = 0
      for bit in 0..<8
      where grid[start + bit] > threshold
        || has(.inclusiveThreshold) && grid[start + bit] == threshold
      {
        byte |= 1 << (has(.highBitFirst) ? 7 - bit : bit)
      }
      return byte
    }
  }

  func packBits(_ call: OperationCall, _ result: inout OperationResult) throws {
    try result.set(
      "out.bitfield",
      packed(try call.floats("in.grid"), threshold: try call.config.float("density_thresh")))
  }

  func gridUpdate(_ call: OperationCall, _ result: inout OperationResult) throws {
    let config = call.config
    guard try config.string("mode") == "full" else {
      throw UnsupportedSetting("`mode` is partial, known is full")
    }
    let size = try config.int("grid_size")
    let cells = size * size * size
    let decay = has(.missingGridDecay) ? 1 : try config.float("decay")
    let scale = try config.float("density_scale")
    var grid = try call.floats("in.density_grid")
    let samples = try call.floats("in.query_sigmas")
    for cascade in 0..<grid.count / cells {
      for x in 0..<size {
        for y in 0..<size {
          for z in 0..<size {
            let at = cascade * cells + Self.interleave(x, y, z)
            let sample = samples[cascade * cells + (x * size + y) * size + z] * scale
            if grid[at] >= 0 && sample >= 0 { grid[at] = max(grid[at] * decay, sample) }
          }
        }
      }
    }
    let mean = grid.reduce(0) { $0 + Double(max($1, 0)) } / Double(max(grid.count, 1))
    let counter = try call.integers("in.step_counter")
    let steps = min(16, try config.int("local_step"))
    let total = (0..<steps).reduce(0) { $0 + counter[2 * $1] }
    try result.set("out.density_grid", grid)
    try result.set("out.mean_density", [Float(mean)])
    try result.set("out.mean_count", [steps > 0 ? total / steps : 0])
    let threshold = min(Float(mean), try config.float("density_thresh"))
    try result.set("out.density_bitfield", packed(grid, threshold: threshold))
  }
}
