import RealModule

/// What a stream of random numbers is used for; each purpose has numbers of its own.
///
/// Adding a purpose does not disturb the others, so runs stay comparable between versions.
public struct RandomPurpose: RawRepresentable, Hashable, Sendable {
  /// The number mixed into the key.
  public let rawValue: UInt32
  /// Names a purpose by number; numbers below 1000 belong to this library.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Initial parameter values; the index runs over the parameter tensors.
  public static let initialisation = RandomPurpose(rawValue: 1)
  /// Pixels drawn for a training batch.
  public static let pixels = RandomPurpose(rawValue: 2)
  /// Random background colours.
  public static let background = RandomPurpose(rawValue: 3)
  /// Offsets of the first sample along a ray.
  public static let marchJitter = RandomPurpose(rawValue: 4)
  /// Cells and offsets of an occupancy update.
  public static let occupancy = RandomPurpose(rawValue: 5)
  /// Camera poses drawn around a scene.
  public static let poses = RandomPurpose(rawValue: 6)
  /// The order in which poses or images are visited.
  public static let shuffle = RandomPurpose(rawValue: 7)
  /// Antialiasing offsets and view placement of procedural scenes.
  public static let scene = RandomPurpose(rawValue: 8)
  /// Directions along which gradients are verified.
  public static let verification = RandomPurpose(rawValue: 9)
  /// Hard rays that are rendered again.
  public static let hardRays = RandomPurpose(rawValue: 10)
  /// Hard poses that are rendered again, where, and how they are turned.
  public static let hardPoses = RandomPurpose(rawValue: 11)
}

/// Random numbers addressed by position instead of drawn in sequence.
///
/// Philox4x32-10 of Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3": ten rounds
/// of multiplication and exclusive-or map (key, counter) to 128 random bits. The value at an index
/// depends on seed, purpose, stream and index alone, so any thread can compute any part, and a
/// resumed run needs no saved generator state beyond its step number.
public struct CounterRandom: Sendable {
  private let key: SIMD2<UInt32>
  private let high: SIMD2<UInt32>

  /// - Parameters:
  ///   - seed: Identifies the run; both halves enter the key.
  ///   - purpose: Separates uses within one run.
  ///   - stream: Separates, for example, steps or tensors within one purpose; below 2³².
  public init(seed: UInt64, purpose: RandomPurpose, stream: Int = 0) {
    precondition(stream >= 0 && stream <= UInt32.max, "CounterRandom: stream \(stream)")
    self.key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.high = SIMD2(UInt32(stream), purpose.rawValue)
  }

  /// The Philox4x32-10 bijection of one counter block.
  @inlinable
  public static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) * UInt64(c.x)
      let second = UInt64(0xCD9E_8D57) * UInt64(c.z)
      c = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ c.y ^ k.x, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ c.w ^ k.y, UInt32(truncatingIfNeeded: first))
      k = SIMD2(k.x &+ 0x9E37_79B9, k.y &+ 0xBB67_AE85)
    }
    return c
  }

  /// Four random words at `index`.
  public func words(at index: Int) -> SIMD4<UInt32> {
    let low = UInt64(bitPattern: Int64(index))
    return Self.philox(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: low >> 32), high.x, high.y),
      key: key)
  }

  /// Four independent numbers at `index`, uniform in [0, 1), multiples of 2⁻²⁴.
  public func uniform4(at index: Int) -> SIMD4<Float> {
    SIMD4<Float>(words(at: index) &>> 8) * 0x1p-24
  }

  /// A number at `index`, uniform in [0, 1), a multiple of 2⁻²⁴.
  public func uniform(at index: Int) -> Float { uniform4(at: index).x }

  /// A number at `index`, uniform in [0, 1), a multiple of 2⁻⁵³.
  public func uniformDouble(at index: Int) -> Double {
    let w = words(at: index)
    return Double(UInt64(w.x) << 21 ^ UInt64(w.y) >> 11) * 0x1p-53
  }

  /// A whole number at `index` in `0..<bound`, by multiplication (Lemire 2019, without rejection).
  ///
  /// The bias is below `bound / 2⁶⁴`.
  public func integer(at index: Int, below bound: Int) -> Int {
    precondition(bound > 0, "CounterRandom: bound \(bound) must be positive")
    let w = words(at: index)
    let bits = UInt64(w.x) << 32 | UInt64(w.y)
    return Int(bits.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Two independent standard normal numbers at `index` (Box and Muller 1958).
  public func normal2(at index: Int) -> SIMD2<Double> {
    let w = words(at: index)
    // The half keeps the logarithm finite: the radius never sees 0.
    let u = (Double(w.x) + 0.5) * 0x1p-32
    let angle = 2 * Double.pi * Double(w.y) * 0x1p-32
    let radius = (-2 * Double.log(u)).squareRoot()
    return SIMD2(radius * Double.cos(angle), radius * Double.sin(angle))
  }

  /// The numbers `0..<count` in random order (Fisher and Yates, from the top down).
  public func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(last, integer(at: last, below: last + 1))
    }
    return order
  }

  /// Different whole numbers in `0..<bound`, in a random order.
  ///
  /// The first steps of a shuffle that remembers only the places it touched: O(number), whatever the bound.
  ///
  /// - Parameters:
  ///   - number: At most `bound`.
  ///   - first: The index from which random numbers are taken.
  public func distinct(_ number: Int, below bound: Int, from first: Int = 0) -> [Int] {
    precondition(number <= bound, "CounterRandom: \(number) different numbers below \(bound)")
    var moved: [Int: Int] = [:]
    return (0..<max(0, number)).map { i in
      let j = i + integer(at: first + i, below: bound - i)
      let taken = moved[j] ?? j
      moved[j] = moved[i] ?? i
      return taken
    }
  }
}
