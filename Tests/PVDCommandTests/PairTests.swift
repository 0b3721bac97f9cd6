import Foundation
import SceneIO
import Testing

/// Every architecture as teacher with every architecture as student.
struct Pair: CustomTestStringConvertible {
  let teacher: String
  let student: String
  var testDescription: String { "\(teacher) → \(student)" }

  static let all = Workplace.architectures.flatMap { teacher in
    Workplace.architectures.map { Pair(teacher: teacher, student: $0) }
  }
}

@Suite("Distillation between architectures")
struct PairTests {
  let work: Workplace

  init() throws { work = try Workplace.shared.get() }

  private func distill(_ teacher: String, _ student: String, iterations: Int = 12) throws -> String
  {
    let out = work.fresh("\(student)-student")
    try Command.succeed(
      ["distill", "--teacher", teacher, "--field", student, "--scene", work.scene, "--out", out]
        + ["--iterations", "\(iterations)", "--stages", "4,8"] + Workplace.tiny)
    return out
  }

  @Test("runs through all stages for every pair", arguments: Pair.all)
  func pair(pair: Pair) throws {
    let run = try distill(work.teacher(pair.teacher), pair.student)
    let made = try contents(run)
    for name in ["model.safetensors", "state.safetensors", "sheet.png", "psnr.svg", "log.jsonl"] {
      #expect(made[name]?.isEmpty == false, "\(name)")
    }
    let loaded = try Checkpoint.load(URL(fileURLWithPath: run + "/model.safetensors"))
    #expect(loaded.field.architecture.rawValue == pair.student)
    #expect(loaded.record.run.position.step == 12)
  }

  @Test("can be repeated: hash → vm → mlp")
  func composition() throws {
    let vm = try distill(work.teacher("hash"), "vm")
    let mlp = try distill(vm, "mlp")
    let outcome = try Command.succeed(["eval", mlp, "--scene", work.scene])
    #expect(outcome.output.contains("mean"))
  }

  @Test("brings a student nearer to its teacher")
  func approaches() throws {
    let short = try score(try distill(work.teacher("hash"), "vm", iterations: 1))
    let long = try score(try distill(work.teacher("hash"), "vm", iterations: 60))
    #expect(long > short)
  }

  /// PSNR against the teacher.
  private func score(_ run: String) throws -> Double {
    let object =
      try JSONSerialization.jsonObject(with: file(run, "metrics.json")) as? [String: Any]
    let score = object?["score"] as? [String: Any]
    return try #require(score?["teacherPSNR"] as? Double)
  }

  @Test("needs no scene: size and lens come from the teacher's file")
  func withoutScene() throws {
    let out = work.fresh("alone")
    try Command.succeed(
      ["distill", "--teacher", work.teacher("tensors") + "/model.safetensors", "--field", "vm"]
        + ["--out", out, "--iterations", "6"] + Workplace.tiny)
    let sheet = try PNGImage.read(URL(fileURLWithPath: out + "/sheet.png"))
    #expect(sheet.width > 3 * 24)
  }

  @Test(
    "accepts every way to compare and both behaviours", arguments: ["normL2", "L2", "smoothL1"])
  func options(loss: String) throws {
    let out = work.fresh("options")
    try Command.succeed(
      ["distill", "--teacher", work.teacher("hash"), "--field", "mlp", "--scene", work.scene]
        + ["--out", out, "--iterations", "6", "--loss-type", loss, "--compat", "original"]
        + ["--poses", "scene"] + Workplace.tiny)
  }
}
