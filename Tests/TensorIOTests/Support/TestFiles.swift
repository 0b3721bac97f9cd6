import Foundation
import TensorIO

/// Calls `body` with a new empty folder and removes the folder afterwards.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("tensor-io-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// The names in a folder, hidden ones included, sorted.
func contents(of folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

/// A tensor file from its parts; `length` replaces the true length of the header.
func tensorFile(_ header: [UInt8], data: [UInt8] = [], length: UInt64? = nil) -> Data {
  let length = length ?? UInt64(header.count)
  return Data((0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + header + data)
}

/// A tensor file from its header's text.
func tensorFile(_ header: String, data: [UInt8] = []) -> Data {
  tensorFile(Array(header.utf8), data: data)
}

/// The fault that reading these bytes reports, or `nil` if they are accepted.
func fault(in bytes: Data) -> TensorFileError? {
  do throws(TensorFileError) {
    _ = try TensorFile.parse(bytes, name: "test")
    return nil
  } catch { return error }
}

/// A small file with every element size, an empty tensor, a scalar and awkward texts.
func sampleFile() throws -> TensorFile {
  var file = TensorFile(metadata: ["note": "a \"b\" \\ \n\u{1} ü 🙂", "z": "", "a": "1"])
  file.set(try StoredTensor([1, 2, 3] as [UInt8], shape: [3]), for: "bytes")
  file.set(
    try StoredTensor([1.5, -0.0, .nan, .infinity, 0x1p-149, 3] as [Float], shape: [2, 3]),
    for: "w.ü")
  file.set(try StoredTensor([Double.pi], shape: []), for: "scalar")
  file.set(try StoredTensor([] as [Float], shape: [0, 7]), for: "empty")
  file.set(try StoredTensor([-1, .max, .min] as [Int64], shape: [3]), for: "long")
  file.set(try StoredTensor([7, -7] as [Int32], shape: [1, 2, 1]), for: "int")
  return file
}
