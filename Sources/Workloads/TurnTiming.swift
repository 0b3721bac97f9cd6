/// Durations of several ways to spend time, in seconds per call, taken in turn.
///
/// On a machine that others use, two measurements of seconds one after the other see different machines; two
/// repetitions beside each other hardly do. So a ratio is taken within each round.
public struct TurnTiming: Sendable {
  /// One duration per way, round by round.
  public let rounds: [[Double]]

  /// Durations that were measured.
  public init(rounds: [[Double]]) { self.rounds = rounds }

  /// Times all ways: a call of each to warm up, then rounds of a repetition of at least 60 ms of each, until
  /// there are eleven and `seconds` have passed. Each round begins one way further than the one before.
  public init(seconds: Double, ways: [() throws -> Void]) throws {
    let calls = try ways.map { way in
      try way()
      return max(1, Int((0.06 / max(try Timing.measure(way), 1e-9)).rounded(.up)))
    }
    var rounds: [[Double]] = []
    var total = 0.0
    while rounds.count < 11 || total < seconds {
      var round = ways.map { _ in 0.0 }
      for turn in ways.indices {
        let way = (rounds.count + turn) % ways.count
        let duration = try Timing.measure { for _ in 0..<calls[way] { try ways[way]() } }
        round[way] = duration / Double(calls[way])
        total += duration
      }
      rounds.append(round)
    }
    self.init(rounds: rounds)
  }

  /// How many times as long one way took as another, round by round.
  public func ratios(of way: Int, over other: Int) -> Quantiles {
    Quantiles(rounds.map { $0[way] / $0[other] })
  }
}

/// Numbers in ascending order, and what lies where among them.
public struct Quantiles: Sendable {
  /// The numbers, ascending.
  public let values: [Double]

  /// Sorts them.
  public init(_ values: [Double]) { self.values = values.sorted() }

  /// The number that a share of them does not exceed, between neighbours in proportion; NaN for none.
  public func callAsFunction(_ share: Double) -> Double {
    guard let last = values.indices.last else { return .nan }
    let place = share * Double(last)
    let low = Int(place)
    let high = min(low + 1, last)
    return values[low] + (place - Double(low)) * (values[high] - values[low])
  }
}
