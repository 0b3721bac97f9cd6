import Foundation
import NeRFCore
import Testing

@Suite("Bench")
struct BenchCommandTests {
  /// The JSON objects that a successful command prints.
  private func events(_ arguments: [String]) throws -> [[String: Any]] {
    try Command.succeed(arguments).output.split(separator: "\n").map { line in
      try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }

  @Test("a record has the published keys")
  func keys() throws {
    let all = try events(["bench", "W6", "--threads", "1", "--seconds", "0", "--json"])
    let records = all.filter { $0["event"] as? String == "bench" }
    #expect(records.map { $0["mode"] as? String } == ["fwd", "bwd"])
    let keys = [
      "workload", "mode", "threads", "isa", "median_ms", "min_ms", "gflops", "gbytes_per_s",
      "bound", "ratio_to_bound",
    ]
    for record in records {
      for key in keys { #expect(record[key] != nil, "\(key)") }
      #expect((record["bound"] as? String)?.contains(" %") == true)
    }
  }

  @Test("several sets of kernels run one after another, and several threads have a speed-up")
  func instructionSets() throws {
    let arguments = ["bench", "W6", "--isa", "all", "--threads", "1,2", "--seconds", "0"]
    let records = try events(arguments + ["--check", "--json"]).filter {
      $0["event"] as? String == "bench"
    }
    let sets = FastKernels.availableInstructionSets
    #expect(records.map { $0["isa"] as? String } == sets.flatMap { [$0, $0, $0, $0] })
    let text = try Command.succeed(arguments).output
    #expect(text.contains("t1/t2"))
    for name in sets { #expect(text.contains(name)) }
  }

  @Test("an instruction set that this machine lacks is named, with those it has")
  func absentInstructionSet() throws {
    let sets = FastKernels.availableInstructionSets
    for name in ["v9", "base,v5", "", "base,base"] {
      let outcome = try Command.run("bench", "W6", "--isa", name)
      #expect(outcome.status == 2 && outcome.output.isEmpty, "\(name)")
      #expect(outcome.errors.contains(sets.joined(separator: ", ")), "\(outcome.errors)")
    }
    for name in ["base", "v3", "v4"] where !sets.contains(name) {
      let outcome = try Command.run("bench", "W6", "--isa", name)
      #expect(outcome.status == 2 && outcome.errors.contains("does not run \(name)"))
    }
  }

  @Test(
    "wrong usage ends with code 2 and says why",
    arguments: [
      ["W99"], ["w1"], ["W6", "--threads", "0"], ["W6", "--threads", "1,,2"],
      ["W6", "--threads", "two"], ["W6", "--threads", "99999999999999999999"],
      ["W6", "--seconds", "-1"], ["W6", "--seconds", "nan"], ["W6", "--seconds", "inf"],
    ])
  func wrongUsage(arguments: [String]) throws {
    let outcome = try Command(["bench"] + arguments).wait()
    #expect(outcome.status == 2 && !outcome.signalled)
    #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
  }
}
