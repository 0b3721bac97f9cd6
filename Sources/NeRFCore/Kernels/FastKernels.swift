import CNeRFKernels

/// The hot loops for `Float`: compiled C for the instruction sets of this machine. What each computes is
/// defined by ``ReferenceKernels``.
public enum FastKernels: KernelSet {
  /// The function table in use.
  // Points to constants of the C target, written by nobody.
  nonisolated(unsafe) static let table: UnsafePointer<pvd_kernels> = pvd_kernels_best()

  /// Name of the instruction set in use: `base`, `v3` (AVX2) or `v4` (AVX-512); the environment
  /// variable `PVD_ISA` chooses one of those that the machine has.
  public static var instructionSet: String { String(cString: table.pointee.name) }

  /// Instruction sets that this build has and this machine can run.
  public static var availableInstructionSets: [String] {
    ["base", "v3", "v4"].filter { pvd_kernels_named($0) != nil }
  }

  public static func tileToSamples(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.tile_to_samples(x, Int32(rows), y, Int32(count))
  }

  public static func samplesToTile(
    _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.samples_to_tile(x, Int32(rows), y, Int32(count))
  }

  public static func exponential(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.exponential(x, y, Int32(count))
  }

  public static func sigmoid(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.sigmoid(x, y, Int32(count))
  }

  /// Writes 16 rows for any degree up to 4.
  public static func sphericalHarmonics(
    degree: Int, directions: PointPointers<Float>, output: UnsafeMutablePointer<Float>, count: Int
  ) {
    if degree <= 4 {
      table.pointee.spherical_harmonics4(
        directions.x, directions.y, directions.z, output, Int32(degree), Int32(count))
    } else {
      ReferenceKernels<Float>.sphericalHarmonics(
        degree: degree, directions: directions, output: output, count: count)
    }
  }

  public static func sphericalHarmonicsRows(
    directions: PointPointers<Float>, output: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.spherical_harmonics_rows(
      directions.x, directions.y, directions.z, output, Int64(count))
  }

  /// Largest argument of sine and cosine for which the fast reduction keeps its error bound.
  public static let largestFastAngle: Float = 6000

  public static func frequencyBands(
    _ bands: Int, points: PointPointers<Float>, output: UnsafeMutablePointer<Float>, count: Int
  ) {
    let top = Float(sign: .plus, exponent: max(bands - 1, 0), significand: 1)
    for axis in 0..<3 {
      for s in 0..<count where !(abs(points[axis][s]) * top <= largestFastAngle) {
        ReferenceKernels<Float>.frequencyBands(bands, points: points, output: output, count: count)
        return
      }
    }
    for axis in 0..<3 {
      table.pointee.frequency_bands(
        points[axis], output + axis * Tile.stride, Int32(3 * Tile.stride), Int32(bands),
        Int32(count))
    }
  }

  /// Zeros into memory aligned to 4 bytes, a multiple of 4 of them, past the caches.
  package static func clear(_ start: UnsafeMutableRawPointer, bytes: Int) {
    table.pointee.clear(start.assumingMemoryBound(to: Float.self), Int64(bytes / 4))
  }

  public static func adamW(
    _ update: AdamWUpdate<Float>, values: UnsafeMutablePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, firstMoments: UnsafeMutablePointer<Float>,
    secondMoments: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.adamw(
      values, gradients, firstMoments, secondMoments, Int64(count), update.keep, update.beta1,
      update.beta2, update.step, update.inverseRoot, update.epsilon)
  }
}
