import Dispatch
import Foundation
import TensorIO
import Testing

@Suite("Atomic files")
struct AtomicFileTests {
  private struct Refusal: Error, Equatable {}

  @Test("are written whole and leave no temporary file")
  func plainWrite() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a")
      try AtomicFile.write(Data("first".utf8), to: url)
      try AtomicFile.write(to: url) { output in
        try output.write(Data("sec".utf8))
        try [UInt8]("ond".utf8).withUnsafeBytes { try output.write($0) }
        #expect(output.count == 6)
        // Until the end a reader sees the old content.
        #expect(try Data(contentsOf: url) == Data("first".utf8))
      }
      #expect(try Data(contentsOf: url) == Data("second".utf8))
      #expect(try contents(of: folder) == ["a"])
    }
  }

  @Test("keep the old content when the body throws, and the error is passed on")
  func bodyThrows() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a")
      try AtomicFile.write(Data("old".utf8), to: url)
      #expect(throws: Refusal()) {
        try AtomicFile.write(to: url) { output in
          try output.write(Data("new".utf8))
          throw Refusal()
        }
      }
      let full = FileError(.write, path: url.path, code: ENOSPC)
      #expect(throws: full) { try AtomicFile.write(to: url) { _ throws in throw full } }
      #expect(try Data(contentsOf: url) == Data("old".utf8))
      #expect(try contents(of: folder) == ["a"])
    }
  }

  #if os(Linux)
    @Test("report a full disk by name, operation and remedy")
    func fullDisk() throws {
      var output = try AtomicFile.Output(overwritingInPlace: "/dev/full")
      var caught: FileError?
      do throws(FileError) { try output.write(Data("x".utf8)) } catch { caught = error }
      #expect(caught?.code == ENOSPC)
      #expect(caught?.operation == .write)
      #expect(
        caught?.description.contains("/dev/full: No space left on device. Free space") == true)
    }

    @Test("cannot be created where the kernel allows no files, even for the superuser")
    func kernelFolder() {
      let error = #expect(throws: FileError.self) {
        try AtomicFile.write(Data(), to: URL(fileURLWithPath: "/proc/self/a"))
      }
      #expect(error?.operation == .create)
    }
  #endif

  @Test("whose folder is missing or a file are refused with a remedy")
  func badFolder() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("file")
      try AtomicFile.write(Data("x".utf8), to: file)
      let missing = #expect(throws: FileError.self) {
        try AtomicFile.write(Data(), to: folder.appendingPathComponent("none/a"))
      }
      #expect(missing?.code == ENOENT)
      #expect(missing?.fix == "Create the folder first.")
      let inside = #expect(throws: FileError.self) {
        try AtomicFile.write(Data(), to: file.appendingPathComponent("a"))
      }
      #expect(inside?.code == ENOTDIR)
      let itself = #expect(throws: FileError.self) { try AtomicFile.write(Data(), to: folder) }
      #expect(itself?.code == EISDIR)
      #expect(try contents(of: folder) == ["file"])
    }
  }

  @Test("never replace a device")
  func device() throws {
    let null = URL(fileURLWithPath: "/dev/null")
    #expect(throws: FileError.self) { try AtomicFile.write(Data("x".utf8), to: null) }
    var status = stat()
    #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test("keep permission bits and write through a symbolic link")
  func linkAndPermissions() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a")
      let link = folder.appendingPathComponent("link")
      try AtomicFile.write(Data("old".utf8), to: url)
      #expect(chmod(url.path, 0o640) == 0)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: url)
      try AtomicFile.write(Data("new".utf8), to: link)
      #expect(try Data(contentsOf: url) == Data("new".utf8))
      var status = stat()
      #expect(lstat(link.path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
      #expect(stat(url.path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    }
  }

  @Test("may have a name of the greatest length")
  func longName() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent(String(repeating: "n", count: 255))
      try AtomicFile.write(Data("x".utf8), to: url)
      #expect(try Data(contentsOf: url) == Data("x".utf8))
      let longer = #expect(throws: FileError.self) {
        try AtomicFile.write(
          Data(), to: folder.appendingPathComponent(String(repeating: "n", count: 256)))
      }
      #expect(longer?.code == ENAMETOOLONG)
      #expect(try contents(of: folder).count == 1)
    }
  }

  @Test("are whole for every reader while several writers compete")
  func competingWriters() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a")
      try AtomicFile.write(Data(repeating: 0, count: 50_000), to: url)
      DispatchQueue.concurrentPerform(iterations: 8) { i in
        do {
          try AtomicFile.write(Data(repeating: UInt8(i), count: 50_000), to: url)
          let seen = try InputFile.contents(of: url)
          #expect(seen.count == 50_000 && Set(seen).count == 1)
        } catch { Issue.record(error) }
      }
      #expect(try contents(of: folder) == ["a"])
    }
  }
}
