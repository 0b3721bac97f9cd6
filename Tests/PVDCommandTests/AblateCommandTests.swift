import Foundation
import Testing

@Suite("pvd ablate")
struct AblateCommandTests {
  let work: Workplace

  init() throws { work = try Workplace.shared.get() }

  private static let tables = ["table.md", "table.csv", "ablation.svg", "sweep.json"]

  private func arguments(
    _ out: String, variants: String = "none;ray;image,point", seeds: Int = 2, scene: Bool = true,
    steps: Int = 8
  ) -> [String] {
    ["ablate", "--teacher", work.teacher("hash"), "--field", "mlp", "--out", out]
      + (scene ? ["--scene", work.scene] : []) + ["--variants", variants, "--seeds", "\(seeds)"]
      + ["--iterations", "\(steps)", "--stages", "-1,0", "--preset", "tiny", "--samples", "1024"]
      + ["--eval-views", "2"]
  }

  private func sameTables(_ a: String, _ b: String) throws {
    for name in Self.tables { #expect(try file(a, name) == file(b, name), "\(name)") }
  }

  /// Numbers of `table.csv` by variant.
  private func values(_ sweep: String, column: Int) throws -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    let lines = String(decoding: try file(sweep, "table.csv"), as: UTF8.self).split(separator: "\n")
    for line in lines.dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      result[String(cells[0]), default: []].append(Double(cells[column]) ?? .nan)
    }
    return result
  }

  @Test("parts, however counted, join to the bytes of one sweep, which repeats no run")
  func shards() throws {
    let whole = work.fresh("sweep")
    try Command.succeed(arguments(whole))
    let before = try contents(whole)
    let again = try Command.succeed(arguments(whole)).output
    #expect(again.components(separatedBy: "is done already").count == 7)
    #expect(try contents(whole) == before)

    let ways: [[([String], String?)]] = [
      [(["--shard", "0/2"], nil), (["--shard", "1/2"], nil)],
      [(["--shard", "1/2"], nil), (["--shard", "2/2"], nil)],
      [4, 6].map {
        (
          [],
          "export SLURM_ARRAY_TASK_ID=\($0) SLURM_ARRAY_TASK_MIN=4 SLURM_ARRAY_TASK_STEP=2 SLURM_ARRAY_TASK_COUNT=2"
        )
      },
    ]
    for way in ways {
      let parts = try way.map { options, shell in
        let part = work.fresh("part")
        let outcome = try Command(arguments(part) + options, shell: shell).wait()
        #expect(outcome.status == 0 && outcome.output.contains("3 of 6 runs"), "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: part + "/table.md"))
        return part
      }
      let merged = work.fresh("merged")
      try Command.succeed(["ablate", "merge", parts[1], parts[0], "--out", merged])
      try sameTables(whole, merged)
    }
  }

  @Test("the table has mean, sample deviation, gap and paired difference of what the runs came to")
  func numbers() throws {
    let sweep = work.fresh("sweep")
    let output = try Command.succeed(arguments(sweep, variants: "none;ray", seeds: 3)).output
    let psnr = try values(sweep, column: 3)
    let (none, ray) = (try #require(psnr["none"]), try #require(psnr["ray"]))
    #expect(none.count == 3 && Set(none).count == 3)
    let mean = (none[0] + none[1] + none[2]) / 3
    let deviation = (none.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 2).squareRoot()
    let differences = zip(ray, none).map { $0 - $1 }
    let change = differences.reduce(0, +) / 3
    let plan = try #require(
      try JSONSerialization.jsonObject(with: file(sweep, "sweep.json")) as? [String: Any])
    let teacher = try #require((plan["setup"] as? [String: Any])?["teacherPSNR"] as? Double)
    let table = String(decoding: try file(sweep, "table.md"), as: UTF8.self)
    let rows = table.split(separator: "\n").map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    func text(_ value: Double) -> String { String(format: "%.2f", value) }
    #expect(
      rows[2].prefix(6) == ["none", "3", "8", text(mean), text(deviation), text(teacher - mean)])
    #expect(rows[3].last?.hasPrefix((change < 0 ? "" : "+") + text(change) + " ± ") == true)
    #expect(output.contains("seconds") && !table.contains("seconds"))
    // What is in the sweep is what the command alone does.
    let alone = work.fresh("alone")
    let options = Array(arguments(alone).drop { $0 != "--iterations" })
    try Command.succeed(
      ["distill", "--teacher", work.teacher("hash"), "--field", "mlp", "--out", alone]
        + ["--scene", work.scene, "--active-learning", "ray", "--seed", "2"] + options)
    #expect(
      try file(alone, "model.safetensors") == file(sweep + "/runs/ray/seed-2", "model.safetensors"))
  }

  @Test("a sweep that was killed goes on to the same tables; variants and seeds can be added")
  func killed() throws {
    let whole = work.fresh("sweep")
    try Command.succeed(arguments(whole, variants: "none;ray;point", seeds: 2, steps: 60))
    let cut = work.fresh("sweep")
    let small = arguments(cut, variants: "none;ray", seeds: 1, steps: 60) + ["--save-every", "0"]
    let command = try Command(small)
    let state = cut + "/runs/ray/seed-0/state.safetensors"
    while command.isRunning && !FileManager.default.fileExists(atPath: state) { usleep(2000) }
    command.send(SIGKILL)
    #expect(try command.wait().signalled)
    try Command.succeed(small)
    try Command.succeed(arguments(cut, variants: "none;ray;point", seeds: 2, steps: 60))
    try sameTables(whole, cut)
  }

  @Test("a run that was killed behind its last step gets its result")
  func lostResult() throws {
    let sweep = work.fresh("sweep")
    let call = arguments(sweep, variants: "none", seeds: 1)
    try Command.succeed(call)
    let table = try file(sweep, "table.md")
    for name in ["table.md", "runs/none/seed-0/metrics.json"] {
      try FileManager.default.removeItem(atPath: sweep + "/" + name)
    }
    try Command.succeed(call)
    #expect(try file(sweep, "table.md") == table)
  }

  @Test("without photographs the teacher's renderings are the measure")
  func noScene() throws {
    let sweep = work.fresh("sweep")
    try Command.succeed(arguments(sweep, variants: "none;point@cpu", seeds: 1, scene: false))
    let table = String(decoding: try file(sweep, "table.md"), as: UTF8.self)
    #expect(table.contains("There are no photographs") && !table.contains("gap"))
    let mean = try #require(try values(sweep, column: 6)["point@cpu"]?.first)
    #expect(table.contains("| point@cpu | 1 | 8 | \(String(format: "%.2f", mean)) | - |"))
  }

  @Test(
    "refuses what cannot be meant, with one line and without a folder",
    arguments: [
      ["--variants", "none;rays"], ["--variants", "none;"], ["--variants", "ray@gpu"],
      ["--variants", "ray;ray"], ["--shard", "3/2"], ["--shard", "1"], ["--seeds", "0"],
      ["--variants", "none;ray", "--active-set", "point.share=0.1"],
    ])
  func refusal(options: [String]) throws {
    let out = work.fresh("refused")
    let outcome = try Command(arguments(out) + options).wait()
    #expect(outcome.status == 2 && !outcome.signalled, "\(outcome.output)")
    #expect(!outcome.errors.isEmpty && !FileManager.default.fileExists(atPath: out))
  }

  @Test("refuses to mix sweeps of other settings, foreign folders and damaged files")
  func mixing() throws {
    let sweep = work.fresh("sweep")
    let call = arguments(sweep, variants: "none;ray", seeds: 1)
    try Command.succeed(call)
    let before = try contents(sweep)
    func refuse(_ arguments: [String], _ word: String) throws {
      let outcome = try Command(arguments).wait()
      #expect(outcome.status == 2 && outcome.errors.contains(word), "\(outcome.errors)")
      #expect(outcome.errorLines.count == 1)
    }
    try refuse(call + ["--learning-rate", "0.5"], "learningRate")
    try refuse(call + ["--active-set", "ray.capacity=7"], "ray: ray.capacity")
    #expect(try contents(sweep) == before)

    let part = work.fresh("part")
    try Command.succeed(
      arguments(part, variants: "none;ray", seeds: 1) + ["--shard", "0/2"])
    try refuse(["ablate", "merge", part, "--out", work.fresh("merged")], "runs/ray/seed-0")
    try refuse(["ablate", "merge", work.scene, "--out", work.fresh("merged")], "sweep.json")
    // Another processor may see the teacher a little differently; a different teacher is refused.
    let partPlan = URL(fileURLWithPath: part + "/sweep.json")
    let own = String(decoding: try Data(contentsOf: partPlan), as: UTF8.self)
    for (shift, status) in [(0.001, Int32(0)), (0.1, 2)] {
      let psnr = try #require(
        own.firstMatch(of: #/"teacherPSNR":([0-9.]+)/#).flatMap { Double($0.output.1) })
      try Data(
        own.replacing("\"teacherPSNR\":\(psnr)", with: "\"teacherPSNR\":\(psnr + shift)").utf8
      ).write(to: partPlan)
      let outcome = try Command(["ablate", "merge", sweep, part, "--out", work.fresh("merged")])
        .wait()
      #expect(outcome.status == status, "\(outcome.errors)")
    }
    try Data(own.utf8).write(to: partPlan)
    let metrics = URL(fileURLWithPath: part + "/runs/none/seed-0/metrics.json")
    let text = String(decoding: try Data(contentsOf: metrics), as: UTF8.self)
    let other = text.replacing(#/"psnr":[0-9.]+/#, with: "\"psnr\":1.5")
    try Data(other.utf8).write(to: metrics)
    try refuse(["ablate", "merge", sweep, part, "--out", work.fresh("merged")], "score.psnr")
    try Data("{".utf8).write(to: metrics)
    try refuse(["ablate", "merge", sweep, part, "--out", work.fresh("merged")], "metrics.json")
    let plan = URL(fileURLWithPath: part + "/sweep.json")
    let path = String(decoding: try Data(contentsOf: plan), as: UTF8.self)
      .replacing("\"name\":\"ray\"", with: "\"name\":\"../../ray\"")
    try Data(path.utf8).write(to: plan)
    try refuse(["ablate", "merge", part, "--out", work.fresh("merged")], "not the plan of a sweep")
    try refuse(arguments(work.scene), "not part of a sweep")
  }
}
