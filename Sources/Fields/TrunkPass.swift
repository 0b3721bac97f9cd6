public import NeRFCore

/// The trunk of an ``MLPField`` over many points, spread over threads.
///
/// Forward and backward of a tile follow each other while its activations are in cache. Gradients of the
/// weights are summed in lanes, so the bits do not depend on the number of threads.
public final class TrunkPass<T: RadianceScalar>: @unchecked Sendable {
  private struct Scratch {
    let points: AlignedBuffer<T>
    let activations: AlignedBuffer<T>
    let outputGradient: AlignedBuffer<T>
    let spare: AlignedBuffer<T>
  }

  private let field: MLPField<T>
  private let pool: WorkerPool
  private lazy var lanes = GradientLanes(field.parameters)
  private let scratch: [Scratch]
  private let weights: PackedWeights<T>?

  /// Prepares scratch memory for every thread of `pool`.
  public init(_ field: MLPField<T>, pool: WorkerPool) {
    self.field = field
    self.pool = pool
    weights = PackedWeights(field)
    scratch = (0..<pool.threads).map { _ in
      Scratch(
        points: AlignedBuffer(count: 3 * Tile.stride, repeating: 0),
        activations: AlignedBuffer(count: field.activationRows * Tile.stride, repeating: 0),
        outputGradient: AlignedBuffer(
          count: field.options.trunkOutputs * Tile.stride, repeating: 0),
        spare: AlignedBuffer(count: 2 * field.trunk.widest * Tile.stride, repeating: 0))
    }
  }

  /// Computes features at `points` `[N, 3]`, and adds the gradients of `Σ cotangents · features` to the
  /// parameters of the trunk.
  ///
  /// - Parameters:
  ///   - features: `[N, trunkOutputs]`.
  ///   - cotangents: The same shape; nil for the features alone.
  public func run(_ points: [T], into features: inout [T], cotangents: [T]?) {
    let outputs = field.options.trunkOutputs
    let count = points.count / 3
    precondition(
      features.count == count * outputs && cotangents?.count ?? features.count == features.count,
      "TrunkPass: \(count) points, \(features.count) features")
    let tiles = (count + Tile.capacity - 1) / Tile.capacity
    let shares = GradientLanes<T>.shares(of: tiles)
    guard tiles > 0 else { return }
    weights?.prepare(
      cotangents == nil ? .outputs : [.outputs, .gradients], of: field.parameters, tiles: tiles,
      pool: pool)
    let lanes = cotangents == nil ? nil : self.lanes
    lanes?.open(shares.count)
    points.withUnsafeBufferPointer { points in
      features.withUnsafeMutableBufferPointer { features in
        pool.forEach(shares.count) { lane, worker in
          for tile in shares[lane] {
            let first = tile * Tile.capacity
            run(
              first..<min(count, first + Tile.capacity), points, features,
              cotangents.flatMap { values in lanes.map { (values, $0.lane(lane)) } },
              scratch[worker])
          }
        }
      }
    }
    lanes?.reduce(into: field.parameters, pool: pool)
  }

  private func run(
    _ samples: Range<Int>, _ points: UnsafeBufferPointer<T>,
    _ features: UnsafeMutableBufferPointer<T>,
    _ gradients: (cotangents: [T], lane: GradientLane<T>)?, _ scratch: Scratch
  ) {
    let (first, count) = (samples.lowerBound, samples.count)
    let padded = Tile.padded(count)
    let outputs = field.options.trunkOutputs
    let rows = scratch.points.base
    gather(points.baseAddress! + 3 * first, rows: 3, into: rows, count: count, padded: padded)
    field.forwardTrunk(
      PointPointers(rows, rows + Tile.stride, rows + 2 * Tile.stride),
      activations: scratch.activations.base, count: padded, weights: weights)
    scatter(
      scratch.activations.base + field.trunkRow(field.options.layers - 1) * Tile.stride,
      rows: outputs, into: features.baseAddress! + outputs * first, count: count)
    guard let gradients else { return }
    gradients.cotangents.withUnsafeBufferPointer {
      gather(
        $0.baseAddress! + outputs * first, rows: outputs, into: scratch.outputGradient.base,
        count: count, padded: padded)
    }
    field.backwardTrunk(
      activations: scratch.activations.base, outputGradient: scratch.outputGradient.base,
      scratch: scratch.spare.base, widest: field.trunk.widest, lane: gradients.lane,
      count: padded, weights: weights)
  }
}

/// Sample by sample to rows of a tile; padding is zero.
@specialized(where T == Float)
private func gather<T: RadianceScalar>(
  _ values: UnsafePointer<T>, rows: Int, into tile: UnsafeMutablePointer<T>, count: Int, padded: Int
) {
  for row in 0..<rows {
    for s in 0..<count { tile[row * Tile.stride + s] = values[rows * s + row] }
    for s in count..<padded { tile[row * Tile.stride + s] = 0 }
  }
}

/// Rows of a tile to sample by sample.
@specialized(where T == Float)
private func scatter<T: RadianceScalar>(
  _ tile: UnsafePointer<T>, rows: Int, into values: UnsafeMutablePointer<T>, count: Int
) {
  for s in 0..<count {
    for row in 0..<rows { values[rows * s + row] = tile[row * Tile.stride + s] }
  }
}
