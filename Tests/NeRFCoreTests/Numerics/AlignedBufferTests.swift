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

  /// The largest takes the path past the caches, with a part that is no whole vector at its end.
  @Test("is cleared to its last element", arguments: [1, 1000, 5_000_001])
  func clearing(count: Int) {
    let buffer = AlignedBuffer<Float>(count: count, repeating: 3)
    buffer.clear(WorkerPool(threads: 2))
    #expect(buffer.array.allSatisfy { $0 == 0 })
    let bytes = AlignedBuffer<UInt8>(count: 4 * count + 3, repeating: 3)
    bytes.clear(WorkerPool(threads: 2))
    #expect(bytes.array.allSatisfy { $0 == 0 })
  }

  @Test(
    "zeros past the caches start and end where they should", arguments: 0..<17, [0, 1, 15, 100])
  func streamedZeros(first: Int, count: Int) {
    let buffer = AlignedBuffer<Float>(count: first + count + 20, repeating: 3)
    FastKernels.clear(buffer.base + first, bytes: 4 * count)
    for (index, value) in buffer.array.enumerated() {
      #expect(value == (first..<first + count ~= index ? 0 : 3))
    }
  }
}
