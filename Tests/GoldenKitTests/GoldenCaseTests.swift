import Foundation
import GoldenKit
import TensorIO
import TestSupport
import Testing

@Suite("Golden cases")
struct GoldenCaseTests {
  @Test("of the fixtures agree with themselves, twins included", arguments: GoldenCase.names())
  func agreesWithItself(name: String) throws {
    let golden = try GoldenCase(named: name)
    var answers: [String: StoredTensor] = [:]
    var twins: [String: StoredTensor] = [:]
    for tensor in golden.tensorNames("out.") + golden.tensorNames("grad.") {
      answers[tensor] = golden.file[tensor]
      twins[tensor] = golden.file[tensor + ".f64"] ?? golden.file[tensor]
    }
    #expect(!answers.isEmpty)
    for (given, precision) in [(answers, Precision.float), (twins, .double)] {
      for report in golden.compare(given, precision: precision) {
        #expect(report.state == .pass && report.ratio == 0, "\(report)")
      }
    }
  }

  @Test("are listed in the fixtures' table")
  func table() throws {
    let table = try String(
      contentsOf: PackageFolder.fixtures.appendingPathComponent("README.md"), encoding: .utf8)
    let names = GoldenCase.names()
    for name in names { #expect(table.contains("`golden/\(name).safetensors`")) }
    #expect(table.matches(of: /`golden\/[^`]+`/).count == names.count)
  }

  @Test("keep whole numbers, numbers, truth values, texts and lists apart")
  func config() throws {
    let config = try GoldenCase(named: "march_rays_train_b2_g128").config
    #expect(try config.int("cascade") == 2)
    #expect(try config.double("bound") == 2)
    #expect(try config.double("dt_gamma") == 0.0078125)
    #expect(try config.bool("force_all_rays"))
    #expect(config.has("align") && !config.has("none"))
    #expect(throws: GoldenError.self) { try config.bool("bound") }
    #expect(throws: GoldenError.self) { try config.int("dt_gamma") }
    #expect(throws: GoldenError.self) { try config.string("none") }
    let nested = try CaseBuilder.golden().config.nested("nested")
    #expect(try nested.doubles("a") == [1, 2.5])
    #expect(throws: GoldenError.self) { try nested.ints("a") }
  }

  @Test(
    "without complete metadata are refused by name",
    arguments: [
      ("op", nil), ("config", nil), ("config", "["), ("config", "3"), ("rtol", "nan"),
      ("rtol", "-1"), ("atol", "inf"), ("atol", "text"), ("tolerances", "{"),
      ("tolerances", #"{"out.y": {"kind": "near"}}"#),
      ("tolerances", #"{"out.y": {"kind": "close", "rtol": -1, "atol": 0}}"#),
      ("tolerances", #"{"out.y": {"kind": "close", "rtol": 1}}"#),
    ] as [(String, String?)])
  func badMetadata(key: String, value: String?) throws {
    var file = try CaseBuilder.file()
    file.metadata[key] = value
    let error = #expect(throws: GoldenError.self) { try GoldenCase(file, name: "x") }
    #expect(error?.description.contains("`\(key)`") == true)
    #expect(error?.description.contains("double_it") == true)
  }

  @Test("are found in folders, and a path that leads nowhere is named")
  func files() throws {
    let found = try CaseFiles.find([PackageFolder.golden])
    #expect(found.count == GoldenCase.names().count)
    #expect(try CaseFiles.find([found[0]]) == [found[0]])
    let absent = PackageFolder.golden.appendingPathComponent("absent")
    let error = #expect(throws: GoldenError.self) { try CaseFiles.find([absent]) }
    #expect(error?.description.contains("absent") == true)
    let empty = PackageFolder.root.appendingPathComponent("Scripts")
    #expect(throws: GoldenError.self) { try CaseFiles.find([empty]) }
  }

  @Test("give a backend everything but the answers")
  func call() throws {
    let golden = try GoldenCase(named: "hash_grid_encoding_L4F2T12_b1")
    let call = OperationCall(golden, precision: .double)
    #expect(
      call.tensors.keys.sorted() == ["cotangent.y", "in.x", "param.embeddings", "param.offsets"])
    #expect(call.requested["grad.in.x"] == [96, 3])
    #expect(call.wants(prefix: "grad.") && !call.wants(prefix: "grad.none"))
    let x: [Double] = try call.scalars("in.x")
    #expect(x == (try golden.floats("in.x")).map(Double.init))
    #expect(throws: GoldenError.self) { try call.floats("out.y") }
    #expect(throws: GoldenError.self) { try call.integers("in.x") }
  }
}
