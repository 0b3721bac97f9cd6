import Foundation
import TestSupport
import Testing

@Suite("pvd distill --active-learning")
struct ActiveLearningCommandTests {
  let work: Workplace

  init() throws { work = try Workplace.shared.get() }

  private func arguments(_ out: String, _ options: [String]) -> [String] {
    ["distill", "--teacher", work.teacher("hash"), "--field", "mlp", "--out", out]
      + ["--iterations", "16", "--stages", "-1,0", "--preset", "tiny", "--samples", "1024"]
      + ["--eval-views", "2"] + options
  }

  @Test("says what the levels may cost, and goes on to the same bits after a limit of time")
  func run() throws {
    let levels = ["--active-learning", "image,ray,point", "--active-set", "ray.capacity=150"]
    let whole = work.fresh("active")
    let output = try Command.succeed(arguments(whole, levels)).output
    #expect(
      output.contains("active learning, stage 3: image (over 100 poses), ray (150 rays, at most"))
    #expect(output.contains("full after 1500 rays of steps"))
    // 16 steps are too few for 100 poses.
    #expect(output.contains("pools: ") && output.contains("never over 100: none was replayed"))
    #expect(output.contains("rays, full"))
    // The settings come back from the saved state.
    let parts = work.fresh("active")
    _ = try Command(arguments(parts, levels + ["--seconds", "0.01"])).wait()
    var outcome = try Command(arguments(parts, ["--resume", "--seconds", "0.01"])).wait()
    outcome = try Command(arguments(parts, ["--resume"])).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let models = try [whole, parts].map {
      try Data(contentsOf: URL(fileURLWithPath: $0).appending(path: "state.safetensors"))
    }
    #expect(models[0] == models[1])
  }

  @Test("the photographs' cameras join random ones, and a resumed run must have the same")
  func scenePoses() throws {
    let scene = ["--scene", work.scene]
    let outs = try ["synthetic", "synthetic+scene", "scene@trainval", "scene"].map { poses in
      let out = work.fresh("poses")
      try Command.succeed(arguments(out, scene + ["--poses", poses]))
      return out
    }
    let models = try outs.map {
      try Data(contentsOf: URL(fileURLWithPath: $0).appending(path: "model.safetensors"))
    }
    for (a, b) in [(0, 1), (0, 3), (2, 3)] { #expect(models[a] != models[b], "\(a) \(b)") }
    let other = try Command(
      arguments(outs[1], scene + ["--poses", "synthetic", "--resume"])
    ).wait()
    #expect(other.status == 2 && other.errors.contains("synthetic+scene"), "\(other.errors)")
    let same = try Command(arguments(outs[1], scene + ["--resume"])).wait()
    #expect(same.status == 0, "\(same.errors)")
  }

  @Test(
    "refuses levels and constants that there are not, with one line",
    arguments: [
      ["--active-learning", "rays"], ["--active-learning", ""],
      ["--active-learning", "ray", "--active-set", "point.share=0.1"],
      ["--active-learning", "ray", "--active-set", "ray.share"],
      ["--active-learning", "ray", "--active-set", "ray.share=-1"],
      ["--active-learning", "ray", "--active-set", "ray.size=1"],
      ["--active-set", "ray.share=0.1"], ["--depth-rate", "-1"], ["--poses", "scene+scene"],
      ["--poses", "synthetic@trainval"], ["--poses", "synthetic+scene"], ["--poses", "+scene"],
      ["--poses", "scene@test"], ["--poses", "scene@trainval@trainval"],
    ])
  func refusal(options: [String]) throws {
    let out = work.fresh("refused")
    let outcome = try Command(arguments(out, options)).wait()
    #expect(outcome.status != 0 && !outcome.signalled, "\(outcome.output)")
    #expect(!outcome.errors.isEmpty && !FileManager.default.fileExists(atPath: out))
  }
}
