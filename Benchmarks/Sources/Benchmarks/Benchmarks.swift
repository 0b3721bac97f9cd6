import ArgumentParser
import Foundation
import NeRFCore
import Workloads

/// Measures the workloads of `pvd bench`, and some that it does not have, from a package of its own.
@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmarks",
    abstract:
      "Measure fixed workloads, and workloads of one's own, against what this machine can do.",
    discussion: """
      Prints one JSON record a line, with the keys of pvd bench --json. A package that has a Workload of \
      its own measures it the same way, beside those of the library: see ElementaryWork.swift.

      EXAMPLES
        swift run -c release --package-path Benchmarks Benchmarks exp sigmoid sincos
        swift run -c release --package-path Benchmarks Benchmarks W3 --threads 1 --threads 2
        swift run -c release --package-path Benchmarks Benchmarks --once
      """)

  static let catalogue =
    WorkloadCatalog.all
    + WorkloadCatalog.entries(
      ElementaryWork<Exponential, Float>.self, ElementaryWork<Exponential, Double>.self)
    + WorkloadCatalog.entries(
      ElementaryWork<Sigmoid, Float>.self, ElementaryWork<Sigmoid, Double>.self)
    + WorkloadCatalog.entries(
      ElementaryWork<SineAndCosine, Float>.self, ElementaryWork<SineAndCosine, Double>.self)

  @Argument(help: "W1 to W11, W9vm, W9mlp, exp, sigmoid or sincos; all by default.")
  var workloads: [String] = []

  @Option(help: "A number of threads; once for each. All processors by default.")
  var threads: [Int] = []

  @Option(help: "Seconds per measurement.")
  var seconds = 3.0

  @Flag(help: "Only compare small instances with the generic path, and measure nothing.")
  var once = false

  func validate() throws {
    let known = Set(Self.catalogue.map(\.name))
    for name in workloads where !known.contains(name) {
      throw ValidationError(
        "There is no workload \(name). Use some of \(known.sorted().joined(separator: ", ")).")
    }
    for count in threads where !(1...1024).contains(count) {
      throw ValidationError("--threads is \(count). Use a number from 1 to 1024.")
    }
    guard seconds >= 0, seconds.isFinite else {
      throw ValidationError("--seconds is \(seconds). Use a number that is not negative.")
    }
  }

  func run() throws {
    let entries = Self.catalogue.filter { workloads.isEmpty || workloads.contains($0.name) }
    for entry in entries {
      let result = try entry.check(pool: WorkerPool())
      guard result.passes else {
        throw WrongResult(
          description:
            "\(entry.name) \(entry.mode.rawValue) differs from the generic path by \(result.difference) of "
            + "the largest entry (\(result.worst)); its time would say nothing.")
      }
    }
    if once { return print("\(entries.count) workloads agree with the generic path") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    for count in threads.isEmpty ? [WorkerPool.processorCount] : threads {
      let bounds = MachineBounds(pool: WorkerPool(threads: count))
      for entry in entries {
        let record = try entry.measure(pool: bounds.pool, seconds: seconds, bounds: bounds)
        print(String(decoding: try encoder.encode(record), as: UTF8.self))
      }
    }
  }
}

/// A fast path that differs from the generic one.
struct WrongResult: Error, CustomStringConvertible {
  let description: String
}
