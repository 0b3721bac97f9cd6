public import NeRFCore

/// Stands for one encoding of a batch by one evaluator.
final class EncodingMark: Sendable {}

/// Activations of the tiles of one batch, kept from the forward to the backward pass.
///
/// Keeping them costs memory in proportion to samples; beyond ``budget`` nothing is kept and backward
/// evaluates its tiles once more. Both ways give the same bits.
public final class ActivationStore<T: RadianceScalar>: @unchecked Sendable {
  /// Most bytes to keep.
  public let budget: Int
  private var storage = AlignedBuffer<T>(count: 0, repeating: 0)
  private var tileSize = 0
  /// The encoding that the batch was evaluated with.
  var encoding: EncodingMark?
  /// Whether the last batch fits.
  public private(set) var isKept = false

  /// - Parameter budget: Most bytes to keep; 768 MiB unless told otherwise.
  public init(budget: Int = 768 << 20) { self.budget = budget }

  /// Makes room for `tiles` tiles of `rows` rows, or decides not to keep.
  func prepare(tiles: Int, rows: Int) {
    tileSize = rows * Tile.stride
    let needed = tiles * tileSize
    isKept = needed * MemoryLayout<T>.stride <= budget
    if isKept && storage.count < needed {
      let roomy = needed + needed / 8
      storage = AlignedBuffer(
        count: roomy * MemoryLayout<T>.stride <= budget ? roomy : needed, repeating: 0)
    }
  }

  /// Storage of one tile, or nil if nothing is kept.
  func tile(_ index: Int) -> UnsafeMutablePointer<T>? {
    isKept ? storage.base + index * tileSize : nil
  }
}
