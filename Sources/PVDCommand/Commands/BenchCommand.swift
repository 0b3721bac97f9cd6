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
      rates that are measured in the same run. The last column says what the bound is made of. Times of \
      shared machines vary; ratios less. Docs/Benchmarks.md tells how to read them.

      With several numbers of threads a table of speed-ups follows.

      Examples:
        pvd bench
        pvd bench W8 --threads 1,2 --json
        pvd bench --check W1 W3
        pvd bench W5 --isa all
      """)

  @Argument(help: ArgumentHelp("Names of workloads; all by default.", valueName: "workload"))
  var workloads: [String] = []

  @Option(help: ArgumentHelp("Numbers of threads, as 1,2; all processors by default."))
  var threads: String?

  @Option(
    help: ArgumentHelp(
      "Kernels: best, all, or names as base,v3; each of several runs in a process of its own.",
      valueName: "names"))
  var isa: InstructionSets?

  @Option(help: "Seconds per measurement; 3 by default.")
  var seconds: Double?

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
    try isa?.validate()
    if let seconds, !(seconds >= 0 && seconds <= 3600) {
      throw ValidationError("--seconds is \(seconds). Use 0 to 3600.")
    }
    let known = WorkloadCatalog.all.map(\.name).reduce(into: [String]()) {
      if $0.last != $1 { $0.append($1) }
    }
    if let unknown = workloads.first(where: { !known.contains($0) }) {
      throw ValidationError(
        "\(unknown) is no workload. Use \(known.joined(separator: ", ")).")
    }
  }

  func run() throws {
    let console = Console(json: json)
    try WorkloadBench(
      workloads: workloads, threads: try threadCounts(), seconds: seconds ?? 3, check: check,
      instructionSets: isa?.names, console: console
    ).perform()
  }
}
