import NeRFCore

/// What this machine can do at most, measured now with a number of threads.
public struct MachineBounds: Sendable {
  /// Multiply-adds in registers, in floating-point operations a second.
  public let arithmetic: Double
  /// Copying between buffers far larger than the caches, in bytes read plus written a second.
  public let copying: Double
  /// Reads of eight bytes at random places of a table of 4 MiB, the size of one level of the hash
  /// grid, a second.
  public let randomReads: Double

  /// Measures for about a second.
  public init(pool: WorkerPool) {
    let rounds = 1 << 22
    let peak = Timing(seconds: 0.3) {
      pool.forEach(pool.threads) { _, _ in _ = FastKernels.runPeakArithmetic(rounds: rounds) }
    }
    arithmetic =
      Double(pool.threads * FastKernels.runPeakArithmetic(rounds: rounds)) / peak.median

    let count = 1 << 25
    let (source, target) = (
      AlignedBuffer<Float>(count: count, repeating: 1),
      AlignedBuffer<Float>(count: count, repeating: 0)
    )
    let copy = Timing(seconds: 0.3) {
      pool.forEachRange(count, size: 1 << 20) { range, _ in
        (target.base + range.lowerBound).update(
          from: source.base + range.lowerBound, count: range.count)
      }
    }
    copying = Double(2 * count * MemoryLayout<Float>.size) / copy.median

    let rows = 1 << 19
    let table = AlignedBuffer<UInt64>(count: rows, repeating: 1)
    let reads = 1 << 20
    let sums = AlignedBuffer<UInt64>(count: 8 * pool.threads, repeating: 0)
    let random = Timing(seconds: 0.3) {
      pool.forEach(pool.threads) { item, _ in
        sums.base[8 * item] &+= Self.sumRandomly(table.base, rows: rows, reads: reads, seed: item)
      }
    }
    randomReads = Double(pool.threads * reads) / random.median
  }

  private static func sumRandomly(
    _ table: UnsafePointer<UInt64>, rows: Int, reads: Int, seed: Int
  ) -> UInt64 {
    var sum: UInt64 = 0
    var state = UInt32(truncatingIfNeeded: seed) &* 0x9E37_79B9 &+ 1
    for _ in 0..<reads {
      state = state &* 1_664_525 &+ 1_013_904_223
      sum &+= table[Int(state >> 8) & (rows - 1)]
    }
    return sum
  }
}
