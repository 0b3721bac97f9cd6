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

  @Test("is undone by decoding, over the whole range of ten bits")
  func roundTrip() {
    for step in stride(from: 0, through: 1023, by: 11) {
      let cell = SIMD3(step, 1023 - step, (step * 7) & 1023)
      #expect(Morton.decode(Morton.encode(cell.x, cell.y, cell.z)) == cell)
    }
  }
}
