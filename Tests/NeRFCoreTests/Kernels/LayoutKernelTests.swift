import NeRFCore
import Testing

/// Tiles hold features in rows, passes over the batch sample by sample.
@Suite("Layout kernels")
struct LayoutKernelTests {
  /// Below, at and above the squares that are transposed in registers, and what fields have.
  static let rowCounts = [1, 3, 7, 8, 15, 16, 17, 28, 33]

  /// A different number in every place.
  private func numbered(_ count: Int) -> AlignedBuffer<Float> {
    AlignedBuffer((0..<count).map { Float($0) })
  }

  @Test(
    "tiles are written sample by sample, and nothing behind them", arguments: rowCounts,
    [1, 15, 16, 17, 100, 256])
  func toSamples(rows: Int, count: Int) {
    let tile = numbered(rows * Tile.stride)
    let fast = AlignedBuffer<Float>(count: rows * count + 40, repeating: -1)
    let plain = AlignedBuffer<Float>(count: rows * count + 40, repeating: -1)
    FastKernels.tileToSamples(tile.base, rows: rows, into: fast.base, count: count)
    ReferenceKernels<Float>.tileToSamples(tile.base, rows: rows, into: plain.base, count: count)
    #expect(fast.array == plain.array)
    #expect(plain[rows * count - 1] == Float((rows - 1) * Tile.stride + count - 1))
    #expect(plain.array[(rows * count)...].allSatisfy { $0 == -1 })
  }

  /// Other rows of the same memory belong to other operations.
  @Test("samples are read into their rows only", arguments: rowCounts, [64, 192, 256])
  func toTile(rows: Int, count: Int) {
    let samples = numbered(rows * count)
    let fast = AlignedBuffer<Float>(count: (rows + 2) * Tile.stride, repeating: -1)
    let plain = AlignedBuffer<Float>(count: (rows + 2) * Tile.stride, repeating: -1)
    FastKernels.samplesToTile(samples.base, rows: rows, into: fast.base, count: count)
    ReferenceKernels<Float>.samplesToTile(
      samples.base, rows: rows, into: plain.base, count: count)
    #expect(fast.array == plain.array)
    #expect(plain[(rows - 1) * Tile.stride + count - 1] == Float(rows * count - 1))
    #expect(plain.array[(rows * Tile.stride)...].allSatisfy { $0 == -1 })
    #expect((0..<rows).allSatisfy { row in plain[row * Tile.stride + Tile.capacity] == -1 })
  }
}
