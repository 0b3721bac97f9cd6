import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO
import TensorIO
import Testing

@Suite("Damaged checkpoints")
struct DamagedCheckpointTests {
  let folder: TemporaryFolder
  let url: URL

  init() throws {
    folder = try TemporaryFolder()
    url = folder.url.appending(path: "model.safetensors")
    try TinyRuns.save(try TinyRuns.trainer(.hash), resumable: false, to: url)
  }

  /// The kind of the error that loading `url` ends with; nil if it loads.
  private func fault(expecting architecture: Architecture? = nil) -> CheckpointError.Kind? {
    do throws(CheckpointError) {
      _ = try Checkpoint.load(url, expecting: architecture)
      return nil
    } catch {
      #expect(error.description.contains(url.lastPathComponent))
      #expect(!error.description.contains("\n"))
      return error.kind
    }
  }

  /// Writes the file again after a change of its content.
  private func rewrite(_ change: (inout TensorFile) throws -> Void) throws {
    var file = try TensorFile.read(contentsOf: url)
    try change(&file)
    try file.write(to: url)
  }

  /// Replaces a text in the description.
  private func redescribe(_ old: String, _ new: String) throws {
    try rewrite { file in
      let text = file.metadata["record"] ?? ""
      try #require(text.contains(old))
      file.metadata["record"] = text.replacing(old, with: new)
    }
  }

  @Test("an untouched file loads")
  func sound() { #expect(fault() == nil) }

  @Test("another architecture than asked for is refused")
  func architecture() { #expect(fault(expecting: .vm) == .wrongArchitecture) }

  @Test("a file cut off anywhere is refused", arguments: [0, 7, 100, 1000, -1])
  func truncated(length: Int) throws {
    let bytes = try Data(contentsOf: url)
    try bytes.prefix(length < 0 ? bytes.count + length : length).write(to: url)
    guard case .unreadable = try #require(fault()) else {
      Issue.record("not reported as unreadable")
      return
    }
  }

  @Test("a changed bit in the data is noticed")
  func corrupted() throws {
    var bytes = try Data(contentsOf: url)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: url)
    #expect(fault() == .unreadable(.checksumMismatch))
  }

  @Test("a missing tensor is named")
  func missing() throws {
    let old = try TensorFile.read(contentsOf: url)
    var file = TensorFile(metadata: old.metadata)
    for name in old.names where name != "sigma_net.1.weight" {
      file.set(try old.tensor(named: name), for: name)
    }
    try file.write(to: url)
    #expect(fault() == .missingTensor)
  }

  @Test("NaN and infinity in parameters are refused", arguments: [Float.nan, .infinity])
  func notFinite(value: Float) throws {
    try rewrite { file in
      var values = try file.floats("color_net.1.weight")
      values[17] = value
      file.set(
        try StoredTensor(values, shape: try file.tensor(named: "color_net.1.weight").shape),
        for: "color_net.1.weight")
    }
    #expect(fault() == .notFinite)
  }

  @Test("a description of a giant field is refused before memory is taken")
  func giant() throws {
    // Three levels of up to 2³⁰ rows: 26 GB.
    try redescribe("\"log2TableSize\":8", "\"log2TableSize\":30")
    try redescribe("\"finestResolution\":32", "\"finestResolution\":16000000")
    #expect(fault() == .wrongShape)
  }

  @Test("sizes that no field can have are refused", arguments: [-1, 0, 63, 1_000_000_000_000])
  func impossible(size: Int) throws {
    try redescribe("\"log2TableSize\":8", "\"log2TableSize\":\(size)")
    #expect(fault() == .impossibleSizes)
  }

  @Test("a grid of impossible size is refused")
  func grid() throws {
    try redescribe("\"resolution\":16", "\"resolution\":1000000")
    #expect(fault() == .malformedDescription)
  }

  @Test(
    "settings and positions that no run can have are refused",
    arguments: [
      ("\"viewsPerStep\":16", "\"viewsPerStep\":0"), ("\"step\":0", "\"step\":-1"),
      ("\"fullInterval\":16", "\"fullInterval\":0"), ("\"iterations\":40", "\"iterations\":0"),
    ])
  func settings(change: (String, String)) throws {
    try redescribe(change.0, change.1)
    #expect(fault() == .malformedDescription)
  }

  @Test("settings in the form of another version keep a run from going on, not a field from use")
  func otherSettings() throws {
    let trainer = try TinyRuns.trainer(.hash)
    try TinyRuns.save(trainer, to: url)
    try redescribe("\"viewsPerStep\"", "\"cameras\"")
    #expect(fault() == nil)
    #expect {
      try Checkpoint.restore(trainer, from: url)
    } throws: { ($0 as? CheckpointError)?.kind == .differentRun }
  }

  @Test("another version is refused")
  func version() throws {
    try rewrite { $0.metadata["version"] = "99" }
    #expect(fault() == .unknownVersion)
  }

  @Test("a tensor file of someone else is refused")
  func foreign() throws {
    try rewrite { $0.metadata = [:] }
    #expect(fault() == .notACheckpoint)
  }

  @Test("a description that is no JSON is refused", arguments: ["", "{", "[]", "{\"frame\":3}"])
  func description(text: String) throws {
    try rewrite { $0.metadata["record"] = text }
    #expect(fault() == .malformedDescription)
  }

  @Test("a light file cannot be resumed from")
  func light() throws {
    let trainer = try TinyRuns.trainer(.hash)
    #expect {
      try Checkpoint.restore(trainer, from: url)
    } throws: { ($0 as? CheckpointError)?.kind == .notResumable }
  }

  @Test("a state of other sizes is refused")
  func otherRun() throws {
    let trainer = try TinyRuns.trainer(.vm)
    #expect {
      try Checkpoint.restore(trainer, from: url)
    } throws: { ($0 as? CheckpointError)?.kind == .differentRun }
  }

  @Test("a failed write leaves the older file as it was")
  func failedWrite() throws {
    let before = try Data(contentsOf: url)
    let trainer = try TinyRuns.trainer(.hash)
    #expect(throws: FileError.self) {
      try TinyRuns.save(trainer, to: url.appending(path: "below"))
    }
    #expect(try Data(contentsOf: url) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 1)
  }
}
