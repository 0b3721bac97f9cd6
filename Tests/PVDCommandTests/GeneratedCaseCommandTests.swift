import Foundation
import TestSupport
import Testing

@Suite("Generated cases and gradient checks on the command line")
struct GeneratedCaseCommandTests {
  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test("generate writes cases that verify accepts, and replaces none unasked")
  func generate() throws {
    try inFolder { folder in
      let arguments = [
        "golden", "generate", "--out", folder.path, "--op", "sh_encoding", "--seed", "4",
      ]
      #expect(try Command.succeed(arguments).output.contains("2 cases written"))
      let file = folder.appending(path: "own_sh_encoding_deg3.safetensors")
      let bytes = try Data(contentsOf: file)
      let again = try Command.run(
        "golden", "generate", "--out", folder.path, "--op", "sh_encoding", "--seed", "4")
      #expect(again.status == 2 && again.errors.contains("--overwrite"))
      try Command.succeed(arguments + ["--overwrite"])
      #expect(try Data(contentsOf: file) == bytes)
      for isa in ["base", ""] {
        let choice = isa.isEmpty ? [] : ["--isa", isa]
        let outcome = try Command.succeed(["golden", "verify", folder.path] + choice)
        #expect(outcome.output.contains("4 pass; 2 files"))
      }
      let unknown = try Command.run(
        "golden", "generate", "--out", folder.path, "--op", "nothing")
      #expect(unknown.status == 2 && unknown.errors.contains("sh_encoding"))
    }
  }

  @Test("gradcheck names every gradient, and refuses a choice without any")
  func gradients() throws {
    let outcome = try Command.succeed(["gradcheck", "--op", "composite_rays_train"])
    #expect(outcome.output.contains("2 of 2 gradients are right"))
    #expect(outcome.output.contains("grad.in.sigmas") && outcome.output.contains("rejected"))
    #expect(try Command.run("gradcheck", "--op", "morton3D").status == 2)
    #expect(try Command.run("gradcheck", "--field", "tree").status == 2)
  }

  @Test("the table of what is covered is up to date")
  func coverage() throws {
    try inFolder { folder in
      let file = folder.appending(path: "coverage.md")
      try Command.succeed([
        "golden", "coverage", PackageFolder.golden.path, "--markdown", file.path,
      ])
      let stored = PackageFolder.root.appending(path: "Docs/Coverage.md")
      #expect(
        try String(contentsOf: file, encoding: .utf8)
          == String(contentsOf: stored, encoding: .utf8),
        "run: pvd golden coverage Fixtures/golden --markdown Docs/Coverage.md")
    }
  }

  @Test("run and bench refuse what is not there")
  func refusals() throws {
    let missing = try Command.run(
      "golden", "run", "--backend", "/no/such.so", PackageFolder.golden.path)
    #expect(missing.status == 2 && missing.errors.contains("/no/such.so"))
    let workload = try Command.run("bench", "W99")
    #expect(workload.status == 2 && workload.errors.contains("W8"))
    #expect(try Command.run("bench", "--threads", "1,x").status == 2)
  }
}
