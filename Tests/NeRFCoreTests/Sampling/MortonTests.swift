import NeRFCore
import TestSupport
import Testing

@Suite("Morton order")
struct MortonTests {
  @Test("has the published values")
  func published() {
    let pairs: [(SIMD3<Int>, Int)] = [
      (SIMD3(1, 0, 0), 1), (SIMD3(0, 1, 0), 2), (SIMD3(0, 0, 1), 4), (SIMD3(1, 2, 3), 53),
      (SIMD3(5, 9, 1), 1095), (SIMD3(64, 32, 16), 344_064), (SIMD3(127, 127, 127), 2_097_151),
    ]
    for (cell, index) in pairs { #expect(Morton.encode(cell.x, cell.y, cell.z) == index) }
  }

  @Test("equals the stored values", arguments: GoldenCase.names(operation: "morton3D"))
  func golden(name: String) throws {
    let golden = try GoldenCase(named: name)
    let coordinates = try golden.integers("in.coords")
    let indices = stride(from: 0, to: coordinates.count, by: 3).map {
      Morton.encode(coordinates[$0], coordinates[$0 + 1], coordinates[$0 + 2])
    }
    let back = indices.flatMap { index in (0..<3).map { Morton.decode(index)[$0] } }
    let comparisons = try [
      golden.compare("out.indices", actual: indices),
      golden.compare("out.coords_back", actual: back),
    ]
    for comparison in comparisons { #expect(comparison.passed, "\(comparison)") }
  }

  @Test("is undone by decoding, over the whole range of ten bits")
  func roundTrip() {
    for step in stride(from: 0, through: 1023, by: 11) {
      let cell = SIMD3(step, 1023 - step, (step * 7) & 1023)
      #expect(Morton.decode(Morton.encode(cell.x, cell.y, cell.z)) == cell)
    }
  }
}
