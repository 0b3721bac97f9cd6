public import NeRFCore
import Synchronization

/// How much faster a workload is with more threads, from repetitions in turn.
public struct ScalingRecord: Codable, Sendable {
  public let workload: String
  public let mode: String
  public let isa: String
  public let fewer_threads: Int
  public let threads: Int
  /// The middle one of the rounds' ratios.
  public let speedup: Double
  /// A quarter of the rounds' ratios lies below.
  public let lower_quartile: Double
  /// A quarter of the rounds' ratios lies above.
  public let upper_quartile: Double
  /// What multiply-adds in registers gained in the same rounds, the middle one: their threads share nothing,
  /// so what is missing to the number of threads is the machine's doing.
  public let arithmetic_speedup: Double
  /// What the same work gained in the same rounds if each thread did it on data of its own, the middle one:
  /// nothing is divided and nobody waits, but caches and memory have to serve more data than divided work
  /// needs, so that ``speedup`` may be larger. Nil if it was not asked for.
  public let copies_speedup: Double?
  public let rounds: Int
}

extension WorkloadEntry {
  /// Runs it with one and the other number of threads in turn, on data of their own.
  ///
  /// - Parameters:
  ///   - seconds: Measures at least that long.
  ///   - copies: Whether each thread also does the whole work on data of its own; needs the memory of
  ///     one workload per thread. Left out unless `fewer` is one thread.
  /// - Throws: What the workload throws.
  public func scaling(
    from fewer: WorkerPool, to more: WorkerPool, seconds: Double, copies: Bool = false
  ) throws -> ScalingRecord {
    let (slow, fast) = (try makeFast(.full, fewer), try makeFast(.full, more))
    var ways: [() throws -> Void] = [
      { try slow.run() }, { try fast.run() }, { runArithmetic(fewer) }, { runArithmetic(more) },
    ]
    if copies && fewer.threads == 1 {
      let others = try (1..<more.threads).map { _ in try makeFast(.full, fewer) }
      ways.append { try runAtOnce([slow] + others, on: more) }
    }
    let timing = try TurnTiming(seconds: seconds, ways: ways)
    let ratios = timing.ratios(of: 0, over: 1)
    // Every thread of either pool does the same number of multiply-adds.
    let arithmetic =
      timing.ratios(of: 2, over: 3)(0.5) * Double(more.threads) / Double(fewer.threads)
    return ScalingRecord(
      workload: name, mode: mode.rawValue, isa: FastKernels.instructionSet,
      fewer_threads: fewer.threads, threads: more.threads, speedup: ratios(0.5),
      lower_quartile: ratios(0.25), upper_quartile: ratios(0.75), arithmetic_speedup: arithmetic,
      copies_speedup: ways.count < 5
        ? nil : timing.ratios(of: 0, over: 4)(0.5) * Double(more.threads),
      rounds: timing.rounds.count)
  }
}

/// Some 10⁷ rounds of multiply-adds in registers on every thread, tens of milliseconds: waking threads does
/// not count beside it.
private func runArithmetic(_ pool: WorkerPool) {
  pool.forEach(pool.threads) { _, _ in _ = FastKernels.runPeakArithmetic(rounds: 1 << 24) }
}

/// Runs pieces of work at the same time, each on one thread, and throws what the first of them threw.
private func runAtOnce(_ works: [any Workload<Float>], on pool: WorkerPool) throws {
  // Each piece is touched by the one thread that takes it.
  nonisolated(unsafe) let works = works
  let results = Mutex<[Int: any Error]>([:])
  pool.forEach(works.count) { index, _ in
    do { try works[index].run() } catch { results.withLock { $0[index] = error } }
  }
  if let first = results.withLock({ $0.min { $0.key < $1.key } }) { throw first.value }
}
