import Dispatch

/// Durations of repetitions of one piece of work, in seconds per call.
public struct Timing: Sendable {
  /// One duration per repetition, ascending.
  public let durations: [Double]

  /// Durations that were measured.
  public init(durations: [Double]) { self.durations = durations.sorted() }

  /// Times `work`: two calls to warm up, then repetitions of at least 60 ms each, until there are seven
  /// and `seconds` have passed, or twenty-five.
  public init(seconds: Double, _ work: () throws -> Void) rethrows {
    var calls = 1
    for _ in 0..<2 {
      let duration = try Self.measure(work)
      calls = max(1, Int((0.06 / max(duration, 1e-9)).rounded(.up)))
    }
    var durations: [Double] = []
    var total = 0.0
    while durations.count < 7 || (total < seconds && durations.count < 25) {
      let duration = try Self.measure { for _ in 0..<calls { try work() } }
      durations.append(duration / Double(calls))
      total += duration
    }
    self.init(durations: durations)
  }

  /// The middle duration.
  public var median: Double {
    let middle = durations.count / 2
    guard !durations.isEmpty else { return .nan }
    return durations.count.isMultiple(of: 2)
      ? (durations[middle - 1] + durations[middle]) / 2 : durations[middle]
  }

  /// The shortest duration.
  public var minimum: Double { durations.first ?? .nan }

  /// Distance of the longest from the shortest, as a share of the median.
  public var spread: Double { ((durations.last ?? .nan) - minimum) / median }

  /// Seconds of one call.
  public static func measure(_ work: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try work()
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }
}
