public import NeRFCore

/// How much faster a workload is with more threads, from repetitions in turn.
public struct ScalingRecord: Codable, Sendable {
  public let workload: String
  public let mode: String
  public let isa: String
  public let fewer_threads: Int
  public let threads: Int
  /// The middle one of the pairs' ratios.
  public let speedup: Double
  /// A quarter of the pairs' ratios lies below.
  public let lower_quartile: Double
  /// A quarter of the pairs' ratios lies above.
  public let upper_quartile: Double
  public let pairs: Int
}

/// Durations of two ways to do the same work, in seconds per call, taken in turn.
///
/// On a machine that others use, two measurements of seconds one after the other see different machines; two
/// repetitions beside each other hardly do. So a ratio is taken within each pair.
public struct PairedTiming: Sendable {
  /// First over second, one per pair, ascending.
  public let ratios: [Double]

  /// Durations of the first and of the second, pair by pair.
  public init(pairs: [(first: Double, second: Double)]) {
    ratios = pairs.map { $0.first / $0.second }.sorted()
  }

  /// Times both: a call of each to warm up, then pairs of repetitions of at least 60 ms, of which every other
  /// one begins with the second, until there are eleven and `seconds` have passed.
  public init(
    seconds: Double, first: () throws -> Void, second: () throws -> Void
  ) rethrows {
    func calls(_ work: () throws -> Void) rethrows -> Int {
      try work()
      return max(1, Int((0.06 / max(try Timing.measure(work), 1e-9)).rounded(.up)))
    }
    let (firstCalls, secondCalls) = (try calls(first), try calls(second))
    func duration(_ calls: Int, _ work: () throws -> Void) rethrows -> Double {
      try Timing.measure { for _ in 0..<calls { try work() } } / Double(calls)
    }
    var pairs: [(first: Double, second: Double)] = []
    var total = 0.0
    while pairs.count < 11 || total < seconds {
      var pair = (first: 0.0, second: 0.0)
      if pairs.count.isMultiple(of: 2) {
        pair.first = try duration(firstCalls, first)
        pair.second = try duration(secondCalls, second)
      } else {
        pair.second = try duration(secondCalls, second)
        pair.first = try duration(firstCalls, first)
      }
      total += pair.first * Double(firstCalls) + pair.second * Double(secondCalls)
      pairs.append(pair)
    }
    self.init(pairs: pairs)
  }

  /// The ratio that a share of the pairs does not exceed, between neighbours in proportion; NaN for no pairs.
  public func quantile(_ share: Double) -> Double {
    guard let last = ratios.indices.last else { return .nan }
    let place = share * Double(last)
    let low = Int(place)
    let high = min(low + 1, last)
    return ratios[low] + (place - Double(low)) * (ratios[high] - ratios[low])
  }
}

extension WorkloadEntry {
  /// Runs it with one and the other number of threads in turn, on data of their own.
  ///
  /// - Parameter seconds: Measures at least that long.
  /// - Throws: What the workload throws.
  public func scaling(
    from fewer: WorkerPool, to more: WorkerPool, seconds: Double
  ) throws -> ScalingRecord {
    let (slow, fast) = (try makeFast(.full, fewer), try makeFast(.full, more))
    let timing = try PairedTiming(
      seconds: seconds, first: { try slow.run() }, second: { try fast.run() })
    return ScalingRecord(
      workload: name, mode: mode.rawValue, isa: FastKernels.instructionSet,
      fewer_threads: fewer.threads, threads: more.threads, speedup: timing.quantile(0.5),
      lower_quartile: timing.quantile(0.25), upper_quartile: timing.quantile(0.75),
      pairs: timing.ratios.count)
  }
}
