/// The small random number generator whose sequence the released code uses to jitter rays.
///
/// PCG-XSH-RR 64/32 of O'Neill (2014): a linear congruential generator modulo 2⁶⁴,
///
///     s ← s · 6364136223846793005 + increment
///
/// whose old state is mixed by shift, exclusive-or and a rotation. The library's own numbers come
/// from ``CounterRandom``; this one exists for comparison.
public struct PCG32: Equatable, Sendable {
  /// The state of the congruential generator.
  public private(set) var state: UInt64
  /// The odd constant that selects a sequence.
  public let increment: UInt64

  private static let multiplier: UInt64 = 0x5851_F42D_4C95_7F2D

  /// Seeds as the reference implementation does: one step from zero, add the seed, one step.
  public init(seed: UInt64 = 42, sequence: UInt64 = 1) {
    state = 0
    increment = sequence << 1 | 1
    _ = next()
    state &+= seed
    _ = next()
  }

  /// The next 32 random bits.
  public mutating func next() -> UInt32 {
    let old = state
    state = old &* Self.multiplier &+ increment
    let mixed = UInt32(truncatingIfNeeded: ((old >> 18) ^ old) >> 27)
    let turn = UInt32(old >> 59)
    return mixed >> turn | mixed << ((0 &- turn) & 31)
  }

  /// The next number in [0, 1), a multiple of 2⁻²³.
  public mutating func nextFloat() -> Float {
    Float(bitPattern: next() >> 9 | 0x3F80_0000) - 1
  }

  /// Skips `steps` outputs.
  ///
  /// A step is an affine map, and so is any power of it, by repeated squaring (Brown 1994).
  ///
  /// - Complexity: O(log steps).
  public mutating func advance(by steps: UInt64) {
    var (factor, summand) = (Self.multiplier, increment)
    var (totalFactor, totalSummand): (UInt64, UInt64) = (1, 0)
    var rest = steps
    while rest > 0 {
      if rest & 1 == 1 {
        totalFactor = totalFactor &* factor
        totalSummand = totalSummand &* factor &+ summand
      }
      summand = (factor &+ 1) &* summand
      factor = factor &* factor
      rest >>= 1
    }
    state = totalFactor &* state &+ totalSummand
  }
}
