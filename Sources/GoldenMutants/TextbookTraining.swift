import Foundation
import GoldenKit
import RealModule

extension TextbookBackend {
  // MARK: Losses

  func losses(_ call: OperationCall, _ result: inout OperationResult) throws {
    let p = try call.floats("in.pred")
    let t = try call.floats("in.target")
    let e = zip(p, t).map { $0 - $1 }
    let n = Float(e.count)
    func sum(_ f: (Float) -> Float) -> Float { dot(e.count, { f(e[$0]) }, { _ in 1 }) }
    let square = dot(e.count, { e[$0] }, { e[$0] })
    var norm = square.squareRoot()
    var normGradient = e.map { norm > 0 || has(.normGradientNaN) ? $0 / norm : 0 }
    if has(.squaredNorm) { (norm, normGradient) = (square, e.map { 2 * $0 }) }
    if has(.averagedNorm) { (norm, normGradient) = (norm / n, normGradient.map { $0 / n }) }
    let beta: Float = 0.05
    try result.set("out.normL2", [norm])
    try result.set("grad.normL2.in.pred", normGradient)
    try result.set("out.L2", [square / n])
    try result.set("grad.L2.in.pred", e.map { 2 * $0 / n })
    try result.set("out.L1", [sum { abs($0) } / n])
    try result.set("grad.L1.in.pred", e.map { ($0 > 0 ? 1 : $0 < 0 ? -1 : 0) / n })
    try result.set("out.normL1", [sum { abs($0) }])
    try result.set("grad.normL1.in.pred", e.map { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 as Float })
    try result.set(
      "out.smoothL1", [sum { abs($0) < beta ? 0.5 * $0 * $0 / beta : abs($0) - 0.5 * beta } / n])
    try result.set(
      "grad.smoothL1.in.pred",
      e.map { (abs($0) < beta ? $0 / beta : $0 > 0 ? 1 : -1) / n })
  }

  // MARK: Optimiser

  func adamW(_ call: OperationCall, _ result: inout OperationResult) throws {
    let config = call.config
    let betas = try config.doubles("betas").map { Float($0) }
    let (epsilon, decay) = (try config.float("eps"), try config.float("weight_decay"))
    let (period, minimum) = (try config.double("T_max"), try config.double("eta_min"))
    let steps = try config.int("steps")
    func rate(_ initial: Double, _ done: Int) -> Double {
      minimum + (initial - minimum) * (1 + cos(Double.pi * Double(done) / period)) / 2
    }
    let groups = try config.string("groups").split(separator: "|").map { group in
      group.split(separator: ",").map { $0.filter { $0 != " " } }
    }
    for (group, members) in groups.enumerated() {
      let initial = try config.double("lr_group\(group)")
      for name in members {
        let number = name.dropFirst()
        var theta = try call.floats("in.\(name)")
        var m = theta.map { _ in Float(0) }
        var v = m
        for step in 1...steps {
          let g = try call.floats("in.grad\(number).step\(step)")
          let lr = Float(rate(initial, has(.oneStepBehind) ? step : step - 1))
          let first = has(.missingBiasCorrection) ? 1 : 1 - pow(betas[0], Float(step))
          let second = has(.missingBiasCorrection) ? 1 : 1 - pow(betas[1], Float(step))
          for i in theta.indices {
            let slope = has(.coupledWeightDecay) ? g[i] + decay * theta[i] : g[i]
            if !has(.coupledWeightDecay) { theta[i] *= 1 - lr * decay }
            m[i] = betas[0] * m[i] + (1 - betas[0]) * slope
            v[i] = betas[1] * v[i] + (1 - betas[1]) * slope * slope
            let corrected = v[i] / second
            let root =
              has(.epsilonInsideRoot)
              ? (corrected + epsilon).squareRoot() : corrected.squareRoot() + epsilon
            theta[i] -= lr * (m[i] / first) / root
          }
          try result.set("out.\(name).step\(step)", theta)
        }
        try result.set("out.exp_avg\(number)", m)
        try result.set("out.exp_avg_sq\(number)", v)
      }
    }
    try result.set(
      "out.lrs",
      try (0..<steps).flatMap { step in
        try groups.indices.map {
          Float(rate(try config.double("lr_group\($0)"), step))
        }
      })
  }
}
