import Foundation
import TensorIO
import TestSupport
import Testing

@Suite("Golden cases")
struct GoldenCaseTests {
  static let names: [String] = {
    let files =
      (try? FileManager.default.contentsOfDirectory(atPath: PackageFolder.golden.path)) ?? []
    let cases = files.filter { $0.hasSuffix(".safetensors") }.map {
      String($0.dropLast(".safetensors".count))
    }
    return cases.isEmpty ? ["no golden case"] : cases.sorted()
  }()

  @Test("are readable and agree with themselves under their own tolerances", arguments: names)
  func agreesWithItself(name: String) throws {
    let golden = try GoldenCase(named: name)
    #expect(GoldenCase.names(operation: golden.operation).contains(name))
    let results = golden.tensorNames("out.") + golden.tensorNames("grad.")
    #expect(!results.isEmpty)
    for tensor in results {
      let stored = try #require(golden.file[tensor])
      if let floats = try? stored.floats() {
        let comparison = try golden.compare(tensor, actual: floats)
        #expect(comparison.passed, "\(comparison)")
        if golden.has(tensor + ".f64") {
          // The single run lies within its tolerance of the double run: this is how it was chosen.
          let wide = try golden.compare(tensor, actual: floats.map(Double.init), .stored)
          #expect(wide.passed, "\(wide)")
          let twin = try golden.compare(tensor, actual: golden.doubles(tensor + ".f64"))
          #expect(twin.passed && twin.worstRatio == 0)
        }
      } else {
        let comparison = try golden.compare(tensor, actual: try golden.integers(tensor))
        #expect(comparison.passed, "\(comparison)")
      }
    }
  }

  @Test("refuse a result that is off by more than its tolerance, at the right index")
  func refusesWrongResult() throws {
    let golden = try #require(GoldenCase.all(operation: "trunc_exp").first)
    let tensor = try #require(golden.tensorNames("out.").first)
    var values = try golden.floats(tensor)
    let index = try #require(values.lastIndex { $0.isFinite && $0 > 1e-3 })
    values[index] *= 1.01
    let comparison = try golden.compare(tensor, actual: values)
    #expect(!comparison.passed)
    #expect(comparison.failures == 1)
    #expect(comparison.worstIndex == index)
    #expect(comparison.worstRatio > 1)
    #expect(comparison.description.contains("[\(index)]"))
    let short = try golden.compare(tensor, actual: Array(values.dropLast()))
    #expect(!short.passed && short.description.contains("expected \(values.count)"))
  }

  @Test("hold a double result against the twin, not against the single value")
  func usesTwin() throws {
    let golden = try #require(
      GoldenCase.all(operation: "sh_encoding").first { $0.name.hasSuffix("4") })
    let single = try golden.floats("out.y").map(Double.init)
    #expect(try !golden.compare("out.y", actual: single).passed)
    #expect(try golden.compare("out.y", actual: single, .stored).passed)
    #expect(try golden.compare("out.y", actual: single, .twin(relative: 1e-5)).passed)
  }

  @Test("ignore the rows that their mask excludes and no others")
  func rowMask() throws {
    let golden = try GoldenCase(named: "march_composite_inference_b1")
    let mask = try #require(try golden.rowMask("out.image"))
    #expect(mask.count == 256)
    let values = try golden.floats("out.image")
    for (row, isCompared) in mask.enumerated() {
      var wrong = values
      wrong[3 * row + 2] += 1
      #expect(try golden.compare("out.image", actual: wrong).passed == !isCompared)
    }
  }

  @Test("that do not exist fail where they are opened")
  func absent() {
    #expect(throws: TensorFileError.self) { try GoldenCase.all(operation: "no such operation") }
    #expect(throws: TensorFileError.self) { try GoldenCase(named: "none") }
  }

  @Test("keep whole numbers, numbers, truth values, texts and lists apart")
  func config() throws {
    let golden = try GoldenCase(named: "march_rays_train_b2_g128")
    let config = golden.config
    #expect(try config.int("cascade") == 2)
    #expect(try config.double("bound") == 2)
    #expect(try config.double("dt_gamma") == 0.0078125)
    #expect(try config.bool("force_all_rays"))
    #expect(config.has("align") && !config.has("none"))
    #expect(throws: GoldenError.self) { try config.bool("bound") }
    #expect(throws: GoldenError.self) { try config.int("dt_gamma") }
    #expect(throws: GoldenError.self) { try config.string("none") }
  }

  @Test("are listed in the fixtures' table with their hashes")
  func tableIsComplete() throws {
    let table = try String(
      contentsOf: PackageFolder.fixtures.appendingPathComponent("README.md"), encoding: .utf8)
    for name in Self.names { #expect(table.contains("`golden/\(name).safetensors`")) }
    #expect(table.matches(of: /`golden\/[^`]+`/).count == Self.names.count)
  }
}
