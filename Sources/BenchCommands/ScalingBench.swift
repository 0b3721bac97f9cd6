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
  var console: Console

  func perform() throws {
    let counts = threads.sorted()
    var rows = [["workload", "threads", "speed-up", "middle half", "pairs"]]
    for entry in WorkloadCatalog.all where workloads.isEmpty || workloads.contains(entry.name) {
      for count in counts.dropFirst() {
        Console.complain(
          "measuring \(entry.name) \(entry.mode.rawValue), \(counts[0]) and \(count) threads, "
            + FastKernels.instructionSet)
        let record = try entry.scaling(
          from: WorkerPool(threads: counts[0]), to: WorkerPool(threads: count), seconds: seconds)
        console.emit("scaling", record)
        rows.append([
          "\(record.workload) \(record.mode)", "\(record.fewer_threads) → \(record.threads)",
          decimal(record.speedup, 2),
          decimal(record.lower_quartile, 2) + "–" + decimal(record.upper_quartile, 2),
          "\(record.pairs)",
        ])
      }
    }
    for line in table(rows) { console.say(line) }
  }
}
