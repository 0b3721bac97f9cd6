import Foundation

/// The generator that gives every program the same inputs, whatever its language.
///
/// `x = i·0x9E3779B9 + seed·0x85EBCA6B` in wrapping 32-bit arithmetic, mixed by two multiplications and
/// three shifts; the upper 24 bits are a number in [0, 1), exact in single precision.
public struct WorkloadRandom: Sendable {
  /// Which sequence.
  public let seed: UInt32

  /// One sequence.
  public init(seed: UInt32) { self.seed = seed }

  /// Number `index` of the sequence, in [0, 1).
  public func unit(_ index: Int) -> Float {
    var x = UInt32(truncatingIfNeeded: index) &* 0x9E37_79B9 &+ seed &* 0x85EB_CA6B
    x ^= x >> 16
    x &*= 0x7FEB_352D
    x ^= x >> 15
    x &*= 0x846C_A68B
    x ^= x >> 16
    return Float(x >> 8) * 0x1p-24
  }

  /// The first `count` numbers, scaled to [low, high) with one rounding each for product and sum.
  public func uniform(_ count: Int, _ low: Double = -1, _ high: Double = 1) -> [Float] {
    let width = Float(high - low)
    let start = Float(low)
    return (0..<count).map { unit($0) * width + start }
  }

  /// Weights of a layer in the order `[outputs, inputs]`, uniform in ±√(3 / inputs).
  public func weights(outputs: Int, inputs: Int) -> [Float] {
    let limit = (3 / Double(inputs)).squareRoot()
    return uniform(outputs * inputs, -limit, limit)
  }

  /// Unit vectors, uniform on the sphere: x, y and z of each.
  public func directions(_ count: Int) -> [[Float]] {
    var axes = [[Float]](repeating: [], count: 3)
    for index in 0..<count {
      let z = 1 - 2 * Double(unit(2 * index))
      let angle = 2 * Double.pi * Double(unit(2 * index + 1))
      let radius = max(0, 1 - z * z).squareRoot()
      axes[0].append(Float(radius * cos(angle)))
      axes[1].append(Float(radius * sin(angle)))
      axes[2].append(Float(z))
    }
    return axes
  }
}
