import Foundation
import TestSupport
import Testing

@Suite("Golden command")
struct GoldenCommandTests {
  private let golden = PackageFolder.golden.path
  private var one: String { golden + "/trunc_exp_a.safetensors" }

  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test("verify passes the stored cases and writes both reports")
  func verify() throws {
    try inFolder { folder in
      let json = folder.appending(path: "report.json")
      let junit = folder.appending(path: "report.xml")
      let outcome = try Command.succeed([
        "golden", "verify", golden, "--filter", "sh_encoding|trunc_exp", "--json", json.path,
        "--junit", junit.path, "--isa", "base",
      ])
      #expect(outcome.output.contains("12 pass; 6 files, kernels base"))
      let report = try #require(
        try JSONSerialization.jsonObject(with: Data(contentsOf: json)) as? [String: Any])
      let cases = try #require(report["cases"] as? [[String: Any]])
      #expect(cases.count == 12 && cases.allSatisfy { $0["state"] as? String == "pass" })
      #expect(Set(cases.compactMap { $0["precision"] as? String }) == ["float", "double"])
      #expect(try String(contentsOf: junit, encoding: .utf8).contains(#"tests="12" failures="0""#))
    }
  }

  @Test("verify ends with code 1 for a damaged case, goes on behind it, and names it")
  func damaged() throws {
    try inFolder { folder in
      var bytes = try Data(contentsOf: URL(fileURLWithPath: one))
      try bytes.write(to: folder.appending(path: "b.safetensors"))
      bytes.removeLast(100)
      try bytes.write(to: folder.appending(path: "a.safetensors"))
      let outcome = try Command.run("golden", "verify", folder.path, "--precision", "float")
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("a.safetensors") && outcome.output.contains("reproduce:"))
      #expect(outcome.output.contains("1 pass, 1 error; 2 files"))
    }
  }

  @Test("wrong usage ends with code 2 and says what is there instead")
  func usage() throws {
    for (arguments, text) in [
      (["verify"], "no path"), (["verify", "/absent"], "/absent"),
      (["verify", golden, "--isa", "v9"], "base"), (["verify", golden, "--filter", "("], "filter"),
      (["verify", PackageFolder.root.path + "/Scripts"], "no .safetensors"),
      (["show", PackageFolder.root.path + "/README.md"], "README.md"),
      (["compare", one, "/absent"], "/absent"),
    ] {
      let outcome = try Command(["golden"] + arguments).wait()
      #expect(outcome.status == 2, "\(arguments)")
      #expect(outcome.errors.contains(text), "\(arguments): \(outcome.errors)")
    }
  }

  @Test("a filter that selects nothing is not a success")
  func nothing() throws {
    #expect(try Command.run("golden", "verify", golden, "--filter", "no such").status == 1)
  }

  @Test("list and show describe cases")
  func describe() throws {
    let list = try Command.succeed(["golden", "list", golden, "--filter", "trunc"]).output
    #expect(list.contains("trunc_exp_a") && !list.contains("sh_encoding"))
    let show = try Command.succeed(["golden", "show", one]).output
    for part in ["trunc_exp", "in.x", "out.y.f64", "64", "backward ="] {
      #expect(show.contains(part), "\(part)")
    }
  }

  @Test("compare accepts a case's own answers, and tells which tensors another file lacks")
  func compare() throws {
    let outcome = try Command.succeed(["golden", "compare", one, one])
    #expect(outcome.output.contains("out.y") && outcome.output.contains("pass"))
    let other = golden + "/sh_encoding_deg1.safetensors"
    let wrong = try Command.run("golden", "compare", one, other)
    #expect(wrong.status == 1 && wrong.output.contains("grad.in.x"))
  }
}
