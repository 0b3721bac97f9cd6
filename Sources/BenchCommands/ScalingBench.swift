import CommandSupport
import NeRFCore
import Workloads

/// Measures how much faster workloads are with more threads, in turn with the fewest.
struct ScalingBench {
  /// Names; none for all.
  var workloads: [String]
  /// At least two numbers.
  var threads: [Int]
  var seconds: Double
  /// Whether each thread also does the whole work for itself.
  var copies: Bool
  var console: Console

  func perform() throws {
    let counts = threads.sorted()
    var rows = [
      ["workload", "threads", "speed-up", "middle half", "of arithmetic", "of copies", "rounds"]
    ]
    for entry in WorkloadCatalog.all where workloads.isEmpty || workloads.contains(entry.name) {
      for count in counts.dropFirst() {
        Console.complain(
          "measuring \(entry.name) \(entry.mode.rawValue), \(counts[0]) and \(count) threads, "
            + FastKernels.instructionSet)
        let record = try entry.scaling(
          from: WorkerPool(threads: counts[0]), to: WorkerPool(threads: count), seconds: seconds,
          copies: copies)
        console.emit("scaling", record)
        rows.append([
          "\(record.workload) \(record.mode)", "\(record.fewer_threads) → \(record.threads)",
          decimal(record.speedup, 2),
          decimal(record.lower_quartile, 2) + "–" + decimal(record.upper_quartile, 2),
          decimal(record.arithmetic_speedup, 2),
          record.copies_speedup.map { decimal($0, 2) } ?? "–",
          "\(record.rounds)",
        ])
      }
    }
    for line in table(rows) { console.say(line) }
  }
}
