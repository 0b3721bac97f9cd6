import NeRFCore
import Testing

@Suite("Aligned buffers")
struct AlignedBufferTests {
  /// The larger sizes take the path for huge pages.
  @Test("every size is aligned to cache lines and filled", arguments: [0, 1, 17, 4096, 1_200_000])
  func alignment(count: Int) {
    let buffer = AlignedBuffer<Float>(count: count, repeating: 2.5)
    withExtendedLifetime(buffer) {
      #expect(UInt(bitPattern: buffer.base) % 64 == 0)
    }
    #expect(buffer.count == count && buffer.array.count == count)
    #expect(buffer.array.allSatisfy { $0 == 2.5 })
  }

  @Test("elements are copied in, written, filled and read back")
  func access() {
    let buffer = AlignedBuffer<Int32>([3, 1, 4])
    #expect(buffer.array == [3, 1, 4])
    buffer[1] = 7
    #expect(buffer[1] == 7 && Array(buffer.elements) == [3, 7, 4])
    buffer.fill(9)
    #expect(buffer.array == [9, 9, 9])
    #expect(AlignedBuffer<Double>([]).array.isEmpty)
  }

  @Test("a buffer is a reference, an array of it a copy")
  func identity() {
    let buffer = AlignedBuffer<Float>([1, 2])
    let other = buffer
    let copy = buffer.array
    other[0] = 5
    #expect(buffer[0] == 5 && copy[0] == 1)
  }
}
