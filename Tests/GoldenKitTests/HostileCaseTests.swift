import Foundation
import GoldenKit
import TensorIO
import TestSupport
import Testing

@Suite("Hostile case files")
struct HostileCaseTests {
  /// Reads bytes as a case and compares it with its own tensors; every fault must be a typed error.
  private func use(_ bytes: Data) throws {
    do {
      let file = try TensorFile.parse(bytes, name: "fuzz")
      let golden = try GoldenCase(file, name: "fuzz")
      _ = OperationCall(golden, precision: .double)
      for report in golden.compare(file.tensors, precision: .double) { _ = report.state }
    } catch is TensorFileError {
    } catch is GoldenError {
    }
  }

  /// Together with the other seeds a hundred thousand files.
  @Test("changed at random never trap and fail only with typed errors", arguments: 0..<8)
  func mutations(seed: UInt64) throws {
    let original = Array(try CaseBuilder.file().serialised())
    var random = SplitMix64(seed: 1000 + seed)
    for _ in 0..<12_500 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: bytes.removeSubrange(at...)
        case 3: bytes.insert(contentsOf: Array(#"9e99,"[{\u0000-"#.utf8), at: at)
        default:
          // Digits are sizes and offsets.
          let digits = bytes.indices.filter { (48...57).contains(bytes[$0]) }
          if let digit = digits.randomElement(using: &random) {
            bytes[digit] = UInt8.random(in: 48...57, using: &random)
          }
        }
        if bytes.isEmpty { break }
      }
      try use(Data(bytes))
    }
  }

  @Test("with deeply nested settings are refused or read, without a trap")
  func nesting() throws {
    for depth in [10, 1000, 100_000] {
      let text =
        #"{"a":"# + String(repeating: "[", count: depth)
        + String(repeating: "]", count: depth) + "}"
      var file = try CaseBuilder.file()
      file.metadata["config"] = text
      try use(file.serialised())
    }
  }
}
