import Foundation
import Testing

@Suite("Bad input")
struct BadInputTests {
  let work: Workplace
  let out: String

  init() throws {
    work = try Workplace.shared.get()
    out = work.fresh("bad")
  }

  /// Expects exit code 2 and a single line that names `file`, and nothing made.
  private func expectRefusal(
    _ arguments: [String], naming file: String, at location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Command(arguments).wait()
    #expect(outcome.status == 2 && !outcome.signalled, sourceLocation: location)
    #expect(outcome.errorLines.count == 1, "\(outcome.errors)", sourceLocation: location)
    #expect(outcome.errors.contains(file), "\(outcome.errors)", sourceLocation: location)
    #expect(!FileManager.default.fileExists(atPath: out), sourceLocation: location)
  }

  private func train(_ scene: String) -> [String] {
    ["train", scene, "--field", "hash", "--out", out, "--iterations", "5"] + Workplace.tiny
  }

  @Test("a scene that does not exist")
  func noScene() throws {
    try expectRefusal(train(work.fresh("none")), naming: "transforms_train.json")
  }

  @Test("an image that does not exist")
  func missingImage() throws {
    let scene = try work.copyOfScene()
    try FileManager.default.removeItem(at: scene.appending(path: "train/r_3.png"))
    try expectRefusal(train(scene.path), naming: "r_3.png")
  }

  @Test("an image that is cut off")
  func truncatedImage() throws {
    let scene = try work.copyOfScene()
    let image = scene.appending(path: "train/r_2.png")
    let bytes = try Data(contentsOf: image)
    try bytes.prefix(bytes.count / 2).write(to: image)
    try expectRefusal(train(scene.path), naming: "r_2.png")
  }

  @Test("a pose that is not a number", arguments: ["NaN", "1e999", "null"])
  func poseNotANumber(value: String) throws {
    let scene = try work.copyOfScene()
    let file = scene.appending(path: "transforms_train.json")
    var text = try String(contentsOf: file, encoding: .utf8)
    let matrix = try #require(text.range(of: "\"transform_matrix\"")).upperBound
    let number = try #require(text[matrix...].firstIndex { $0.isNumber })
    let end = try #require(text[number...].firstIndex(of: ","))
    text.replaceSubrange(number..<end, with: value)
    try text.write(to: file, atomically: true, encoding: .utf8)
    try expectRefusal(train(scene.path), naming: "transforms_train.json")
  }

  @Test("a scene without frames")
  func noFrames() throws {
    let scene = try work.copyOfScene()
    try Data("{\"camera_angle_x\": 0.7, \"frames\": []}".utf8).write(
      to: scene.appending(path: "transforms_train.json"))
    try expectRefusal(train(scene.path), naming: "transforms_train.json")
  }

  @Test("a checkpoint of another architecture")
  func otherArchitecture() throws {
    try expectRefusal(
      ["eval", work.teacher("hash"), "--scene", work.scene, "--field", "vm"],
      naming: "model.safetensors")
  }

  @Test("a checkpoint that is no checkpoint")
  func noCheckpoint() throws {
    let image = work.scene + "/train/r_0.png"
    try expectRefusal(["eval", image, "--scene", work.scene], naming: "r_0.png")
    try expectRefusal(
      ["distill", "--teacher", work.scene, "--field", "vm", "--out", out], naming: work.scene)
  }

  @Test("a damaged teacher")
  func damagedTeacher() throws {
    let copy = URL(fileURLWithPath: work.fresh("damaged"))
    var bytes = try file(work.teacher("hash"), "model.safetensors")
    bytes[bytes.count / 2] ^= 8
    try bytes.write(to: copy)
    try expectRefusal(
      ["distill", "--teacher", copy.path, "--field", "vm", "--out", out],
      naming: copy.lastPathComponent)
  }

  @Test("networks of different sizes name the option that helps")
  func otherSizes() throws {
    let outcome = try Command.run(
      "distill", "--teacher", work.teacher("hash"), "--field", "mlp", "--scene", work.scene,
      "--out", out, "--preset", "small", "--iterations", "5")
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("without inheritance"))
  }

  @Test("a folder that cannot be made or written", arguments: ["/dev/null/run", "/proc/run"])
  func unwritable(path: String) throws {
    let outcome = try Command(work.training(path)).wait()
    #expect(outcome.status == 2 && !outcome.signalled)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains(path))
  }

  @Test("a folder that holds something else is not touched, even with --overwrite")
  func foreignFolder() throws {
    try FileManager.default.createDirectory(
      atPath: out, withIntermediateDirectories: true)
    try Data("keep".utf8).write(to: URL(fileURLWithPath: out).appending(path: "notes.txt"))
    let outcome = try Command(work.training(out) + ["--overwrite"]).wait()
    #expect(outcome.status == 2)
    #expect(try contents(out) == ["notes.txt": Data("keep".utf8)])
  }

  @Test("an earlier run is not replaced without being asked")
  func earlierRun() throws {
    let teacher = work.teacher("hash")
    let before = try contents(teacher)
    let outcome = try Command(work.training(teacher)).wait()
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("--resume"))
    #expect(try contents(teacher) == before)
  }

  @Test("a full volume ends with code 2 and leaves the saved state")
  func fullVolume() throws {
    try Command.succeed(work.training(out, iterations: 30) + ["--seconds", "0.001"])
    let before = try file(out, "state.safetensors")
    // A limit of 64 blocks lets the log pass, but no checkpoint.
    let limited = try Command(
      work.training(out, iterations: 30) + ["--resume"], shell: "ulimit -f 64"
    ).wait()
    #expect(limited.status == 2 && !limited.signalled)
    #expect(limited.errorLines.count == 1, "\(limited.errors)")
    #expect(limited.errors.contains("state.safetensors"))
    #expect(try file(out, "state.safetensors") == before)
  }

  @Test(
    "a resumed run with another setting names it",
    arguments: [
      ("--iterations", "21", "iterations"), ("--seed", "9", "seed"),
      ("--samples", "99", "targetSamples"), ("--learning-rate", "0.5", "learningRate"),
      ("--scale", "0.7", "scene"), ("--bound", "2", "bound"),
    ])
  func otherSetting(option: String, value: String, name: String) throws {
    let run = work.teacher("hash")
    let before = try contents(run)
    let outcome = try Command.run(
      "train", work.scene, "--field", "hash", "--out", run, "--resume", option, value)
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains(name), "\(outcome.errors)")
    #expect(try contents(run) == before)
  }

  @Test("a resumed run with another field or scene is refused")
  func otherRun() throws {
    let run = work.teacher("hash")
    let field = try Command.run("train", work.scene, "--field", "vm", "--out", run, "--resume")
    #expect(field.status == 2)
    let scene = work.fresh("scene")
    try Command.succeed(
      ["scene", "orb", "--out", scene, "--size", "24", "--views", "8", "--seed", "4"])
    let other = try Command.run("train", scene, "--field", "hash", "--out", run, "--resume")
    #expect(other.status == 2)
    #expect(other.errors.contains("scene"))
  }
}
