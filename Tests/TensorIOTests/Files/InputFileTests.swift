import Foundation
import TensorIO
import Testing

@Suite("Input files")
struct InputFileTests {
  @Test("are read whole or in parts")
  func reading() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a")
      try AtomicFile.write(Data("abcdef".utf8), to: url)
      #expect(try InputFile.contents(of: url) == Data("abcdef".utf8))
      let file = try InputFile(url)
      #expect(file.size == 6)
      #expect(try file.read(count: 2) == Array("ab".utf8))
      #expect(try file.read(count: 0) == [])
      #expect(try file.read(count: 4) == Array("cdef".utf8))
      var caught: FileError?
      do throws(FileError) { _ = try file.read(count: 1) } catch { caught = error }
      #expect(caught?.operation == .read)
      do throws(FileError) { _ = try file.read(count: .max) } catch { caught = error }
      #expect(caught?.code == EINVAL)
    }
  }

  @Test("larger than the limit are refused before they are read")
  func limit() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a")
      try AtomicFile.write(Data(count: 10), to: url)
      #expect(try InputFile.contents(of: url, limit: 10).count == 10)
      let error = #expect(throws: FileError.self) { try InputFile.contents(of: url, limit: 9) }
      #expect(error?.code == EFBIG)
    }
  }

  @Test("that are missing, folders or devices are refused with their name")
  func notAFile() throws {
    try withTemporaryFolder { folder in
      func code(_ url: URL) -> Int32? {
        do throws(FileError) {
          _ = try InputFile.contents(of: url)
          return nil
        } catch {
          #expect(error.operation == .open)
          #expect(error.description.contains(url.path))
          return error.code
        }
      }
      #expect(code(folder.appendingPathComponent("none")) == ENOENT)
      #expect(code(folder) == EISDIR)
      #expect(code(URL(fileURLWithPath: "/dev/zero")) == EINVAL)
      let pipe = folder.appendingPathComponent("pipe")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      #expect(code(pipe) == EINVAL)
      let file = folder.appendingPathComponent("file")
      try AtomicFile.write(Data(), to: file)
      #expect(code(file.appendingPathComponent("below")) == ENOTDIR)
    }
  }

  @Test("that are absent give a tensor file error that carries the cause")
  func tensorFile() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("none.safetensors")
      let error = #expect(throws: TensorFileError.self) { try TensorFile.read(contentsOf: url) }
      #expect(error?.kind == .fileAccess(FileError(.open, path: url.path, code: ENOENT)))
      #expect(error?.description.contains("no such file") == true)
    }
  }
}
