import Foundation
import SceneIO
import Testing

@Suite("Runs")
struct RunTests {
  let work: Workplace

  init() throws { work = try Workplace.shared.get() }

  /// Waits until a run has saved a state of at least `step` steps.
  private func waitForState(_ run: String, step: Int, of command: Command) throws {
    let url = URL(fileURLWithPath: run).appending(path: "state.safetensors")
    while command.isRunning {
      if let record = try? Checkpoint.record(of: url), record.run.position.step >= step { return }
      usleep(2000)
    }
    Issue.record("the run ended before it could be stopped")
  }

  @Test("one thread and two write the same checkpoint, byte for byte")
  func threads() throws {
    let runs = ["1", "2"].map { (work.fresh("threads-\($0)"), $0) }
    for (run, threads) in runs {
      try Command.succeed(work.training(run) + ["--threads", threads])
    }
    for name in ["model.safetensors", "state.safetensors"] {
      #expect(try file(runs[0].0, name) == file(runs[1].0, name), "\(name)")
    }
  }

  @Test("a training that was killed and resumed ends with the same bytes", arguments: [1, 18])
  func killedTraining(step: Int) throws {
    let whole = work.fresh("whole")
    try Command.succeed(work.training(whole, iterations: 40))
    let killed = work.fresh("killed")
    let command = try Command(work.training(killed, iterations: 40) + ["--save-every", "0"])
    try waitForState(killed, step: step, of: command)
    command.send(SIGKILL)
    #expect(try command.wait().signalled)
    // Only what was given first has to be given again: field and folder.
    try Command.succeed(["train", work.scene, "--field", "hash", "--out", killed, "--resume"])
    for name in ["model.safetensors", "state.safetensors"] {
      #expect(try file(killed, name) == file(whole, name), "\(name)")
    }
    #expect(try contents(killed).keys.allSatisfy { !$0.hasSuffix(".partial") })
  }

  @Test("a distillation that was killed and resumed ends with the same bytes")
  func killedDistillation() throws {
    func arguments(_ out: String) -> [String] {
      ["distill", "--teacher", work.teacher("hash"), "--field", "vm", "--scene", work.scene]
        + ["--out", out, "--iterations", "60"] + Workplace.tiny
    }
    let whole = work.fresh("whole")
    try Command.succeed(arguments(whole))
    let killed = work.fresh("killed")
    let command = try Command(arguments(killed) + ["--save-every", "0"])
    // Within stage 2, whose colour network began later than the rest.
    try waitForState(killed, step: 6, of: command)
    command.send(SIGKILL)
    #expect(try command.wait().signalled)
    try Command.succeed(arguments(killed) + ["--resume"])
    #expect(try file(killed, "model.safetensors") == file(whole, "model.safetensors"))
  }

  @Test(
    "an interruption saves, ends with code 130, and can be resumed", arguments: [SIGINT, SIGTERM])
  func interruption(signal: Int32) throws {
    let whole = work.fresh("whole")
    try Command.succeed(work.training(whole, iterations: 40))
    let run = work.fresh("interrupted")
    let command = try Command(work.training(run, iterations: 40) + ["--save-every", "0"])
    try waitForState(run, step: 2, of: command)
    command.send(signal)
    let outcome = try command.wait()
    #expect(outcome.status == 130 && !outcome.signalled)
    #expect(outcome.output.contains("--resume"))
    let state = try Checkpoint.record(of: URL(fileURLWithPath: run + "/state.safetensors"))
    #expect((2..<40).contains(state.run.position.step))
    try Command.succeed(work.training(run, iterations: 40) + ["--resume"])
    #expect(try file(run, "model.safetensors") == file(whole, "model.safetensors"))
  }

  @Test("resuming a finished run says so and changes nothing but what is missing")
  func finished() throws {
    let run = work.fresh("finished")
    try Command.succeed(work.training(run))
    let model = try file(run, "model.safetensors")
    let outcome = try Command.succeed(work.training(run) + ["--resume"])
    #expect(outcome.output.contains("done already"))
    #expect(try file(run, "model.safetensors") == model)
    try FileManager.default.removeItem(atPath: run + "/model.safetensors")
    try Command.succeed(work.training(run) + ["--resume"])
    #expect(try file(run, "model.safetensors") == model)
  }

  @Test("a limit in seconds stops a run that goes on as if it had not been stopped")
  func seconds() throws {
    let whole = work.fresh("whole")
    try Command.succeed(work.training(whole))
    let run = work.fresh("seconds")
    let outcome = try Command.succeed(work.training(run) + ["--seconds", "0.001"])
    #expect(outcome.output.contains("time is up"))
    try Command.succeed(work.training(run) + ["--resume"])
    #expect(try file(run, "model.safetensors") == file(whole, "model.safetensors"))
  }

  @Test("--json prints one object a line and nothing else")
  func json() throws {
    let run = work.fresh("json")
    let training = try Command.succeed(work.training(run) + ["--json", "--eval-every", "10"])
    let measure = try Command.succeed(["eval", run, "--scene", work.scene, "--json"])
    var events: Set<String> = []
    for line in (training.output + measure.output).split(separator: "\n") {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      events.insert(try #require(object?["event"] as? String))
      if object?["event"] as? String == "mean" {
        #expect((object?["psnr"] as? Double ?? 0) > 0)
        #expect(object?["views"] as? Int == 4)
      }
    }
    #expect(
      events.isSuperset(of: ["step", "evaluation", "saved", "done", "view", "mean"]), "\(events)")
  }

  @Test("a grid of another run is used and stays as it is")
  func givenGrid() throws {
    let run = work.fresh("grid")
    try Command.succeed(
      ["train", work.scene, "--field", "mlp", "--out", run, "--iterations", "20"] + Workplace.tiny
        + ["--occupancy-from", work.teacher("hash")])
    let teacher = try Checkpoint.load(
      URL(fileURLWithPath: work.teacher("hash") + "/model.safetensors"))
    let student = try Checkpoint.load(URL(fileURLWithPath: run + "/model.safetensors"))
    #expect(student.grid.densities == teacher.grid.densities)
    #expect(student.grid.bits == teacher.grid.bits)
  }

  @Test("renders are written in the size that was asked for")
  func render() throws {
    let folder = work.fresh("renders")
    try Command.succeed(
      ["render", work.teacher("vm"), "--orbit", "2", "--size", "20x12", "--out", folder])
    for view in ["orbit_000", "orbit_001"] {
      for kind in ["color", "depth", "opacity"] {
        let image = try PNGImage.read(
          URL(fileURLWithPath: folder).appending(path: "\(view)_\(kind).png"))
        #expect(image.width == 20 && image.height == 12)
      }
    }
    let scene = work.fresh("renders")
    try Command.succeed(
      ["render", work.teacher("vm"), "--scene", work.scene, "--views", "2", "--out", scene])
    #expect(try contents(scene).count == 6)
  }

  @Test("the curves of several runs make one picture, and a run without any is refused")
  func plot() throws {
    let run = work.fresh("plot")
    try Command.succeed(work.training(run) + ["--eval-every", "5"])
    let picture = work.fresh("picture") + ".svg"
    let other = work.fresh("other")
    try Command.succeed(work.training(other) + ["--eval-every", "5"])
    try Command.succeed(["plot", run, other, "--out", picture, "--title", "both"])
    let text = try String(contentsOf: URL(fileURLWithPath: picture), encoding: .utf8)
    let names = [run, other].map { URL(fileURLWithPath: $0).lastPathComponent }
    for part in ["<svg", "both"] + names { #expect(text.contains(part), "\(part)") }
    // A teacher of these tests was never evaluated on its way.
    for path in [work.fresh("empty"), work.teacher("vm")] {
      let outcome = try Command.run("plot", path, "--out", picture)
      #expect(outcome.status == 2 && outcome.errors.contains(path))
    }
  }
}
