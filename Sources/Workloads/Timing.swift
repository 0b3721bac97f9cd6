import Dispatch

/// Durations of repetitions of one piece of work, in seconds per call.
public struct Timing: Sendable {
  /// One duration per repetition, ascending.
  public let durations: [Double]
  /// How slow the machine was around each of them; 1 throughout if nobody looked.
  public let slowdowns: [Double]

  /// Durations that were measured, in any order, and how slow the machine was around each.
  public init(durations: [Double], slowdowns: [Double]? = nil) {
    let slowdowns = slowdowns ?? durations.map { _ in 1 }
    precondition(slowdowns.count == durations.count, "Timing: one slowdown per duration")
    let order = durations.indices.sorted { durations[$0] < durations[$1] }
    self.durations = order.map { durations[$0] }
    self.slowdowns = order.map { slowdowns[$0] }
  }

  /// Times `work`: two calls to warm up, then repetitions of at least 60 ms each, until there are seven
  /// and `seconds` have passed, or twenty-five.
  ///
  /// - Parameter slowdown: How slow the machine is at this moment, 1 at its best; asked for before the first
  ///   repetition and behind each. The slowdown of a repetition is the mean of those on its sides.
  public init(
    seconds: Double, slowdown: () -> Double = { 1 }, _ work: () throws -> Void
  ) rethrows {
    var calls = 1
    for _ in 0..<2 {
      let duration = try Self.measure(work)
      calls = max(1, Int((0.06 / max(duration, 1e-9)).rounded(.up)))
    }
    var durations: [Double] = []
    var slowdowns: [Double] = []
    var total = 0.0
    var before = slowdown()
    while durations.count < 7 || (total < seconds && durations.count < 25) {
      let duration = try Self.measure { for _ in 0..<calls { try work() } }
      let after = slowdown()
      durations.append(duration / Double(calls))
      slowdowns.append((before + after) / 2)
      before = after
      total += duration
    }
    self.init(durations: durations, slowdowns: slowdowns)
  }

  /// The middle duration.
  public var median: Double { Self.median(durations) }

  /// The middle one of the repetitions' durations, each divided by what the same work takes at least on a
  /// machine that is slower by a factor.
  public func medianRatio(to bound: (_ slowdown: Double) -> Double) -> Double {
    Self.median(zip(durations, slowdowns).map { $0 / bound($1) })
  }

  /// The middle one of some numbers; NaN for none.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    guard !sorted.isEmpty else { return .nan }
    return sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
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
