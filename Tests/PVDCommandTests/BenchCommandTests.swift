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

  @Test("a pair is measured in its stages, and its teacher only if it was asked for")
  func endToEnd() throws {
    let limits = [
      "--preset", "tiny", "--seconds", "0", "--limit", "0.5", "--target", "90", "--json",
    ]
    let pair = try events(["bench", "--end-to-end", "--only", "tensors2vm"] + limits)
    #expect(pair.map { $0["event"] as? String } == ["distill", "distill", "distill"])
    #expect(pair.map { $0["stage"] as? Int } == [1, 2, 3])
    // The volume has no features to compare.
    #expect(pair.map { $0["rates"] != nil } == [false, true, true])
    let profile = try #require((pair[2]["rates"] as? [String: Any])?["profile"] as? [[String: Any]])
    let shares = profile.compactMap { $0["share"] as? Double }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9 && profile.count > 3)

    let teacher = try events(["bench", "--end-to-end", "--only", "hash"] + limits)
    #expect(teacher.map { $0["event"] as? String } == ["train", "render", "render"])
    #expect(teacher[0]["seconds_to_target"] == nil)
    for key in ["psnr", "target_psnr", "trained_s", "peak_mb"] { #expect(teacher[0][key] != nil) }
    #expect(teacher[1...].map { $0["size"] as? Int } == [200, 800])
    for key in ["images", "images_per_s", "rays_per_s", "peak_mb"] {
      #expect(teacher[2][key] != nil, "\(key)")
    }
  }

  @Test("speed-ups are measured in turn, for pairs of numbers of threads")
  func scaling() throws {
    let arguments = ["bench", "--scaling", "W6", "--seconds", "0", "--threads"]
    let records = try events(arguments + ["2,1,2,3", "--json"])
    #expect(records.allSatisfy { $0["event"] as? String == "scaling" })
    #expect(records.map { $0["mode"] as? String } == ["fwd", "fwd", "bwd", "bwd"])
    #expect(records.map { $0["fewer_threads"] as? Int } == [1, 1, 1, 1])
    #expect(records.map { $0["threads"] as? Int } == [2, 3, 2, 3])
    for record in records { #expect((record["speedup"] as? Double ?? 0) > 0) }
    for record in records {
      #expect(record["arithmetic_speedup"] != nil && record["copies_speedup"] == nil)
    }
    let text = try Command.succeed(arguments + ["1,2"]).output
    #expect(text.contains("W6 bwd") && text.contains("1 → 2"))
  }

  @Test("undivided work is measured beside speed-ups if asked for, and only there")
  func copies() throws {
    let records = try events([
      "bench", "--scaling", "--copies", "W6", "--seconds", "0", "--threads", "1,2", "--json",
    ])
    #expect(records.count == 2)
    for record in records { #expect((record["copies_speedup"] as? Double ?? 0) > 0) }
    let outcome = try Command.run("bench", "W6", "--copies")
    #expect(outcome.status == 2 && outcome.errors.contains("--copies belongs to --scaling"))
  }

  @Test("what levels cost is measured against the run without them, in the stage in which they act")
  func levels() throws {
    let teacher = try Workplace.shared.get().teacher("hash")
    let records = try events(
      [
        "bench", "--levels", teacher, "--field", "vm", "--preset", "tiny", "--seconds", "0",
        "--json",
      ])
    #expect(records.map { $0["stage"] as? Int } == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2])
    let names = ["none", "image", "ray", "point", "image,ray,point"]
    #expect(records.map { $0["levels"] as? String } == names + names)
    for record in records {
      let ratio = try #require(record["time_ratio"] as? Double)
      #expect(ratio > 0 && (record["levels"] as? String != "none" || ratio == 1))
      let pools = try #require(record["pools"] as? String)
      // Nothing would be replayed, and nothing measured, with pools that never fill.
      #expect(!pools.contains("never"), "\(record)")
    }
  }

  @Test(
    "wrong usage ends with code 2 and says why",
    arguments: [
      ["W99"], ["w1"], ["W6", "--threads", "0"], ["W6", "--threads", "1,,2"],
      ["W6", "--threads", "two"], ["W6", "--threads", "99999999999999999999"],
      ["W6", "--seconds", "-1"], ["W6", "--seconds", "nan"], ["W6", "--seconds", "inf"],
      ["--curves", "--end-to-end"], ["W6", "--curves"], ["--end-to-end", "--check"],
      ["--curves", "--isa", "v9"], ["--curves", "--threads", "0"], ["--only", "hash"],
      ["--end-to-end", "--only", "cube"], ["--end-to-end", "--only", "hash2hash"],
      ["--end-to-end", "--only", "hash2"], ["--end-to-end", "--only", "hash2vm2mlp"],
      ["--end-to-end", "--target", "0"], ["--end-to-end", "--target", "nan"],
      ["--end-to-end", "--limit", "-5"], ["--end-to-end", "--preset", "huge"],
      ["--end-to-end", "--isa", "v9"], ["--target", "20"], ["--field", "vm"],
      ["--scaling", "--threads", "2"], ["--scaling", "--check"], ["--scaling", "--isa", "base"],
      ["--scaling", "--curves"], ["--levels", "nowhere"], ["--levels", "a", "--curves"],
      ["--levels", "a", "--isa", "base"],
      ["W6", "--preset", "tiny"],
    ])
  func wrongUsage(arguments: [String]) throws {
    let outcome = try Command(["bench"] + arguments).wait()
    #expect(outcome.status == 2 && !outcome.signalled)
    #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
  }
}
