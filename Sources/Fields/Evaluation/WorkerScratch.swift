import NeRFCore

/// Memory of one worker: inputs, activations and taps of the tile it works on.
final class WorkerScratch<T: RadianceScalar>: @unchecked Sendable {
  let points = AlignedBuffer<T>(count: 6 * Tile.stride, repeating: 0)
  let taps: AlignedBuffer<T>
  let cotangents: AlignedBuffer<T>
  let activations: AlignedBuffer<T>
  let scratch: AlignedBuffer<T>
  /// Activations of tiles whose rays have not ended, the oldest first; and buffers for others.
  var waiting: [AlignedBuffer<T>] = []
  var spare: [AlignedBuffer<T>] = []

  private let tapRows: Int
  /// Which rows of `cotangents` an earlier tile filled; the others are zero.
  private var filled: [Bool]
  private let weights: PackedWeights<T>?

  init(_ field: any RadianceField<T>, weights: PackedWeights<T>?) {
    self.weights = weights
    tapRows = TapRow.count(features: field.featureCount)
    filled = [Bool](repeating: false, count: tapRows)
    taps = AlignedBuffer(count: tapRows * Tile.stride, repeating: 0)
    cotangents = AlignedBuffer(count: tapRows * Tile.stride, repeating: 0)
    activations = AlignedBuffer(count: field.activationRows * Tile.stride, repeating: 0)
    scratch = AlignedBuffer(count: field.scratchRows * Tile.stride, repeating: 0)
  }

  /// Room for the activations of one tile.
  func takeActivations(rows: Int) -> AlignedBuffer<T> {
    spare.popLast() ?? AlignedBuffer(count: rows * Tile.stride, repeating: 0)
  }

  @specialized(where T == Float)
  func load(_ batch: SampleBatch, tile: Int, encoded: BatchRows<T>) -> TileInput<T> {
    load(
      positions: batch.positions, directions: batch.directions, count: batch.count, tile: tile,
      encoded: encoded)
  }

  @specialized(where T == Float)
  func load(
    positions: [[Float]], directions: [[Float]]?, count total: Int, tile: Int,
    encoded: BatchRows<T>
  ) -> TileInput<T> {
    let first = tile * Tile.capacity
    return load(
      positions: positions, directions: directions,
      samples: first..<min(total, first + Tile.capacity), encoded: encoded)
  }

  /// Loads at most a tile's capacity of samples.
  @specialized(where T == Float)
  func load(
    positions: [[Float]], directions: [[Float]]?, samples: Range<Int>, encoded: BatchRows<T>
  ) -> TileInput<T> {
    let first = samples.lowerBound
    let count = samples.count
    let padded = Tile.padded(count)
    for axis in 0..<3 {
      convert(positions[axis], from: first, into: points.base + axis * Tile.stride, count, padded)
      if let directions {
        convert(
          directions[axis], from: first, into: points.base + (3 + axis) * Tile.stride, count,
          padded)
      }
    }
    let p = UnsafePointer(points.base)
    return TileInput(
      count: count, padded: padded, firstSample: first,
      positions: PointPointers(p, p + Tile.stride, p + 2 * Tile.stride),
      directions: PointPointers(p + 3 * Tile.stride, p + 4 * Tile.stride, p + 5 * Tile.stride),
      encoded: encoded, weights: weights)
  }

  @specialized(where T == Float)
  private func convert(
    _ source: [Float], from first: Int, into row: UnsafeMutablePointer<T>, _ count: Int,
    _ padded: Int
  ) {
    source.withUnsafeBufferPointer { source in
      convertRow(source.baseAddress! + first, into: row, count: count)
    }
    clearRow(row + count, count: padded - count)
  }

  /// Padded columns of taps that were copied back hold leftovers; make them harmless.
  @specialized(where T == Float)
  func finishTaps(count: Int, padded: Int) {
    guard count < padded else { return }
    for row in 0..<tapRows {
      for s in count..<padded { taps.base[row * Tile.stride + s] = 0 }
    }
  }

  @specialized(where T == Float)
  func backward(
    _ field: any RadianceField<T>, _ input: TileInput<T>, detail: TapDetail,
    activations: UnsafeMutablePointer<T>, cotangents source: FieldTaps<T>, rows: [Int],
    lane: GradientLane<T>, deferred: BatchRows<T>
  ) {
    for row in 0..<tapRows where filled[row] && !rows.contains(row) {
      clearRow(cotangents.base + row * Tile.stride, count: Tile.capacity)
      filled[row] = false
    }
    for row in rows {
      let target = cotangents.base + row * Tile.stride
      target.update(from: source.row(row) + input.firstSample, count: input.count)
      clearRow(target + input.count, count: input.padded - input.count)
      filled[row] = true
    }
    field.backward(
      input, detail: detail, activations: activations, scratch: scratch.base, taps: taps.base,
      cotangents: cotangents.base, lane: lane, deferred: deferred)
  }
}

@specialized(where T == Float)
@specialized(where T == Double)
private func clearRow<T: RadianceScalar>(_ row: UnsafeMutablePointer<T>, count: Int) {
  for s in 0..<count { row[s] = 0 }
}

@specialized(where T == Float)
@specialized(where T == Double)
private func convertRow<T: RadianceScalar>(
  _ source: UnsafePointer<Float>, into row: UnsafeMutablePointer<T>, count: Int
) {
  for s in 0..<count { row[s] = T(source[s]) }
}
