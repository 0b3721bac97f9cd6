import ArgumentParser
import CommandSupport
import Foundation
import NeRFCore
import Workloads

/// Measures workloads in this process or, for several instruction sets, in a child for each.
struct WorkloadBench {
  /// How far a fast path is from the generic one.
  struct CheckRecord: Codable {
    /// For example "W8 step".
    var checked: String
    var isa: String
    var passes: Bool
    var difference: Double
    var worst: String
  }

  /// Names; none for all.
  var workloads: [String]
  var threads: [Int]
  var seconds: Double
  var check: Bool
  /// Sets of kernels, each measured in a child; nil for this process with its own.
  var instructionSets: [String]?
  var console: Console

  private var chosen: [WorkloadEntry] {
    WorkloadCatalog.all.filter { workloads.isEmpty || workloads.contains($0.name) }
  }

  /// Measures and prints.
  ///
  /// - Throws: ExitCode 1 if a fast path differs from the generic one.
  func perform() throws {
    var records: [WorkloadRecord] = []
    if let instructionSets, instructionSets != [FastKernels.instructionSet] {
      for name in instructionSets { records += try measure(with: name) }
    } else {
      if check { try compare() }
      for count in threads { records += try measure(threads: count) }
    }
    show(records)
  }

  /// Runs this program with another set of kernels, and passes on what it prints.
  private func measure(with instructionSet: String) throws -> [WorkloadRecord] {
    var arguments = ["bench"] + workloads
    arguments += ["--threads", threads.map(String.init).joined(separator: ",")]
    arguments += ["--seconds", "\(seconds)", "--json"]
    if check { arguments.append("--check") }
    var records: [WorkloadRecord] = []
    try OwnProgram.run(arguments, instructionSet: instructionSet) { line in
      console.pass(on: line)
      guard let printed = PrintedEvent(line) else { return }
      switch printed.event {
      case "bench": records.append(try printed.fields())
      case "machine": say(try printed.fields(as: MachineRecord.self))
      case "check": say(try printed.fields(as: CheckRecord.self))
      default: break
      }
    }
    guard records.allSatisfy({ $0.isa == instructionSet }) else {
      throw CommandFailure(
        "--isa \(instructionSet)", fact: "the kernels that ran are \(records[0].isa)",
        fix: "This is a fault of the program; please report it.", code: CommandFailure.badResult)
    }
    return records
  }

  private func measure(threads count: Int) throws -> [WorkloadRecord] {
    let bounds = MachineBounds(pool: WorkerPool(threads: count))
    let machine = MachineRecord(bounds)
    console.emit("machine", machine)
    say(machine)
    return try chosen.map { entry in
      Console.complain(
        "measuring \(entry.name) \(entry.mode.rawValue), \(count) threads, "
          + FastKernels.instructionSet)
      let record = try entry.measure(pool: bounds.pool, seconds: seconds, bounds: bounds)
      console.emit("bench", record)
      return record
    }
  }

  /// Ends with code 1 if a fast path differs: its time would say nothing.
  private func compare() throws {
    var differs = false
    for entry in chosen {
      Console.complain(
        "comparing \(entry.name) \(entry.mode.rawValue), \(FastKernels.instructionSet)")
      let result = try entry.check(pool: WorkerPool(threads: nil))
      differs = differs || !result.passes
      let record = CheckRecord(
        checked: "\(entry.name) \(entry.mode.rawValue)", isa: FastKernels.instructionSet,
        passes: result.passes,
        // JSON has no infinity and no NaN.
        difference: result.difference.isFinite ? result.difference : 1e308, worst: result.worst)
      console.emit("check", record)
      say(record)
    }
    if differs { throw ExitCode(CommandFailure.badResult) }
  }

  private func say(_ record: CheckRecord) {
    console.say(
      "\(record.checked), \(record.isa): "
        + (record.passes ? "agrees with the generic path" : "DIFFERS from the generic path")
        + ", at most by \(String(format: "%.1e", record.difference)) of the largest entry "
        + "(\(record.worst))")
  }

  private func say(_ machine: MachineRecord) {
    console.say(
      "\(machine.threads) threads, \(machine.isa): \(decimal(machine.gflops, 0)) GFLOP/s, "
        + "\(decimal(machine.reading_gbytes_per_s, 1)) GB/s read, "
        + "\(decimal(machine.filling_gbytes_per_s, 1)) filled, "
        + "\(decimal(machine.copying_gbytes_per_s, 1)) copied, "
        + "\(decimal(machine.updating_gbytes_per_s, 1)) updated; "
        + "\(decimal(machine.level_mreads_per_s, 0)) M random reads/s of 4 MiB, "
        + "\(decimal(machine.volume_mreads_per_s, 0)) of 235 MB")
  }

  private func show(_ records: [WorkloadRecord]) {
    var rows = [
      [
        "workload", "isa", "threads", "median ms", "min ms", "spread", "GFLOP/s", "GB/s",
        "bound ms", "slow", "ratio", "bound",
      ]
    ]
    rows += records.map { record in
      [
        "\(record.workload) \(record.mode)", record.isa, "\(record.threads)",
        decimal(record.median_ms, 1), decimal(record.min_ms, 1),
        "\(decimal(100 * record.spread, 0)) %", decimal(record.gflops, 0),
        decimal(record.gbytes_per_s, 1), decimal(record.bound_ms, 1),
        decimal(record.slowdown ?? 1, 2), decimal(record.ratio_to_bound, 2), record.bound,
      ]
    }
    for line in table(rows) { console.say(line) }
    let scaling = ThreadScaling.rows(records)
    guard !scaling.isEmpty else { return }
    console.say()
    for line in table(scaling) { console.say(line) }
  }
}
