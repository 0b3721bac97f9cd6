import Foundation
import GoldenKit
import NeRFCore
import ReferenceBackend
import TensorIO
import TestSupport
import Testing

@Suite("Stored generated cases")
struct StoredGeneratedCaseTests {
  private static let folder = PackageFolder.fixtures.appendingPathComponent("generated")

  /// Inputs are drawn, hence equal. Results may differ in the last bits of a double where the system's
  /// elementary functions do: by far less than ``differenceOfMachines`` of the largest entry.
  private static let differenceOfMachines = 1e-11

  @Test("are what the library generates now", arguments: CaseFamily.all)
  func current(family: CaseFamily) throws {
    let stored = try TensorFile.read(
      contentsOf: Self.folder.appendingPathComponent("\(family.name).safetensors"))
    let made = try family.generate(seed: 0)
    #expect(Set(stored.names) == Set(made.names), "run Scripts/update-fixtures.sh")
    #expect(stored.metadata == made.metadata)
    for name in made.names {
      let (a, b) = (try #require(stored[name]), try #require(made[name]))
      #expect(a.shape == b.shape && a.elementType == b.elementType, "\(name)")
      guard a.elementType.isFloatingPoint else {
        #expect(try a.integers() == b.integers(), "\(name)")
        continue
      }
      let (x, y) = (try a.doubles(), try b.doubles())
      let isInput = name.hasPrefix("in.") || name.hasPrefix("param.")
      let largest = y.reduce(0) { max($0, abs($1)) }
      // Single-precision copies and bounds round once more.
      let unit = a.elementType == .float64 ? Self.differenceOfMachines : 0x1p-22
      let allowed = isInput ? 0 : unit * largest
      #expect(zip(x, y).allSatisfy { abs($0 - $1) <= allowed }, "\(name)")
    }
  }

  @Test("pass in both precisions, and there is no other file")
  func pass() async throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      .filter { $0.hasSuffix(".safetensors") }
    #expect(Set(files) == Set(CaseFamily.all.map { "\($0.name).safetensors" }))
    let backend = ReferenceBackend(pool: WorkerPool(threads: 2))
    for file in files {
      let golden = try GoldenCase(contentsOf: Self.folder.appendingPathComponent(file))
      for precision in Precision.allCases {
        let report = await Verifier(backend).verify(golden, precision: precision)
        #expect(report.state == .pass, "\(report.summary)")
      }
    }
  }
}
