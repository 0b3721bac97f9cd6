import NeRFCore

/// Numbers per sample of a whole batch, in blocks that are tile matrices, one row per number.
///
/// A tile that begins where a block does works on it in place. In rows of the whole batch it would meet a new
/// place for every row, 1 KB at a time, which is too short for a processor to fetch ahead.
package struct SampleBlocks<T: RadianceScalar>: Sendable {
  package let width: Int
  private let count: Int
  private let numbers: AlignedBuffer<T>

  /// Zeros for `count` samples.
  package init(count: Int, width: Int) {
    self.width = width
    let blocks = (count + Tile.capacity - 1) / Tile.capacity
    self.count = count
    numbers = AlignedBuffer(count: blocks * Tile.stride * width, repeating: 0)
  }

  /// The block of a tile of `count` samples from `first` on, if these are all of the block's; its columns
  /// behind them are the tile's to write.
  ///
  /// A tile that ends within a block shares it with the next one, which another thread may work on. What
  /// networks write behind a tile's samples would be written over the neighbour's.
  package func matrix(_ first: Int, count: Int) -> UnsafeMutablePointer<T>? {
    guard
      first.isMultiple(of: Tile.capacity), count == min(Tile.capacity, self.count - first)
    else { return nil }
    return start(first)
  }

  /// The block behind that of a tile which begins with sample `first`.
  package func matrix(behind first: Int) -> UnsafePointer<T>? {
    let next = first / Tile.capacity * Tile.capacity + Tile.capacity
    return next < count ? UnsafePointer(start(next)) : nil
  }

  /// Row 0 of a sample; its other rows follow ``Tile/stride`` numbers apart.
  private func start(_ sample: Int) -> UnsafeMutablePointer<T> {
    let (block, column) = sample.quotientAndRemainder(dividingBy: Tile.capacity)
    return numbers.base + block * Tile.stride * width + column
  }

  /// One number.
  package subscript(sample: Int, row: Int) -> T {
    get { start(sample)[row * Tile.stride] }
    nonmutating set { start(sample)[row * Tile.stride] = newValue }
  }

  /// Copies samples from `first` on to the first `count` columns of a tile matrix.
  @specialized(where T == Float)
  package func read(_ first: Int, count: Int, into tile: UnsafeMutablePointer<T>) {
    forEachRun(first, count) { column, source, length in
      for row in 0..<width {
        (tile + row * Tile.stride + column).update(
          from: source + row * Tile.stride, count: length)
      }
    }
  }

  /// Copies the first `count` columns of a tile matrix to the samples from `first` on.
  @specialized(where T == Float)
  package func write(_ first: Int, count: Int, from tile: UnsafePointer<T>) {
    forEachRun(first, count) { column, target, length in
      for row in 0..<width {
        (target + row * Tile.stride).update(
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
