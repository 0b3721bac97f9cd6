public import NeRFCore

/// What this machine can do at most, measured with a number of threads when it is asked for first.
///
/// Every rate is the fastest of several repetitions, so that another program that ran meanwhile does not
/// make the machine look slower than it is.
public final class MachineBounds: MachineRates {
  /// The threads that share the work.
  public let pool: WorkerPool
  private var streams: [Stream: Double] = [:]
  private var tables: [Int: Double] = [:]

  private struct Stream: Hashable {
    let kind: MemoryStream.Kind
    let footprint: Int
  }

  /// Rates for a number of threads.
  public init(pool: WorkerPool) { self.pool = pool }

  /// Multiply-adds in registers with the kernels in use, in operations a second.
  public private(set) lazy var arithmetic = peak { FastKernels.runPeakArithmetic(rounds: $0) }

  /// How many times as long arithmetic takes at this moment as at its fastest, from some milliseconds of it.
  ///
  /// Processors of shared machines change their speed from second to second; a piece of work is compared
  /// with what they could do just then.
  public func slowdown() -> Double {
    let rounds = max(
      1, Int(4e-3 * arithmetic / Double(pool.threads * FastKernels.peakOperations(rounds: 1))))
    let seconds = Timing.measure {
      pool.forEach(pool.threads) { _, _ in _ = FastKernels.runPeakArithmetic(rounds: rounds) }
    }
    let operations = Double(pool.threads * FastKernels.peakOperations(rounds: rounds))
    return seconds * arithmetic / operations
  }

  private func peak(_ run: (Int) -> Int) -> Double {
    let rounds = 1 << 16
    let operations = Double(run(rounds)) / Double(rounds)
    return fastestRate(Double(pool.threads * rounds) * operations) { [pool] repetitions in
      pool.forEach(pool.threads) { _, _ in _ = run(repetitions * rounds) }
    }
  }

  /// Smallest and largest working set that are told apart, in bytes: half of a first-level cache, and
  /// several times the last level of most machines.
  static let footprints = 1 << 14...1 << 27

  /// Bytes a second of a stream. The working set is rounded down to a power of two, because a smaller
  /// one is never slower.
  public func bytesPerSecond(_ kind: MemoryStream.Kind, footprint: Int) -> Double {
    let limited = min(max(footprint, Self.footprints.lowerBound), Self.footprints.upperBound)
    let key = Stream(
      kind: kind, footprint: 1 << (Int.bitWidth - 1 - limited.leadingZeroBitCount))
    if let known = streams[key] { return known }
    var rate = measureStream(kind, footprint: key.footprint)
    // An update in place is a copy without the lines that a copy fetches to overwrite them, so it can be
    // no slower in principle; where this loop is, it is the loop.
    if kind == .updating { rate = max(rate, bytesPerSecond(.copying, footprint: footprint)) }
    streams[key] = rate
    return rate
  }

  /// Reads a second from a table of this very size, of all threads together.
  public func randomReads(tableBytes: Int) -> Double {
    let size = min(max(tableBytes, 64), 1 << 29)
    if let known = tables[size] { return known }
    let rate = measureRandomReads(tableBytes: size)
    tables[size] = rate
    return rate
  }

  /// Amount of work a second: the fastest of at least ten repetitions of 8 ms or more.
  func fastestRate(_ amount: Double, _ work: (_ rounds: Int) -> Void) -> Double {
    var rounds = 1
    work(rounds)
    var duration = Timing.measure { work(rounds) }
    while duration < 8e-3 {
      rounds *= max(2, Int(1e-2 / max(duration, 1e-6)))
      duration = Timing.measure { work(rounds) }
    }
    for _ in 0..<10 { duration = min(duration, Timing.measure { work(rounds) }) }
    return amount * Double(rounds) / duration
  }
}
