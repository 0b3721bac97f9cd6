import Foundation
import SceneIO
import Testing

@Suite("Demo")
struct DemoTests {
  @Test("the quick demo passes its own limits and is not replaced without being asked")
  func quick() throws {
    let work = try Workplace.shared.get()
    let out = work.fresh("demo")
    let outcome = try Command.succeed(["demo", "--quick", "--out", out])
    for word in ["hash (teacher)", "vm (student)", "tensors (student)", "mlp (student)"] {
      #expect(outcome.output.contains(word))
    }
    let made = try contents(out)
    for name in ["sheet.png", "psnr.svg", "table.json", "scene/transforms_test.json"] {
      #expect(made[name]?.isEmpty == false, "\(name)")
    }
    let again = try Command.run("demo", "--quick", "--out", out)
    #expect(again.status == 2)
    #expect(again.errors.contains("--overwrite"))
    #expect(try contents(out) == made)
  }
}
