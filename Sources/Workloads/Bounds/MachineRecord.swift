import NeRFCore

/// The most telling rates of a machine, as a machine reads them.
public struct MachineRecord: Codable, Sendable {
  public let threads: Int
  public let isa: String
  /// Multiply-adds in registers, counted twice.
  public let gflops: Double
  /// Streams that are too large for the caches, in 10⁹ bytes a second, reads plus writes.
  public let reading_gbytes_per_s: Double
  public let filling_gbytes_per_s: Double
  public let copying_gbytes_per_s: Double
  public let updating_gbytes_per_s: Double
  /// Reads of eight bytes from 4 MiB, the size of a level of the hash grid, in 10⁶ a second.
  public let level_mreads_per_s: Double
  /// The same from 235 MB, the size of a dense volume.
  public let volume_mreads_per_s: Double

  /// Measures for about a second.
  public init(_ bounds: MachineBounds) {
    func stream(_ kind: MemoryStream.Kind) -> Double {
      1e-9 * bounds.bytesPerSecond(kind, footprint: MachineBounds.footprints.upperBound)
    }
    threads = bounds.pool.threads
    isa = FastKernels.instructionSet
    gflops = 1e-9 * bounds.arithmetic
    reading_gbytes_per_s = stream(.reading)
    filling_gbytes_per_s = stream(.filling)
    copying_gbytes_per_s = stream(.copying)
    updating_gbytes_per_s = stream(.updating)
    level_mreads_per_s = 1e-6 * bounds.randomReads(tableBytes: 4 << 20)
    volume_mreads_per_s = 1e-6 * bounds.randomReads(tableBytes: 4 * 28 << 21)
  }
}
