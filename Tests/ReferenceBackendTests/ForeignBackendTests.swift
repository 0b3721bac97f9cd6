import ForeignBackends
import Foundation
import GoldenKit
import ReferenceBackend
import TensorIO
import TestSupport
import Testing

/// Shared libraries written for one test each, compiled with the C compiler of the machine.
private struct ForeignLibrary {
  let backend: SharedLibraryBackend
  private let folder: URL

  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// - Parameters:
  ///   - source: A file, or the body of `run` of a backend that has every operation.
  init(file: URL? = nil, body: String = "", timeLimit: Double = 20) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "foreign-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var source = folder.appending(path: "backend.c")
    if let file {
      source = file
    } else {
      let text = """
        #include "pvd_backend.h"
        #include <stdlib.h>
        #include <stdio.h>
        #include <string.h>
        static int32_t supports(const char *operation) { return 1; }
        static int32_t run(const pvd_call *call) { \(body) }
        const pvd_backend *pvd_backend_get(uint32_t version) {
          static const pvd_backend backend = {PVD_BACKEND_VERSION, sizeof(pvd_backend), "test",
                                              supports, run};
          return &backend;
        }
        """
      try Data(text.utf8).write(to: source)
    }
    let library = folder.appending(path: "libtest.so")
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = [
      "clang", "-O1", "-fPIC", "-shared", "-I",
      Self.root.appending(path: "Sources/CGoldenBackend/include").path, source.path, "-o",
      library.path, "-lm",
    ]
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else { throw GoldenError("the test library is not C.") }
    backend = SharedLibraryBackend(
      library,
      child: .init(executable: try BuiltProgram.pvd(), arguments: ["golden", "child"]),
      timeLimit: timeLimit)
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}

@Suite("Foreign backends")
struct ForeignBackendTests {
  private static func report(
    _ library: ForeignLibrary, _ name: String = "trunc_exp_a", precision: Precision = .float
  ) async throws -> CaseReport {
    await Verifier(library.backend).verify(try GoldenCase(named: name), precision: precision)
  }

  @Test("the example in C passes what it has and refuses the rest")
  func example() async throws {
    let library = try ForeignLibrary(
      file: ForeignLibrary.root.appending(path: "Examples/c-backend/backend.c"))
    defer { library.remove() }
    for name in ["trunc_exp_a", "sh_encoding_deg1", "sh_encoding_deg2"] {
      let report = try await Self.report(library, name)
      #expect(report.state == .pass, "\(report)")
    }
    #expect(try await Self.report(library, "sh_encoding_deg4").state == .unsupported)
    #expect(try await Self.report(library, "srgb_a").state == .unsupported)
    #expect(try await Self.report(library, precision: .double).state == .unsupported)
    // Generated cases go the same way.
    for family in CaseFamily.all where family.operation == "trunc_exp" {
      let golden = try GoldenCase(family.generate(seed: 1), name: family.name)
      let report = await Verifier(library.backend).verify(golden, precision: .float)
      #expect(report.state == .pass, "\(report)")
    }
  }

  @Test(
    "a crash, a hang and a refusal end one case with a reason",
    arguments: [
      ("abort();", "signal 6"), ("*(volatile int *)8 = 1; return 0;", "signal 11"),
      ("for (;;) {}", "within"), ("exit(7);", "exit code 7"),
      ("strcpy(call->message, \"no memory\"); return 2;", "no memory"), ("return 9;", "returned 9"),
    ])
  func faults(body: String, reason: String) async throws {
    let library = try ForeignLibrary(body: body, timeLimit: body.contains("for") ? 0.5 : 20)
    defer { library.remove() }
    let report = try await Self.report(library)
    #expect(report.state == .error && report.message?.contains(reason) == true, "\(report)")
  }

  @Test(
    "writing outside a tensor is reported with its name",
    arguments: [
      ("((char *)call->outputs[0].data)[-1] = 1;", "1 bytes in front", "grad.in.x"),
      (
        "memset((char *)call->outputs[1].data + 4 * call->outputs[1].shape[0], 0, 8);",
        "8 bytes behind", "out.y"
      ),
      ("((float *)call->inputs[1].data)[0] = 1e9f;", "an input", "in.x"),
    ])
  func canaries(body: String, reason: String, tensor: String) async throws {
    let library = try ForeignLibrary(body: body + " return 0;")
    defer { library.remove() }
    let report = try await Self.report(library)
    #expect(report.state == .error)
    #expect(report.message?.contains(reason) == true, "\(report)")
    #expect(report.message?.contains("`\(tensor)`") == true, "\(report)")
  }

  @Test("answers in double precision and wrong answers arrive as they are")
  func answers() async throws {
    let wide = try ForeignLibrary(
      body: """
        if (call->precision != PVD_FLOAT64 || call->inputs[0].element_type != PVD_FLOAT64) return 2;
        return 0;
        """)
    defer { wide.remove() }
    // Zeros: compared, and wrong.
    #expect(try await Self.report(wide, precision: .double).state == .fail)
    #expect(try await Self.report(wide).state == .error)
  }

  @Test("a file that is no library, and one of another version, are refused with a reason")
  func refusals() async throws {
    let other = try ForeignLibrary(body: "return 0; } int unused(void) { return 1;")
    defer { other.remove() }
    let missing = SharedLibraryBackend(
      URL(fileURLWithPath: #filePath), child: other.backend.child)
    let report = await Verifier(missing).verify(
      try GoldenCase(named: "trunc_exp_a"), precision: .float)
    #expect(report.state == .error && report.message?.contains("cannot be loaded") == true)
  }
}
