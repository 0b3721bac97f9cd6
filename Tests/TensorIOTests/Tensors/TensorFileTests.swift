import Foundation
import TensorIO
import Testing

@Suite("Tensor files")
struct TensorFileTests {
  /// Written out by hand after the description of the format.
  @Test("a file of another writer is read")
  func foreignFile() throws {
    let header =
      #"{"b":{"data_offsets":[4,8],"dtype":"F32","shape":[1]}, "__metadata__" : {"k":"\u00fc\ud83d\ude42\/"},"#
      + "\n\t" + #""a":{"dtype":"U8","shape":[2,2],"data_offsets":[0,4]}}  "#
    let file = try TensorFile.parse(
      tensorFile(header, data: [1, 2, 3, 4, 0, 0, 0x80, 0x3F]), name: "foreign")
    #expect(file.names == ["b", "a"])
    #expect(file.metadata == ["k": "ü🙂/"])
    #expect(try file.floats("b") == [1])
    #expect(try file.integers("a") == [1, 2, 3, 4])
    #expect(file["a"]?.shape == [2, 2])
  }

  @Test("a file without tensors is read")
  func emptyFile() throws {
    #expect(try TensorFile.parse(tensorFile("{}"), name: "empty") == TensorFile())
    let written = try TensorFile().serialised()
    #expect(try TensorFile.parse(written, name: "empty") == TensorFile())
  }

  @Test("what is written to disk is read back: values, shapes, order, metadata")
  func roundTrip() throws {
    let file = try sampleFile()
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      try file.write(to: url)
      let again = try TensorFile.read(contentsOf: url)
      #expect(again == file)
      #expect(again.names == ["bytes", "w.ü", "scalar", "empty", "long", "int"])
      #expect(try TensorFile.readMetadata(contentsOf: url) == file.metadata)
      #expect(try TensorFile.parse(Data(contentsOf: url), name: "a") == file)
    }
  }

  @Test("the same content gives the same bytes, also after reading and writing again")
  func deterministic() throws {
    let first = try sampleFile().serialised()
    #expect(try sampleFile().serialised() == first)
    #expect(try TensorFile.parse(first, name: "first").serialised() == first)
  }

  /// The expected text is the documented form: metadata first with sorted keys, CRC-32 of "123456789".
  @Test("the bytes of a file are those of the documented form")
  func knownBytes() throws {
    var file = TensorFile(metadata: ["b": "2", "a": "1"])
    file.set(try StoredTensor(Array("123456789".utf8), shape: [9]), for: "t")
    var header =
      #"{"__metadata__":{"a":"1","b":"2","crc32":"{\"t\":\"cbf43926\"}"},"#
      + #""t":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#
    while header.utf8.count % 8 != 0 { header += " " }
    #expect(try file.serialised() == tensorFile(header, data: Array("123456789".utf8)))
  }

  @Test("data begins at a multiple of 8 and every tensor at a multiple of its element size")
  func alignment() throws {
    let bytes = try sampleFile().serialised()
    let length = bytes.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    #expect(length % 8 == 0)
    let text = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    let pattern = /"dtype":"([A-Z0-9]+)","shape":\[[0-9,]*\],"data_offsets":\[(\d+),/
    let matches = text.matches(of: pattern)
    #expect(matches.count == 6)
    for match in matches {
      let type = try #require(TensorElementType(rawValue: String(match.1)))
      let offset = try #require(Int(match.2))
      #expect(offset % type.byteCount == 0)
    }
  }

  @Test("a part of a larger buffer is parsed like a buffer of its own")
  func slice() throws {
    let bytes = try sampleFile().serialised()
    let slice = (Data([9, 9, 9]) + bytes).dropFirst(3)
    #expect(slice.startIndex == 3)
    #expect(try TensorFile.parse(slice, name: "slice") == sampleFile())
  }

  @Test("a replaced tensor keeps its place")
  func replace() throws {
    var file = try sampleFile()
    file.set(try StoredTensor([4] as [Int32], shape: [1]), for: "bytes")
    #expect(file.names.first == "bytes")
    #expect(file.names.count == 6)
    #expect(try file.integers("bytes") == [4])
  }

  @Test("a missing name and a wrong type are named in the error")
  func accessErrors() throws {
    let file = try sampleFile()
    let missing = #expect(throws: TensorFileError.self) { try file.floats("v", in: "f.st") }
    #expect(missing?.kind == .missingTensor)
    #expect(missing?.description.contains("f.st, tensor `v`") == true)
    #expect(missing?.description.contains("scalar") == true)
    let wrong = #expect(throws: TensorFileError.self) { try file.floats("scalar") }
    #expect(wrong?.kind == .wrongElementType)
    #expect(wrong?.description.contains("F64") == true)
  }
}
