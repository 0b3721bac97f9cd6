import NeRFCore

/// Numbers per sample of a whole batch, in blocks of as many samples as a tile holds; within a block row
/// after row, one row per number.
///
/// A tile that begins where a block does reads and writes one run of memory. In rows of the whole batch it
/// would meet a new place for every row, 1 KB at a time, which is too short for a processor to fetch ahead.
struct SampleBlocks<T: RadianceScalar>: Sendable {
  let width: Int
  private let numbers: AlignedBuffer<T>

  /// Zeros for `count` samples.
  init(count: Int, width: Int) {
    self.width = width
    let blocks = (count + Tile.capacity - 1) / Tile.capacity
    numbers = AlignedBuffer(count: blocks * Tile.capacity * width, repeating: 0)
  }

  /// Row 0 of a sample; its other rows follow ``Tile/capacity`` numbers apart.
  private func start(_ sample: Int) -> UnsafeMutablePointer<T> {
    let (block, column) = sample.quotientAndRemainder(dividingBy: Tile.capacity)
    return numbers.base + block * Tile.capacity * width + column
  }

  /// One number.
  subscript(sample: Int, row: Int) -> T {
    get { start(sample)[row * Tile.capacity] }
    nonmutating set { start(sample)[row * Tile.capacity] = newValue }
  }

  /// Copies samples from `first` on to the first `count` columns of a tile matrix.
  @specialized(where T == Float)
  func read(_ first: Int, count: Int, into tile: UnsafeMutablePointer<T>) {
    forEachRun(first, count) { column, source, length in
      for row in 0..<width {
        (tile + row * Tile.stride + column).update(
          from: source + row * Tile.capacity, count: length)
      }
    }
  }

  /// Copies the first `count` columns of a tile matrix to the samples from `first` on.
  @specialized(where T == Float)
  func write(_ first: Int, count: Int, from tile: UnsafePointer<T>) {
    forEachRun(first, count) { column, target, length in
      for row in 0..<width {
        (target + row * Tile.capacity).update(
          from: tile + row * Tile.stride + column, count: length)
      }
    }
  }

  private func forEachRun(
    _ first: Int, _ count: Int,
    _ body: (_ column: Int, _ start: UnsafeMutablePointer<T>, _ length: Int) -> Void
  ) {
    var column = 0
    while column < count {
      let sample = first + column
      let length = min(count - column, Tile.capacity - sample % Tile.capacity)
      body(column, start(sample), length)
      column += length
    }
  }
}
