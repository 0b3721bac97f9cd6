import NeRFCore
import Testing

@Suite("PCG32")
struct PCG32Tests {
  @Test("has the published state, words and fractions")
  func published() {
    var generator = PCG32()
    #expect(generator.state == 0x8667_ebf6_7647_5aec)
    let words = (0..<4).map { _ in generator.next() }
    #expect(words == [0x4df1_ccf9, 0xe583_8752, 0x58ed_9e10, 0xf3e3_7b51])
    var fractions = PCG32()
    let expected: [Float] = [
      0.3044707775, 0.8965381384, 0.3473757505, 0.9526897669, 0.9039040804, 0.4179365635,
    ]
    #expect((0..<6).map { _ in fractions.nextFloat() } == expected)
  }

  @Test("advances as far as single steps do", arguments: [0, 1, 2, 31, 1000])
  func advance(steps: Int) {
    var slow = PCG32(seed: 7, sequence: 9)
    var fast = slow
    for _ in 0..<steps { _ = slow.next() }
    fast.advance(by: UInt64(steps))
    #expect(fast == slow)
  }
}
