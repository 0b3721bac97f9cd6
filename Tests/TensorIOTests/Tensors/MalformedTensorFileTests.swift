import Foundation
import TensorIO
import TestSupport
import Testing

/// A fault in the header, the data that follows, and the class that must be reported.
struct MalformedHeader: Sendable, CustomTestStringConvertible {
  let header: String
  var bytes = 0
  let kind: TensorFileError.Kind
  var testDescription: String { String(header.prefix(70)) }
}

@Suite("Malformed tensor files")
struct MalformedTensorFileTests {
  static let headers: [MalformedHeader] = {
    func one(_ type: String, _ shape: String, _ offsets: String) -> String {
      #"{"t":{"dtype":"\#(type)","shape":[\#(shape)],"data_offsets":[\#(offsets)]}}"#
    }
    func two(_ first: String, _ second: String, name: String = "u") -> String {
      #"{"t":{"dtype":"U8","shape":[2],"data_offsets":[\#(first)]},"#
        + #""\#(name)":{"dtype":"U8","shape":[2],"data_offsets":[\#(second)]}}"#
    }
    let max = "9223372036854775807"
    return [
      .init(header: "", kind: .malformedHeader),
      .init(header: "[]", kind: .malformedHeader),
      .init(header: "{", kind: .malformedHeader),
      .init(header: "{}x", kind: .malformedHeader),
      .init(header: #"{"t""#, kind: .malformedHeader),
      .init(header: #"{"t":3}"#, kind: .malformedHeader),
      .init(header: #"{"t":{}}"#, kind: .malformedHeader),
      .init(header: #"{"t":{"dtype":"U8","shape":[]}}"#, kind: .malformedHeader),
      .init(header: one("U8", "1,", "0,1"), bytes: 1, kind: .malformedHeader),
      .init(header: one("U8", "-1", "0,1"), bytes: 1, kind: .malformedHeader),
      .init(header: one("U8", "1.0", "0,1"), bytes: 1, kind: .malformedHeader),
      .init(header: one("U8", "1e0", "0,1"), bytes: 1, kind: .malformedHeader),
      .init(header: one("U8", "01", "0,1"), bytes: 1, kind: .malformedHeader),
      .init(header: one("U8", "9223372036854775808", "0,1"), bytes: 1, kind: .malformedHeader),
      .init(header: one("U8", "1", "0"), bytes: 1, kind: .malformedHeader),
      .init(header: one("U8", "1", "0,1,1"), bytes: 1, kind: .malformedHeader),
      .init(
        header: #"{"t":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, bytes: 1,
        kind: .malformedHeader),
      .init(
        header: #"{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"extra":[[]]}}"#, bytes: 1,
        kind: .malformedHeader),
      .init(header: #"{"__metadata__":{"a":1}}"#, kind: .malformedHeader),
      .init(header: #"{"__metadata__":{"a":{"b":"c"}}}"#, kind: .malformedHeader),
      .init(header: #"{"__metadata__":{"a":"\x"}}"#, kind: .malformedHeader),
      .init(header: #"{"__metadata__":{"a":"\u12"}}"#, kind: .malformedHeader),
      .init(header: #"{"__metadata__":{"a":"\ud800"}}"#, kind: .malformedHeader),
      .init(header: #"{"__metadata__":{"a":"\ud800\u0041"}}"#, kind: .malformedHeader),
      .init(header: #"{"__metadata__":{"a":"\udc00"}}"#, kind: .malformedHeader),
      .init(header: "{\"__metadata__\":{\"a\":\"\n\"}}", kind: .malformedHeader),
      .init(header: #"{"__metadata__":{"a":"b","a":"c"}}"#, kind: .duplicateName),
      .init(header: #"{"__metadata__":{},"__metadata__":{}}"#, kind: .duplicateName),
      .init(header: two("0,2", "2,4", name: "t"), bytes: 4, kind: .duplicateName),
      .init(header: two("0,2", "2,4", name: #"\u0074"#), bytes: 4, kind: .duplicateName),
      .init(header: one("F8", "1", "0,1"), bytes: 1, kind: .unknownElementType),
      .init(header: one("f32", "1", "0,4"), bytes: 4, kind: .unknownElementType),
      .init(header: one("F64", max, "0,8"), bytes: 8, kind: .impossibleShape),
      .init(header: one("U8", "\(max),\(max)", "0,1"), bytes: 1, kind: .impossibleShape),
      .init(header: one("U8", "4294967296,4294967296", "0,0"), kind: .impossibleShape),
      .init(header: one("U8", "1", "1,0"), bytes: 1, kind: .rangeOutOfBounds),
      .init(header: one("U8", "2", "0,2"), bytes: 1, kind: .rangeOutOfBounds),
      .init(header: one("U8", max, "0,\(max)"), bytes: 1, kind: .rangeOutOfBounds),
      .init(header: one("F32", "1", "0,3"), bytes: 3, kind: .sizeMismatch),
      .init(header: one("F32", "0", "0,4"), bytes: 4, kind: .sizeMismatch),
      .init(header: one("F32", "", "0,8"), bytes: 8, kind: .sizeMismatch),
      .init(header: two("0,2", "1,3"), bytes: 3, kind: .rangesNotContiguous),
      .init(header: two("0,2", "0,2"), bytes: 2, kind: .rangesNotContiguous),
      .init(header: two("0,2", "3,5"), bytes: 5, kind: .rangesNotContiguous),
      .init(header: two("1,3", "3,5"), bytes: 5, kind: .rangesNotContiguous),
      .init(header: two("0,2", "2,4"), bytes: 5, kind: .rangesNotContiguous),
      .init(header: "{}", bytes: 1, kind: .rangesNotContiguous),
      .init(header: #"{"__metadata__":{"crc32":"x"}}"#, kind: .malformedChecksums),
      .init(header: #"{"__metadata__":{"crc32":"{}{}"}}"#, kind: .malformedChecksums),
      .init(
        header: #"{"__metadata__":{"crc32":"{\"t\":\"00000000\"}"}}"#, kind: .malformedChecksums),
      .init(
        header:
          #"{"__metadata__":{"crc32":"{}"},"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
        kind: .malformedChecksums),
      .init(
        header: #"{"__metadata__":{"crc32":"{\"t\":\"+0\"}"},"#
          + #""t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#, kind: .malformedChecksums),
    ]
  }()

  @Test("are refused with the class of their fault", arguments: headers)
  func refused(case malformed: MalformedHeader) throws {
    let data = [UInt8](repeating: 0, count: malformed.bytes)
    let error = try #require(fault(in: tensorFile(malformed.header, data: data)))
    #expect(error.kind == malformed.kind, "\(error)")
    #expect(error.file == "test")
  }

  @Test("shorter than a header's length are refused", arguments: 0..<8)
  func tooShort(count: Int) {
    #expect(fault(in: Data(repeating: 0, count: count))?.kind == .truncated)
  }

  @Test("that claim a longer header than they have are refused without asking for memory")
  func headerLength() {
    func kind(_ length: UInt64) -> TensorFileError.Kind? {
      fault(in: tensorFile(Array("{}".utf8), length: length))?.kind
    }
    #expect(kind(3) == .truncated)
    #expect(kind(UInt64(TensorFile.headerLimit)) == .truncated)
    #expect(kind(UInt64(TensorFile.headerLimit) + 1) == .headerTooLarge)
    #expect(kind(.max) == .headerTooLarge)
    #expect(kind(1 << 63) == .headerTooLarge)
    #expect(kind(2) == nil)
  }

  @Test(
    "that are not UTF-8 are refused", arguments: [[0xFF], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
  func encoding(bytes: [UInt8]) {
    let header = Array("{\"__metadata__\":{\"a\":\"".utf8) + bytes + Array("\"}}".utf8)
    #expect(fault(in: tensorFile(header))?.kind == .malformedHeader)
  }

  @Test(
    "with a million nested brackets are refused and do not exhaust the stack",
    arguments: ["[", "{", #"{"a":"#, #"{"__metadata__":"#, #"{"a":{"shape":["#])
  func depth(opening: String) {
    let header = String(repeating: opening, count: 1_000_000)
    #expect(fault(in: tensorFile(header))?.kind == .malformedHeader)
  }

  @Test("cut off anywhere are refused")
  func everyTruncation() throws {
    let bytes = try sampleFile().serialised()
    for count in 0..<bytes.count { #expect(fault(in: bytes.prefix(count)) != nil) }
    #expect(fault(in: bytes + [0])?.kind == .rangesNotContiguous)
  }

  /// The parse must return and a result must be consistent. Damage to the data must not pass, because
  /// every byte of it is under a checksum, unless the header was hit too and lost its checksums.
  @Test("from random damage give a consistent file or an error", arguments: 0..<8)
  func mutations(seed: UInt64) throws {
    let valid = Array(try sampleFile().serialised())
    let dataStart = 8 + valid.prefix(8).enumerated().reduce(0) { $0 + Int($1.1) << (8 * $1.0) }
    var random = SplitMix64(seed: seed)
    var refused = 0
    for _ in 0..<1000 {
      var bytes = valid
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let position = Int.random(in: 0..<bytes.count, using: &random)
        bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      if Int.random(in: 0..<8, using: &random) == 0 {
        bytes.removeSubrange(Int.random(in: 0..<bytes.count, using: &random)...)
      }
      do throws(TensorFileError) {
        let file = try TensorFile.parse(Data(bytes), name: "mutation")
        let header = bytes[8..<dataStart]
        #expect(
          bytes[dataStart...] == valid[dataStart...]
            || !String(decoding: header, as: UTF8.self).contains("\"crc32\":"))
        #expect(Set(file.names) == Set(file.tensors.keys))
        for tensor in file.tensors.values {
          #expect(tensor.elementType.byteCount(shape: tensor.shape) == tensor.bytes.count)
        }
      } catch {
        refused += 1
        #expect(!error.description.isEmpty)
      }
    }
    // Only damage inside metadata texts and names that stay unique can pass.
    #expect(refused > 500)
  }
}
