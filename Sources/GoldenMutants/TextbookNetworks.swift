import Foundation
import GoldenKit
import RealModule

extension TextbookBackend {
  // MARK: Dense volume

  func volume(_ call: OperationCall, _ result: inout OperationResult) throws {
    let sizes = try call.config.ints("res")
    let values = try call.floats("param.tensor_volume")
    let cells = sizes.reduce(1, *)
    guard sizes.count == 3, cells > 0, values.count % cells == 0 else {
      throw GoldenError("\(call.caseName): the volume does not fit its size.")
    }
    let channels = values.count / cells
    let x = try call.floats("in.x")
    let g = try call.floats("cotangent.features")
    let n = x.count / 3
    var features = [Float](repeating: 0, count: n * channels)
    var volumeGradient = [Float](repeating: 0, count: values.count)
    var pointGradient = [Float](repeating: 0, count: x.count)
    for s in 0..<n {
      var cell = [0, 0, 0]
      var part: [Float] = [0, 0, 0]
      var factor: [Float] = [0, 0, 0]
      // Axis a of the volume is addressed by coordinate 2 − a.
      for axis in 0..<3 {
        let coordinate = x[3 * s + (has(.reversedVolumeAxes) ? axis : 2 - axis)]
        let size = Float(sizes[axis])
        let position =
          has(.halfTexelShift)
          ? ((coordinate + 1) * size - 1) / 2 : (coordinate + 1) / 2 * (size - 1)
        cell[axis] = Int(position.rounded(.down))
        part[axis] = position - Float(cell[axis])
        factor[axis] = (size - 1) / 2
      }
      for corner in 0..<8 {
        let bits = (0..<3).map { corner >> $0 & 1 }
        let at = (0..<3).map { cell[$0] + bits[$0] }
        guard (0..<3).allSatisfy({ (0..<sizes[$0]).contains(at[$0]) }) else { continue }
        let weights = (0..<3).map { bits[$0] == 1 ? part[$0] : 1 - part[$0] }
        let weight = weights[0] * weights[1] * weights[2]
        let index = (at[0] * sizes[1] + at[1]) * sizes[2] + at[2]
        for c in 0..<channels {
          let value = values[c * cells + index]
          let cotangent = g[s * channels + c]
          features[s * channels + c] = add(weight, times: value, to: features[s * channels + c])
          volumeGradient[c * cells + index] += weight * cotangent
          for axis in 0..<3 {
            var slope: Float = bits[axis] == 1 ? factor[axis] : -factor[axis]
            for other in 0..<3 where other != axis { slope *= weights[other] }
            pointGradient[3 * s + 2 - axis] += slope * value * cotangent
          }
        }
      }
    }
    try result.set("out.features", features)
    try result.set("grad.param.tensor_volume", volumeGradient)
    try result.set("grad.in.x", pointGradient)
  }

  // MARK: Trunk of the NeRF network

  private struct Layer {
    let weight: [Float]
    let bias: [Float]
    let inputs: Int
    var outputs: Int { bias.count }
  }

  func trunk(_ call: OperationCall, _ result: inout OperationResult) throws {
    let bands = try call.config.int("PE")
    let skip = try call.config.int("skip")
    let layers = try (0..<(try call.config.int("nerf_layer_num"))).map { k in
      let name = "param.nerf_mlp.\(k)"
      var weight = try call.floats("\(name).weight")
      if has(.halfPrecisionWeights) { weight = weight.map(Self.half) }
      return Layer(
        weight: weight, bias: try call.floats("\(name).bias"),
        inputs: try call.shape("\(name).weight").last ?? 0)
    }
    let x = try call.floats("in.x")
    let g = try call.floats("cotangent.features")
    var features: [Float] = []
    var pointGradient: [Float] = []
    var weightGradients = layers.map { [Float](repeating: 0, count: $0.weight.count) }
    var biasGradients = layers.map { [Float](repeating: 0, count: $0.outputs) }
    for s in 0..<x.count / 3 {
      let encoded = encode(Array(x[3 * s..<3 * s + 3]), bands: bands)
      // The input of every layer, and what comes out of the last.
      var inputs: [[Float]] = [encoded]
      for (k, layer) in layers.enumerated() {
        let input = inputs[k]
        var output = (0..<layer.outputs).map { o in
          layer.bias[o]
            + dot(layer.inputs, { layer.weight[o * layer.inputs + $0] }, { input[$0] })
        }
        if k < layers.count - 1 { output = output.map { max($0, 0) } }
        if k == skip {
          output = has(.skipBehindActivations) ? output + encoded : encoded + output
        }
        inputs.append(output)
      }
      features += inputs[layers.count]
      var cotangent = Array(
        g[s * inputs[layers.count].count..<(s + 1) * inputs[layers.count].count])
      var encodedGradient = [Float](repeating: 0, count: encoded.count)
      for (k, layer) in layers.enumerated().reversed() {
        let input = inputs[k]
        for o in 0..<layer.outputs {
          biasGradients[k][o] += cotangent[o]
          for i in 0..<layer.inputs {
            weightGradients[k][o * layer.inputs + i] += cotangent[o] * input[i]
          }
        }
        var below = (0..<layer.inputs).map { i in
          dot(layer.outputs, { layer.weight[$0 * layer.inputs + i] }, { cotangent[$0] })
        }
        if k == 0 {
          for i in below.indices { encodedGradient[i] += below[i] }
          break
        }
        if k == skip + 1 {
          let first = has(.skipBehindActivations) ? below.count - encoded.count : 0
          for i in encoded.indices { encodedGradient[i] += below[first + i] }
          below.removeSubrange(first..<first + encoded.count)
        }
        let active =
          k == skip + 1
          ? Array(
            has(.skipBehindActivations)
              ? input.dropLast(encoded.count) : input.dropFirst(encoded.count)) : input
        if !has(.missingReLUGradient) {
          let atKink = has(.gradientAtKink)
          for i in below.indices where active[i] < 0 || active[i] == 0 && !atKink { below[i] = 0 }
        }
        cotangent = below
      }
      pointGradient += decode(encodedGradient, at: Array(x[3 * s..<3 * s + 3]), bands: bands)
    }
    try result.set("out.features", features)
    try result.set("grad.in.x", pointGradient)
    for k in layers.indices {
      try result.set("grad.param.nerf_mlp.\(k).weight", weightGradients[k])
      try result.set("grad.param.nerf_mlp.\(k).bias", biasGradients[k])
    }
  }

  /// `[x, sin x, cos x, sin 2x, …]`.
  private func encode(_ point: [Float], bands: Int) -> [Float] {
    var result = point
    for k in 0..<bands {
      let angles = point.map { $0 * Float(sign: .plus, exponent: k, significand: 1) }
      result += angles.map { Float.sin($0) } + angles.map { Float.cos($0) }
    }
    return result
  }

  private func decode(_ gradient: [Float], at point: [Float], bands: Int) -> [Float] {
    var result = Array(gradient.prefix(3))
    for k in 0..<bands {
      let frequency = Float(sign: .plus, exponent: k, significand: 1)
      for axis in 0..<3 {
        let angle = point[axis] * frequency
        let at = 3 + 6 * k + axis
        result[axis] +=
          frequency * (Float.cos(angle) * gradient[at] - Float.sin(angle) * gradient[at + 3])
      }
    }
    return result
  }
}
