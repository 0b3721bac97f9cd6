import Fields
import NeRFCore
import Testing

@Suite("Blocks of samples")
struct SampleBlocksTests {
  private static let capacity = Tile.capacity
  private let count = 2 * Tile.capacity + 40

  /// Number of a sample in a row, exact in `Float`.
  private func number(_ sample: Int, _ row: Int) -> Float { Float(1000 * row + sample) }

  private func filled(width: Int) -> SampleBlocks<Float> {
    let blocks = SampleBlocks<Float>(count: count, width: width)
    for sample in 0..<count {
      for row in 0..<width { blocks[sample, row] = number(sample, row) }
    }
    return blocks
  }

  @Test(
    "a tile gets the block only if it has all of the block's samples, because a network writes behind its own",
    arguments: [
      (first: 0, count: capacity, whole: true),
      (first: capacity, count: capacity, whole: true),
      // The last block has fewer.
      (first: 2 * capacity, count: 40, whole: true),
      // Shares that end within a block, or begin there.
      (first: 0, count: capacity - 1, whole: false),
      (first: capacity, count: 40, whole: false),
      (first: 2 * capacity, count: 39, whole: false),
      (first: 1, count: capacity, whole: false),
      (first: capacity + 16, count: capacity - 16, whole: false),
    ])
  func matrices(first: Int, count: Int, whole: Bool) throws {
    let blocks = filled(width: 3)
    let matrix = blocks.matrix(first, count: count)
    #expect((matrix != nil) == whole)
    guard let matrix else { return }
    for column in 0..<count {
      for row in 0..<3 {
        #expect(matrix[row * Tile.stride + column] == number(first + column, row))
      }
    }
  }

  @Test("the block behind a tile is the next one, and there is none behind the last")
  func behind() throws {
    let blocks = filled(width: 2)
    let capacity = Self.capacity
    for first in [0, 5, capacity - 1] {
      let next = try #require(blocks.matrix(behind: first))
      #expect(next[0] == number(capacity, 0) && next[Tile.stride] == number(capacity, 1))
    }
    #expect(blocks.matrix(behind: capacity) != nil)
    #expect(blocks.matrix(behind: 2 * capacity) == nil)
  }

  @Test(
    "samples are read and written across blocks, and no others are touched",
    arguments: [(0, 1), (3, 17), (capacity - 3, 7), (capacity, capacity), (capacity - 5, 45)])
  func copies(first: Int, count: Int) {
    let width = 3
    let blocks = filled(width: width)
    var tile = [Float](repeating: -1, count: width * Tile.stride)
    blocks.read(first, count: count, into: &tile)
    for row in 0..<width {
      for column in 0..<Tile.stride {
        let expected = column < count ? number(first + column, row) : -1
        #expect(tile[row * Tile.stride + column] == expected)
      }
    }
    for index in tile.indices { tile[index] = -2 }
    blocks.write(first, count: count, from: tile)
    for sample in 0..<self.count {
      let written = (first..<first + count).contains(sample)
      for row in 0..<width {
        #expect(blocks[sample, row] == (written ? -2 : number(sample, row)))
      }
    }
  }
}
