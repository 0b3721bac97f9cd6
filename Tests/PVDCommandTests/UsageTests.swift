import Foundation
import Testing

@Suite("Usage")
struct UsageTests {
  @Test(
    "every command explains itself with examples",
    arguments: [
      "demo", "scene", "train", "distill", "eval", "render", "plot", "golden", "gradcheck", "bench",
    ])
  func help(command: String) throws {
    let outcome = try Command.run(command, "--help")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("pvd \(command)"))
    #expect(outcome.output.contains("Examples:"))
    #expect(outcome.errors.isEmpty)
  }

  @Test("the command alone lists its subcommands")
  func alone() throws {
    let outcome = try Command.run()
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("distill"))
  }

  @Test(
    "wrong usage ends with code 2 and says why",
    arguments: [
      ["paint"], ["train"], ["train", "s", "--field", "cube", "--out", "o"],
      ["train", "s", "--field", "hash", "--out", "o", "--iterations", "0"],
      ["train", "s", "--field", "hash", "--out", "o", "--threads", "0"],
      ["train", "s", "--field", "hash", "--out", "o", "--seconds", "-1"],
      ["train", "s", "--field", "hash", "--out", "o", "--learning-rate", "nan"],
      ["train", "s", "--field", "hash", "--out", "o", "--resume", "--overwrite"],
      ["distill", "--teacher", "t", "--field", "vm", "--out", "o", "--stages", "5"],
      ["distill", "--teacher", "t", "--field", "vm", "--out", "o", "--stages", "9,5"],
      ["render", "m", "--out", "o"],
      ["render", "m", "--out", "o", "--orbit", "2", "--size", "0x5"],
      ["eval", "m", "--scene", "s", "--split", "all"],
    ])
  func wrongUsage(arguments: [String]) throws {
    let outcome = try Command(arguments).wait()
    #expect(outcome.status == 2 && !outcome.signalled)
    #expect(!outcome.errors.isEmpty)
    #expect(outcome.output.isEmpty)
  }

  @Test("a first stage border of −1 is a value and not an option")
  func negativeBorder() throws {
    let outcome = try Command.run(
      "distill", "--teacher", "absent", "--field", "vm", "--out", "o", "--stages", "-1,8")
    #expect(outcome.status == 2 && outcome.errors.contains("absent"))
    #expect(!outcome.errors.contains("--stages"))
  }
}
