/// The order in which the cells of an occupancy grid are stored.
///
/// A Morton index interleaves the bits of the coordinates, x in bit 0, y in bit 1, z in bit 2:
/// (1,0,0) → 1, (0,1,0) → 2, (0,0,1) → 4, (127,127,127) → 2097151. Cells close in space are close in
/// memory, so a ray touches few cache lines.
public enum Morton {
  /// Largest coordinate that fits: ten bits per axis.
  public static let largestCoordinate = 1023

  /// The index of a cell; coordinates in 0...1023, higher bits are ignored.
  @inlinable
  public static func encode(_ x: Int, _ y: Int, _ z: Int) -> Int {
    Int(spread(x) | spread(y) << 1 | spread(z) << 2)
  }

  /// The cell of an index below 2³⁰.
  @inlinable
  public static func decode(_ index: Int) -> SIMD3<Int> {
    let code = UInt32(truncatingIfNeeded: index)
    return SIMD3(gather(code), gather(code >> 1), gather(code >> 2))
  }

  /// Moves bit k to bit 3k.
  @inlinable
  static func spread(_ value: Int) -> UInt32 {
    var v = UInt32(truncatingIfNeeded: value) & 0x3FF
    v = (v | v << 16) & 0x0300_00FF
    v = (v | v << 8) & 0x0300_F00F
    v = (v | v << 4) & 0x030C_30C3
    v = (v | v << 2) & 0x0924_9249
    return v
  }

  /// Moves bit 3k to bit k.
  @inlinable
  static func gather(_ code: UInt32) -> Int {
    var v = code & 0x0924_9249
    v = (v | v >> 2) & 0x030C_30C3
    v = (v | v >> 4) & 0x0300_F00F
    v = (v | v >> 8) & 0x0300_00FF
    v = (v | v >> 16) & 0x3FF
    return Int(v)
  }
}
