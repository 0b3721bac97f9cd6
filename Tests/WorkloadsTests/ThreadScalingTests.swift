import Foundation
import NeRFCore
import Testing
import Workloads

@Suite("Thread scaling")
struct ThreadScalingTests {
  /// A record as a machine reads it, which also says which keys there are.
  private func record(
    _ workload: String, threads: Int, isa: String = "v3", median: Double
  ) throws -> WorkloadRecord {
    try JSONDecoder().decode(
      WorkloadRecord.self,
      from: Data(
        """
        {"workload": "\(workload)", "mode": "fwd", "threads": \(threads), "isa": "\(isa)",
         "median_ms": \(median), "min_ms": 1, "spread": 0.1, "gflops": 1, "gbytes_per_s": 1,
         "bound": "reading 100 %", "bound_ms": 1, "largest_part_ms": 1, "ratio_to_bound": 1}
        """.utf8))
  }

  @Test("a speed-up is the median with fewest threads over the median with more")
  func rows() throws {
    let records = try [
      record("W1", threads: 2, median: 50), record("W1", threads: 1, median: 100),
      record("W1", threads: 1, isa: "base", median: 300),
      record("W1", threads: 2, isa: "base", median: 120), record("W5", threads: 1, median: 8),
      record("W5", threads: 4, median: 4),
    ]
    #expect(
      ThreadScaling.rows(records) == [
        ["speed-up", "isa", "t1/t2", "t1/t4"], ["W1 fwd", "v3", "2.00", "-"],
        ["W1 fwd", "base", "2.50", "-"], ["W5 fwd", "v3", "-", "2.00"],
      ])
  }

  @Test("one number of threads has no speed-up")
  func single() throws {
    #expect(ThreadScaling.rows([]).isEmpty)
    #expect(ThreadScaling.rows([try record("W1", threads: 2, median: 5)]).isEmpty)
  }
}

@Suite("Paired timing")
struct PairedTimingTests {
  @Test("quantiles of the pairs' ratios, in proportion between neighbours")
  func quantiles() {
    let timing = PairedTiming(pairs: [(6, 2), (1, 1), (4, 2), (10, 2), (8, 2)])
    #expect(timing.ratios == [1, 2, 3, 4, 5])
    #expect(timing.quantile(0) == 1)
    #expect(timing.quantile(0.5) == 3)
    #expect(timing.quantile(0.75) == 4)
    #expect(timing.quantile(0.6) == 3.4)
    #expect(timing.quantile(1) == 5)
    #expect(PairedTiming(pairs: []).quantile(0.5).isNaN)
  }

  @Test("both are run in turn, and every other pair begins with the second")
  func turns() {
    var calls: [Int] = []
    // As long as a repetition, so that each is one call.
    func work(_ number: Int) -> () -> Void {
      {
        calls.append(number)
        usleep(61_000)
      }
    }
    let timing = PairedTiming(seconds: 0, first: work(1), second: work(2))
    #expect(timing.ratios.count == 11)
    // Two calls of each to warm up and to see how long it takes.
    let turns = (0..<11).flatMap { $0.isMultiple(of: 2) ? [1, 2] : [2, 1] }
    #expect(calls == [1, 1, 2, 2] + turns)
  }

  @Test("a workload is compared with itself on more threads")
  func workload() throws {
    let entry = try #require(WorkloadCatalog.all.first { $0.name == "W6" })
    let record = try entry.scaling(
      from: WorkerPool(threads: 1), to: WorkerPool(threads: 2), seconds: 0)
    #expect(record.fewer_threads == 1 && record.threads == 2 && record.pairs == 11)
    #expect(record.lower_quartile <= record.speedup && record.speedup <= record.upper_quartile)
    #expect(record.lower_quartile > 0)
  }
}
