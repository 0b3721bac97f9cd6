import Dispatch

/// Wall-clock seconds spent in the phases of a step.
///
/// For profiles only: nothing in a run depends on them.
public struct PhaseTimes: Sendable {
  /// Seconds by phase, in the order the phases were first met.
  public private(set) var seconds: [(phase: String, seconds: Double)] = []

  /// No time yet.
  public init() {}

  /// Runs `body` and adds its time to `phase`.
  mutating func measure<R>(_ phase: String, _ body: () throws -> R) rethrows -> R {
    let start = DispatchTime.now().uptimeNanoseconds
    defer {
      let elapsed = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
      if let index = seconds.firstIndex(where: { $0.phase == phase }) {
        seconds[index].seconds += elapsed
      } else {
        seconds.append((phase, elapsed))
      }
    }
    return try body()
  }

  /// Sum over the phases.
  public var total: Double { seconds.reduce(0) { $0 + $1.seconds } }
}
