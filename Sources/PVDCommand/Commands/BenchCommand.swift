import ArgumentParser
import Foundation
import NeRFCore
import Workloads

/// Measures fixed workloads.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure fixed workloads against what this machine can do.",
    discussion: """
      Every row has the median over at least seven repetitions and its ratio to a bound: the time for \
      the arithmetic, the streams of memory and the random accesses of the work one after another, at \
      rates that are measured in the same run. Times of shared machines vary; ratios less.

      Examples:
        pvd bench
        pvd bench W8 --threads 1,2 --json
        pvd bench --check W1 W3
      """)

  @Argument(help: ArgumentHelp("Names of workloads; all by default.", valueName: "workload"))
  var workloads: [String] = []

  @Option(help: ArgumentHelp("Numbers of threads, as 1,2; all processors by default."))
  var threads: String?

  @Option(help: "Seconds per workload.")
  var seconds = 3.0

  @Flag(help: "First compare the fast path with plain Swift in double precision, on small inputs.")
  var check = false

  @Flag(help: "Print one JSON object a line, for machines.")
  var json = false

  private func threadCounts() throws -> [Int] {
    guard let threads else { return [WorkerPool.processorCount] }
    let counts = threads.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !counts.isEmpty, counts.allSatisfy({ (1...1024).contains($0 ?? 0) }) else {
      throw ValidationError("--threads is \(threads). Use numbers from 1 to 1024, as 1,2.")
    }
    return counts.compactMap(\.self)
  }

  func validate() throws {
    _ = try threadCounts()
    guard seconds >= 0, seconds.isFinite else {
      throw ValidationError("--seconds is \(seconds). Use a number of 0 or more.")
    }
    let known = WorkloadCatalog.all.map(\.name).reduce(into: [String]()) {
      if $0.last != $1 { $0.append($1) }
    }
    if let unknown = workloads.first(where: { !known.contains($0) }) {
      throw ValidationError(
        "\(unknown) is no workload. Use \(known.joined(separator: ", ")).")
    }
  }

  private var chosen: [WorkloadEntry] {
    WorkloadCatalog.all.filter { workloads.isEmpty || workloads.contains($0.name) }
  }

  /// Ends with code 1 if a fast path differs: its time would say nothing.
  private func compare(_ console: Console) throws {
    var differs = false
    for entry in chosen {
      console.progress { "comparing \(entry.name) \(entry.mode.rawValue)" }
      let result = try entry.check(pool: WorkerPool(threads: nil))
      differs = differs || !result.passes
      console.say(
        "\(entry.name) \(entry.mode.rawValue): "
          + (result.passes ? "agrees with the generic path" : "DIFFERS from the generic path")
          + ", at most by \(String(format: "%.1e", result.difference)) of the largest entry "
          + "(\(result.worst))")
    }
    if differs { throw ExitCode(CommandFailure.badResult) }
  }

  func run() throws {
    let console = Console(json: json)
    if check { try compare(console) }
    var rows = [
      [
        "workload", "threads", "median ms", "min ms", "spread", "GFLOP/s", "GB/s", "bound ms",
        "ratio",
      ]
    ]
    for count in try threadCounts() {
      let pool = WorkerPool(threads: count)
      let bounds = MachineBounds(pool: pool)
      console.say(
        "\(count) threads, \(FastKernels.instructionSet): "
          + "\(decimal(1e-9 * bounds.arithmetic, 0)) GFLOP/s, "
          + "\(decimal(1e-9 * bounds.copying, 1)) GB/s copied, "
          + "\(decimal(1e-6 * bounds.randomReads, 0)) M random reads/s")
      for entry in chosen {
        console.progress { "measuring \(entry.name) \(entry.mode.rawValue)" }
        let record = try entry.measure(pool: pool, seconds: seconds, bounds: bounds)
        console.emit("bench", record)
        rows.append([
          "\(record.workload) \(record.mode)", "\(count)", decimal(record.median_ms, 1),
          decimal(record.min_ms, 1), "\(decimal(100 * record.spread, 0)) %",
          decimal(record.gflops, 0), decimal(record.gbytes_per_s, 1), decimal(record.bound_ms, 1),
          decimal(record.ratio_to_bound, 2),
        ])
      }
    }
    for line in table(rows) { console.say(line) }
  }
}
