import CommandSupport
import NeRFCore
import Workloads

/// Measures how the cost of training steps grows with their size.
struct CurveBench {
  /// One curve, as a machine reads it.
  struct Record: Codable {
    struct Point: Codable {
      var size: Double
      var median_ms: Double
      /// The time of the whole call over its size.
      var us_per_unit: Double
    }

    var curve: String
    var unit: String
    var threads: Int
    var isa: String
    var points: [Point]
    /// Slope of the logarithm of time over that of size.
    var exponent: Double
    /// The fixed part of a line through the points.
    var fixed_ms: Double
    /// Its slope.
    var us_per_unit: Double
  }

  var threads: [Int]
  var seconds: Double
  /// Sets of kernels, each measured in a child; nil for this process with its own.
  var instructionSets: [String]?
  var console: Console

  /// Measures and prints.
  func perform() throws {
    guard let instructionSets, instructionSets != [FastKernels.instructionSet] else {
      for count in threads { try measure(threads: count) }
      return
    }
    let arguments = [
      "bench", "--curves", "--json", "--seconds", "\(seconds)", "--threads",
      threads.map(String.init).joined(separator: ","),
    ]
    for name in instructionSets {
      try OwnProgram.run(arguments, instructionSet: name) { line in
        console.pass(on: line)
        guard let printed = PrintedEvent(line), printed.event == "curve" else { return }
        say(try printed.fields())
      }
    }
  }

  private func measure(threads count: Int) throws {
    let pool = WorkerPool(threads: count)
    for entry in CurveCatalog.all {
      let curve = CostCurve(
        try entry.sizes.indices.map { index in
          Console.complain(
            "measuring the curve \(entry.name), \(index + 1) of \(entry.sizes.count), "
              + "\(count) threads, \(FastKernels.instructionSet)")
          return try entry.measure(index, pool: pool, seconds: seconds)
        })
      let record = Record(
        curve: entry.name, unit: entry.unit, threads: count, isa: FastKernels.instructionSet,
        points: curve.points.map {
          Record.Point(
            size: $0.size, median_ms: 1e3 * $0.seconds, us_per_unit: 1e6 * $0.seconds / $0.size)
        }, exponent: curve.exponent, fixed_ms: 1e3 * curve.fixed, us_per_unit: 1e6 * curve.perUnit)
      console.emit("curve", record)
      say(record)
    }
  }

  private func say(_ record: Record) {
    let summary = CurveCatalog.all.first { $0.name == record.curve }?.summary ?? ""
    console.say("\(record.curve), \(record.threads) threads, \(record.isa): \(summary)")
    let rows =
      [["\(record.unit)s", "median ms", "µs per \(record.unit)"]]
      + record.points.map {
        [decimal($0.size, 0), decimal($0.median_ms, 1), decimal($0.us_per_unit, 4)]
      }
    for line in table(rows) { console.say(line) }
    console.say(
      "time ~ size^\(decimal(record.exponent)); as a line \(decimal(record.fixed_ms, 1)) ms + "
        + "\(decimal(record.us_per_unit, 4)) µs per \(record.unit)\n")
  }
}
