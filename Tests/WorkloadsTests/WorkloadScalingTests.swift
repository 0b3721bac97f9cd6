import Foundation
import NeRFCore
import Testing
import Workloads

@Suite("Scaling of a workload")
struct WorkloadScalingTests {
  @Test("quantiles of the rounds' ratios, in proportion between neighbours")
  func quantiles() {
    let timing = TurnTiming(rounds: [[6, 2, 3], [1, 1, 5], [4, 2, 8], [10, 2, 1], [8, 2, 4]])
    let ratios = timing.ratios(of: 0, over: 1)
    #expect(ratios.values == [1, 2, 3, 4, 5])
    #expect(ratios(0) == 1)
    #expect(ratios(0.5) == 3)
    #expect(ratios(0.75) == 4)
    #expect(ratios(0.6) == 3.4)
    #expect(ratios(1) == 5)
    #expect(timing.ratios(of: 2, over: 1).values == [0.5, 1.5, 2, 4, 5])
    #expect(TurnTiming(rounds: []).ratios(of: 0, over: 1)(0.5).isNaN)
  }

  @Test("all are run in turn, and each round begins one way further")
  func turns() throws {
    var calls: [Int] = []
    // As long as a repetition, so that each is one call.
    func work(_ number: Int) -> () -> Void {
      {
        calls.append(number)
        usleep(61_000)
      }
    }
    let timing = try TurnTiming(seconds: 0, ways: [work(1), work(2), work(3)])
    #expect(timing.rounds.count == 11)
    #expect(timing.rounds.allSatisfy { $0.allSatisfy { $0 >= 0.061 } })
    // Two calls of each to warm up and to see how long it takes.
    let turns = (0..<11).flatMap { [[1, 2, 3], [2, 3, 1], [3, 1, 2]][$0 % 3] }
    #expect(calls == [1, 1, 2, 2, 3, 3] + turns)
  }

  @Test("what a way throws ends the measurement")
  func failure() {
    struct Broken: Error {}
    #expect(throws: Broken.self) {
      try TurnTiming(seconds: 0, ways: [{}, { throw Broken() }])
    }
  }

  @Test("a workload is compared with itself on more threads, with arithmetic and with copies")
  func workload() throws {
    let entry = try #require(WorkloadCatalog.all.first { $0.name == "W6" })
    let (one, two) = (WorkerPool(threads: 1), WorkerPool(threads: 2))
    let record = try entry.scaling(from: one, to: two, seconds: 0, copies: true)
    #expect(record.fewer_threads == 1 && record.threads == 2 && record.rounds == 11)
    #expect(record.lower_quartile <= record.speedup && record.speedup <= record.upper_quartile)
    #expect(record.lower_quartile > 0)
    // A thread that does all the work of both gains nothing; two processors that others also use gain
    // at most a few times as much as two alone.
    let copies = try #require(record.copies_speedup)
    for gain in [record.arithmetic_speedup, copies] { #expect(gain > 0.2 && gain < 20) }
  }

  @Test("copies are left out unless asked for, and where the smaller number is not one thread")
  func withoutCopies() throws {
    let entry = try #require(WorkloadCatalog.all.first { $0.name == "W6" })
    let (one, two) = (WorkerPool(threads: 1), WorkerPool(threads: 2))
    #expect(try entry.scaling(from: one, to: two, seconds: 0).copies_speedup == nil)
    #expect(try entry.scaling(from: two, to: two, seconds: 0, copies: true).copies_speedup == nil)
  }
}
