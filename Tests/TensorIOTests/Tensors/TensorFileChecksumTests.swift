import Foundation
import TensorIO
import Testing

@Suite("Checksums")
struct ChecksumTests {
  /// The check value of this CRC in every catalogue of them.
  @Test("agree with the published check value, in one piece or several")
  func checkValue() {
    let bytes = Array("123456789".utf8)
    for cut in 0...bytes.count {
      var checksum = Checksum()
      bytes[..<cut].withUnsafeBytes { checksum.update($0) }
      bytes[cut...].withUnsafeBytes { checksum.update($0) }
      #expect(checksum.value == 0xCBF4_3926)
      #expect(checksum.hexadecimal == "cbf43926")
    }
  }

  @Test("are text of eight lower-case digits and nothing else")
  func text() {
    #expect(Checksum(hexadecimal: "0000abcd")?.value == 0xABCD)
    for wrong in ["", "abcd", "0000ABCD", "+000abcd", "00000000abcd", "0000abcg"] {
      #expect(Checksum(hexadecimal: wrong) == nil)
    }
  }

  @Test("find every flipped bit of the data and name its tensor")
  func flippedBit() throws {
    var file = TensorFile()
    file.set(try StoredTensor([1, 2] as [Float], shape: [2]), for: "first")
    file.set(try StoredTensor([3, 4, 5] as [UInt8], shape: [3]), for: "second")
    let valid = try file.serialised()
    for bit in 0..<(11 * 8) {
      var bytes = valid
      bytes[bytes.count - 11 + bit / 8] ^= 1 << UInt8(bit % 8)
      let error = fault(in: bytes)
      #expect(error?.kind == .checksumMismatch)
      #expect(error?.tensor == (bit < 64 ? "first" : "second"))
      #expect(try TensorFile.parse(bytes, name: "damaged", verifyChecksums: false) != file)
    }
  }

  @Test("do not show up in the metadata, and absent ones are not missed")
  func metadata() throws {
    var file = TensorFile(metadata: ["k": "v"])
    file.set(try StoredTensor([1] as [UInt8], shape: [1]), for: "t")
    #expect(try TensorFile.parse(file.serialised(), name: "a").metadata == ["k": "v"])
    let bare = tensorFile(#"{"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: [1])
    #expect(try TensorFile.parse(bare, name: "b").integers("t") == [1])
  }
}
