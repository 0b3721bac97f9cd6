import Foundation
import TensorIO
import Testing

@Suite("Streaming writer of tensor files")
struct TensorFileWriterTests {
  private struct Refusal: Error, Equatable {}

  private func entry(
    _ name: String, _ pieces: [[UInt8]], shape: [Int]
  ) -> TensorFileWriter.Entry {
    TensorFileWriter.Entry(name: name, elementType: .uint8, shape: shape) { receive in
      for piece in pieces { try piece.withUnsafeBytes { try receive($0) } }
    }
  }

  @Test("pieces give the same file as one tensor in memory")
  func pieces() throws {
    var file = TensorFile(metadata: ["k": "v"])
    file.set(try StoredTensor([1, 2, 3, 4, 5] as [UInt8], shape: [5]), for: "t")
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("t")
      try TensorFileWriter.write(
        to: url, metadata: ["k": "v"],
        entries: [entry("t", [[1], [], [2, 3, 4], [5]], shape: [5])])
      #expect(try Data(contentsOf: url) == file.serialised())
    }
  }

  @Test("an entry with too few or too many bytes is refused", arguments: [3, 5, 0])
  func wrongCount(count: Int) {
    let entry = entry("t", [[UInt8](repeating: 0, count: count)], shape: [4])
    let error = #expect(throws: TensorFileError.self) {
      try TensorFileWriter.serialise(entries: [entry])
    }
    #expect(error?.kind == .entryChanged)
    #expect(error?.tensor == "t")
  }

  @Test("an entry that changes between the passes leaves the target as it was")
  func changingEntry() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("t")
      try AtomicFile.write(Data("old".utf8), to: url)
      var calls: UInt8 = 0
      let entry = TensorFileWriter.Entry(name: "t", elementType: .uint8, shape: [1]) { receive in
        calls += 1
        try [calls].withUnsafeBytes { try receive($0) }
      }
      let error = #expect(throws: TensorFileError.self) {
        try TensorFileWriter.write(to: url, entries: [entry])
      }
      #expect(error?.kind == .entryChanged)
      #expect(calls == 2)
      #expect(try Data(contentsOf: url) == Data("old".utf8))
      #expect(try contents(of: folder) == ["t"])
    }
  }

  @Test("an error of an entry is passed on and leaves the target as it was")
  func throwingEntry() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("t")
      var calls = 0
      let entry = TensorFileWriter.Entry(name: "t", elementType: .uint8, shape: [1]) { receive in
        calls += 1
        if calls == 2 { throw Refusal() }
        try [7 as UInt8].withUnsafeBytes { try receive($0) }
      }
      #expect(throws: Refusal()) { try TensorFileWriter.write(to: url, entries: [entry]) }
      let remaining = try contents(of: folder)
      #expect(remaining.isEmpty)
    }
  }

  @Test("repeated and reserved names and impossible shapes are refused before anything is written")
  func refusedInputs() throws {
    func kind(
      _ entries: [TensorFileWriter.Entry], metadata: [String: String] = [:]
    ) -> TensorFileError.Kind? {
      do {
        _ = try TensorFileWriter.serialise(metadata: metadata, entries: entries)
        return nil
      } catch { return (error as? TensorFileError)?.kind }
    }
    let valid = entry("t", [[1]], shape: [1])
    #expect(kind([valid]) == nil)
    #expect(kind([valid, valid]) == .duplicateName)
    #expect(kind([entry("__metadata__", [[1]], shape: [1])]) == .reservedName)
    #expect(kind([valid], metadata: ["crc32": "{}"]) == .reservedName)
    #expect(kind([entry("t", [[1]], shape: [-1])]) == .impossibleShape)
    #expect(kind([entry("t", [[1]], shape: [.max, 3])]) == .impossibleShape)
  }
}
