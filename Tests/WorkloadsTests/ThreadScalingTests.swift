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
