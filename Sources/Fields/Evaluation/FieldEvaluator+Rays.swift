public import NeRFCore

extension FieldEvaluator {
  /// Forward, loss and backward ray by ray, while the activations of a few tiles are in cache.
  ///
  /// Adds to the parameters' gradients what ``forward(_:detail:into:keeping:)``, a loss on whole rays and
  /// ``backward(_:detail:taps:cotangents:store:)`` add, without keeping the activations of the batch. Rays
  /// are divided among lanes with about the samples of ``GradientLanes/shares(of:)``; the bits do not depend
  /// on the number of threads.
  ///
  /// - Parameters:
  ///   - taps: Receives S, σ and C of every sample that belongs to a ray; resized to the batch, without F.
  ///   - cotangents: Written by `loss`; resized to the batch, without F.
  ///   - loss: Called once for every ray, in ranges, when the taps of their samples are there. It writes
  ///     ∂L/∂σ and ∂L/∂C of their samples. Calls for different rays run at the same time.
  public func accumulateGradients(
    _ batch: SampleBatch, taps: FieldTaps<T>, cotangents: FieldTaps<T>,
    loss: (_ rays: Range<Int>) -> Void
  ) {
    taps.resize(to: batch.count, featureCount: 0)
    cotangents.resize(to: batch.count, featureCount: 0)
    let lanes = lanes
    packWeights([.outputs, .gradients], samples: batch.usedCount)
    let pass = RayPass(
      evaluator: self, batch: batch, taps: taps, cotangents: cotangents,
      encoded: encode(batch.positions, count: batch.count, detail: .full),
      deferred: deferredRows(batch.count))
    let shares = batch.shares(
      endingAtTiles: GradientLanes<T>.shares(of: tileCount(batch.usedCount)).map(\.upperBound))
    lanes.open(shares.count)
    pool.forEach(shares.count) { lane, worker in
      pass.run(shares[lane], lane: lanes.lane(lane), scratch[worker], loss)
    }
    field.accumulateDeferred(
      pass.deferred, count: batch.usedCount, encoding: encoding, lanes: lanes, pool: pool)
    lanes.reduce(into: field.parameters, pool: pool)
  }
}

/// The rays of one lane and their samples.
private struct RayShare {
  let rays: Range<Int>
  let samples: Range<Int>
}

extension SampleBatch {
  /// Consecutive rays, one share for each number of tiles at which it should end; the last one has all rays
  /// that are left.
  fileprivate func shares(endingAtTiles ends: [Int]) -> [RayShare] {
    var shares: [RayShare] = []
    var (ray, sample) = (0, 0)
    for index in 0..<max(1, ends.count) {
      let (firstRay, firstSample) = (ray, sample)
      let isLast = index + 1 >= ends.count
      while ray < rayCount && (isLast || sample < ends[index] * Tile.capacity) {
        sample += spans[ray].count
        ray += 1
      }
      shares.append(RayShare(rays: firstRay..<ray, samples: firstSample..<sample))
    }
    return shares
  }
}

/// What the lanes of one pass share.
private struct RayPass<T: RadianceScalar>: @unchecked Sendable {
  let evaluator: FieldEvaluator<T>
  let batch: SampleBatch
  let taps: FieldTaps<T>
  let cotangents: FieldTaps<T>
  let encoded: BatchRows<T>
  let deferred: BatchRows<T>

  private var field: any RadianceField<T> { evaluator.field }
  /// Rows of cotangents that the loss writes.
  private let lossRows = Array(TapRow.density..<TapRow.features)

  /// Tiles run forward in order; one runs backward as soon as all its rays have ended, so that only as
  /// many tiles wait as the longest ray is long.
  @specialized(where T == Float)
  func run(
    _ share: RayShare, lane: GradientLane<T>, _ worker: WorkerScratch<T>,
    _ loss: (Range<Int>) -> Void
  ) {
    let tiles = stride(
      from: share.samples.lowerBound, to: share.samples.upperBound, by: Tile.capacity
    )
    .map { $0..<min($0 + Tile.capacity, share.samples.upperBound) }
    let spans = batch.spans
    var ray = share.rays.lowerBound
    var ended = share.samples.lowerBound
    var next = 0
    worker.waiting.removeAll()
    for (index, tile) in tiles.enumerated() {
      let input = forward(tile, worker)
      // The tile in the worker's memory.
      var loaded = index
      let first = ray
      while ray < share.rays.upperBound && ended + spans[ray].count <= tile.upperBound {
        ended += spans[ray].count
        ray += 1
      }
      if ray > first { loss(first..<ray) }
      while next < tiles.count && tiles[next].upperBound <= ended && !worker.waiting.isEmpty {
        backward(next == loaded ? input : reload(tiles[next], worker), worker, lane)
        loaded = next
        next += 1
      }
    }
    // Rays without samples behind the last tile, or in a share without any.
    if ray < share.rays.upperBound { loss(ray..<share.rays.upperBound) }
  }

  @specialized(where T == Float)
  private func load(_ samples: Range<Int>, _ worker: WorkerScratch<T>) -> TileInput<T> {
    var input = worker.load(
      positions: batch.positions, directions: batch.directions, samples: samples, encoded: encoded)
    // Neither the loss nor a backward pass reads F.
    input.usesFeatures = false
    return input
  }

  @specialized(where T == Float)
  private func forward(_ samples: Range<Int>, _ worker: WorkerScratch<T>) -> TileInput<T> {
    let input = load(samples, worker)
    let activations = worker.takeActivations(rows: field.activationRows)
    field.forward(
      input, detail: .full, activations: activations.base, scratch: worker.scratch.base,
      taps: worker.taps.base)
    for row in 0..<TapRow.features {
      (taps.row(row) + input.firstSample).update(
        from: worker.taps.base + row * Tile.stride, count: input.count)
    }
    worker.waiting.append(activations)
    return input
  }

  /// What the forward pass of these samples left in the worker's memory.
  @specialized(where T == Float)
  private func reload(_ samples: Range<Int>, _ worker: WorkerScratch<T>) -> TileInput<T> {
    let input = load(samples, worker)
    for row in 0..<TapRow.features {
      (worker.taps.base + row * Tile.stride).update(
        from: taps.row(row) + input.firstSample, count: input.count)
    }
    worker.finishTaps(count: input.count, padded: input.padded)
    return input
  }

  @specialized(where T == Float)
  private func backward(
    _ input: TileInput<T>, _ worker: WorkerScratch<T>, _ lane: GradientLane<T>
  ) {
    let activations = worker.waiting.removeFirst()
    worker.backward(
      field, input, detail: .full, activations: activations.base, cotangents: cotangents,
      rows: lossRows, lane: lane, deferred: deferred)
    worker.spare.append(activations)
  }
}
