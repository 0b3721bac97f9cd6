import Foundation

/// How much faster a workload is with more threads.
public enum ThreadScaling {
  /// A table with a head: one row per workload, mode and instruction set, one column per number of threads
  /// beyond the smallest.
  ///
  /// A cell is the median with the smallest number of threads over the median with that number; "-" where
  /// one of the two is missing.
  ///
  /// - Returns: Nothing if all records have the same number of threads.
  public static func rows(_ records: [WorkloadRecord]) -> [[String]] {
    let counts = Set(records.map(\.threads)).sorted()
    guard let base = counts.first, counts.count > 1 else { return [] }
    var names: [[String]] = []
    for record in records {
      let name = ["\(record.workload) \(record.mode)", record.isa]
      if !names.contains(name) { names.append(name) }
    }
    let head = ["speed-up", "isa"] + counts.dropFirst().map { "t\(base)/t\($0)" }
    return [head]
      + names.map { name in
        let own = records.filter { ["\($0.workload) \($0.mode)", $0.isa] == name }
        func median(_ threads: Int) -> Double? {
          own.last { $0.threads == threads }?.median_ms
        }
        return name
          + counts.dropFirst().map { count in
            guard let one = median(base), let more = median(count), more > 0 else { return "-" }
            return String(format: "%.2f", one / more)
          }
      }
  }
}
