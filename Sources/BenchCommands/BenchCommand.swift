import ArgumentParser
import CommandSupport
import Fields
import Foundation
import NeRFCore
import Workloads

/// Measures fixed workloads.
package struct BenchCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure fixed workloads against what this machine can do.",
    discussion: """
      Every row has the median over at least seven repetitions and its ratio to a bound: the time for \
      the arithmetic, the streams of memory and the random accesses of the work one after another, at \
      rates that are measured in the same run. The last column says what the bound is made of. Times of \
      shared machines vary; ratios less. Docs/Benchmarks.md tells how to read them.

      With several numbers of threads a table of speed-ups follows.

      --scaling runs each workload with few and with many threads in turn and shows the median of the \
      speed-ups of neighbours, which others on the machine disturb less than two rows of the table. \
      Beside it stands what arithmetic in registers gained in the same rounds, and with --copies what \
      the work gained when each thread did it alone on data of its own. That is no limit: threads that \
      divide the work read the same tables, copies do not.

      --curves measures training steps of four sizes each: rays, samples, rows of a hash table, voxels \
      of a volume; about two minutes.

      --end-to-end trains, renders and distils on the built-in scene: for each architecture rays and \
      samples a second of training, the time to a PSNR, images a second at 200×200 and 800×800; for \
      each pair rays and samples a second in the three stages; peak memory of each, and which phase \
      of a step takes what share. About five minutes per number of threads and set of kernels with \
      the fields of preset small; a larger preset takes longer.

      --levels takes a teacher and measures, for every student, what each level of active learning adds to \
      a step: runs with and without it take steps in turn. Time and samples are shown over those without.

      Examples:
        pvd bench
        pvd bench W8 --threads 1,2 --json
        pvd bench --check W1 W3
        pvd bench W5 --isa all
        pvd bench --scaling W3 W8 --copies --threads 1,2
        pvd bench --curves --threads 1
        pvd bench --end-to-end --only hash --only hash2vm
        pvd bench --levels teacher --field mlp
      """)

  package init() {}

  @Argument(help: ArgumentHelp("Names of workloads; all by default.", valueName: "workload"))
  var workloads: [String] = []

  @Option(help: ArgumentHelp("Numbers of threads, as 1,2; all processors by default."))
  var threads: String?

  @Option(
    help: ArgumentHelp(
      "Kernels: best, all, or names as base,v3; each of several runs in a process of its own.",
      valueName: "names"))
  var isa: InstructionSets?

  @Option(
    help:
      "Seconds per measurement; 3 by default, 5 for scaling, 0.5 for curves, 1 end to end, 10 for levels."
  )
  var seconds: Double?

  @Flag(help: "First compare the fast path with plain Swift in double precision, on small inputs.")
  var check = false

  @Flag(help: "Measure how much faster workloads are with more threads, in turn.")
  var scaling = false

  @Flag(
    help:
      "With --scaling: also let each thread do the whole work on data of its own; takes memory per thread."
  )
  var copies = false

  @Flag(help: "Measure how the cost of training steps grows with their size.")
  var curves = false

  @Flag(help: "Measure training, rendering and distillation on the built-in scene.")
  var endToEnd = false

  @Option(
    help: ArgumentHelp(
      "End to end: a teacher as hash, or a pair as hash2vm; may be repeated.",
      valueName: "teacher[2student]"))
  var only: [EndToEndChoice] = []

  @Option(
    help: ArgumentHelp(
      "Measure what levels of active learning cost, with this run or file as teacher.",
      valueName: "run"))
  var levels: String?

  @Option(help: "Levels: a student; may be repeated, all by default.")
  var field: [Architecture] = []

  @Option(help: "End to end and levels: sizes of the fields; small by default.")
  var preset: Preset?

  @Option(help: "End to end: the PSNR that teachers are trained to, in dB; 25 by default.")
  var target: Double?

  @Option(
    help:
      "End to end: seconds of training, or of one image, after which it gives up; 20 by default.")
  var limit: Double?

  @Flag(help: "Print one JSON object a line, for machines.")
  var json = false

  private func threadCounts() throws -> [Int] {
    guard let threads else {
      return scaling ? [1, max(2, WorkerPool.processorCount)] : [WorkerPool.processorCount]
    }
    let counts = threads.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !counts.isEmpty, counts.allSatisfy({ (1...1024).contains($0 ?? 0) }) else {
      throw ValidationError("--threads is \(threads). Use numbers from 1 to 1024, as 1,2.")
    }
    return counts.compactMap(\.self)
  }

  package func validate() throws {
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
    try validateModes()
  }

  private func validateModes() throws {
    let modes = [
      (curves, "curves"), (endToEnd, "end-to-end"), (levels != nil, "levels"),
      (scaling, "scaling"),
    ].filter(\.0).map(\.1)
    if modes.count > 1 {
      throw ValidationError("--\(modes[0]) and --\(modes[1]) exclude each other. Give one of them.")
    }
    if scaling && (check || isa != nil) {
      throw ValidationError("--scaling has neither --check nor --isa. Leave them out.")
    }
    if copies && !scaling {
      throw ValidationError("--copies belongs to --scaling. Add it.")
    }
    if scaling, Set(try threadCounts()).count < 2 {
      throw ValidationError("--scaling compares numbers of threads. Give two or more, as 1,2.")
    }
    if let mode = modes.first, mode != "scaling", check || !workloads.isEmpty {
      throw ValidationError("--\(mode) has neither workloads nor --check. Leave them out.")
    }
    if !endToEnd && (!only.isEmpty || target != nil || limit != nil) {
      throw ValidationError("--only, --target and --limit belong to --end-to-end. Add it.")
    }
    if preset != nil && !endToEnd && levels == nil {
      throw ValidationError("--preset belongs to --end-to-end and --levels. Add one of them.")
    }
    if levels == nil && !field.isEmpty {
      throw ValidationError("--field belongs to --levels. Add it.")
    }
    if levels != nil && isa != nil {
      throw ValidationError("--levels has no --isa. Set PVD_ISA, or leave it out.")
    }
    if let target, !(target > 0 && target <= 100) {
      throw ValidationError("--target is \(target). Use a number above 0, at most 100.")
    }
    if let limit, !(limit > 0 && limit <= 86_400) {
      throw ValidationError("--limit is \(limit). Use a number above 0, at most 86400.")
    }
  }

  package func run() throws {
    let console = Console(json: json)
    if curves {
      try CurveBench(
        threads: try threadCounts(), seconds: seconds ?? 0.5, instructionSets: isa?.names,
        console: console
      ).perform()
      return
    }
    if scaling {
      try ScalingBench(
        workloads: workloads, threads: Array(Set(try threadCounts())), seconds: seconds ?? 5,
        copies: copies, console: console
      ).perform()
      return
    }
    if let levels {
      try LevelCostBench(
        teacher: try RunFile.newest(at: levels),
        students: field.isEmpty ? Architecture.allCases : field, preset: preset ?? .small,
        threads: try threadCounts(), seconds: seconds ?? 10, console: console
      ).perform()
      return
    }
    if endToEnd {
      var plan = EndToEndPlan(threads: try threadCounts(), instructionSets: isa?.names)
      if !only.isEmpty { plan.choices = only }
      plan.preset = preset ?? plan.preset
      plan.seconds = seconds ?? plan.seconds
      plan.target = target ?? plan.target
      plan.limit = limit ?? plan.limit
      try EndToEndBench(plan: plan, console: console).perform()
      return
    }
    try WorkloadBench(
      workloads: workloads, threads: try threadCounts(), seconds: seconds ?? 3, check: check,
      instructionSets: isa?.names, console: console
    ).perform()
  }
}
