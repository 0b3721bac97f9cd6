public import NeRFCore

/// Evaluates a field over batches: cuts them into tiles, spreads the tiles over threads, and joins
/// gradients in a fixed order.
///
/// A tile's values are its own, whoever computes it. Gradients are summed in lanes, for which tiles are divided
/// into the contiguous shares of ``GradientLanes/shares(of:)``; a lane's tiles are computed in order by one
/// worker at a time. So results do not depend on the number of threads.
public final class FieldEvaluator<T: RadianceScalar>: @unchecked Sendable {
  /// The field.
  public let field: any RadianceField<T>
  /// The threads.
  public let pool: WorkerPool

  let scratch: [WorkerScratch<T>]
  let weights: PackedWeights<T>?
  lazy var lanes = GradientLanes(field.parameters)
  private var deferred = AlignedBuffer<T>(count: 0, repeating: 0)
  private var encoded = AlignedBuffer<T>(count: 0, repeating: 0)
  /// Which encoding ``encoded`` holds, and what the field found out with it; see ``RadianceField``.
  private var mark = EncodingMark()
  private(set) var encoding: (any Sendable)?
  /// A batch whose encoding is in ``encoded`` already, with its row stride.
  private var carried: (batch: SampleBatch, stride: Int)?

  /// Prepares scratch memory for every thread of `pool`.
  public init(_ field: any RadianceField<T>, pool: WorkerPool) {
    self.field = field
    self.pool = pool
    let weights = PackedWeights(field)
    self.weights = weights
    scratch = (0..<pool.threads).map { _ in WorkerScratch(field, weights: weights) }
  }

  /// Before every pass, since parameters may have changed behind the last one.
  func packWeights(_ directions: PackedWeights<T>.Directions, samples: Int) {
    weights?.prepare(
      directions, of: field.parameters, tiles: tileCount(samples), pool: pool)
  }

  func tileCount(_ samples: Int) -> Int { (samples + Tile.capacity - 1) / Tile.capacity }

  /// Calls `body(tile, worker)` for every tile, the tiles of a share in order by the same worker.
  private func forEachTile(
    _ samples: Int, _ body: (_ tile: Int, _ worker: WorkerScratch<T>) -> Void
  ) {
    let shares = GradientLanes<T>.shares(of: tileCount(samples))
    pool.forEach(shares.count) { index, worker in
      for tile in shares[index] { body(tile, scratch[worker]) }
    }
  }

  /// Runs the field's pass over all samples that comes before the tiles.
  func encode(_ positions: [[Float]], count: Int, detail: TapDetail) -> BatchRows<T> {
    if let carried {
      self.carried = nil
      if carried.batch.count == count && isSameStorage(carried.batch.positions[0], positions[0]) {
        return BatchRows(base: encoded.base, stride: carried.stride)
      }
    }
    mark = EncodingMark()
    encoding = nil
    let stride = Tile.padded(max(count, 1))
    // Tiles may begin at any sample; their padded columns then reach behind the last one.
    let width = field.encodedWidth(for: detail)
    let needed = width * stride + (width > 0 ? Tile.step : 0)
    if encoded.count < needed {
      encoded = AlignedBuffer(count: needed + needed / 8, repeating: 0)
    }
    let rows = BatchRows(base: encoded.base, stride: stride)
    guard needed > 0, count > 0 else { return rows }
    positions[0].withUnsafeBufferPointer { x in
      positions[1].withUnsafeBufferPointer { y in
        positions[2].withUnsafeBufferPointer { z in
          guard let x = x.baseAddress, let y = y.baseAddress, let z = z.baseAddress else { return }
          encoding = field.encode(
            PointPointers(x, y, z), count: count, detail: detail, into: rows, pool: pool)
        }
      }
    }
    return rows
  }

  private func isSameStorage(_ a: [Float], _ b: [Float]) -> Bool {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in a.baseAddress == b.baseAddress }
    }
  }

  /// Drops the samples of each ray that lie behind the given transmittance, judged by this field.
  ///
  /// The next pass over the returned batch does not encode its samples again, if the field's encoding
  /// serves every detail.
  ///
  /// - Parameter taps: Receives the densities of `batch`.
  /// - Throws: Nothing for a batch that ``SampleBatch`` accepted.
  public func droppingHidden(
    _ batch: SampleBatch, behindTransmittance threshold: T, taps: FieldTaps<T>
  ) throws(ShapeError) -> SampleBatch {
    forward(batch, detail: .density, into: taps)
    let densities = taps.densities
    let counts = try batch.visibleSampleCounts(
      densities: densities.span, untilTransmittanceBelow: threshold, pool: pool)
    let kept = try batch.pruned(keeping: counts, pool: pool)
    guard field.sharesEncoding else { return kept }
    let stride = Tile.padded(max(batch.count, 1))
    pool.forEach(field.encodedWidth(for: .density)) { row, _ in
      let values = encoded.base + row * stride
      var next = 0
      for (ray, span) in batch.spans.enumerated() {
        // Rows move towards the front only, so the copy never overtakes its source.
        (values + next).update(from: values + span.offset, count: counts[ray])
        next += counts[ray]
      }
    }
    carried = (kept, stride)
    encoding = nil
    return kept
  }

  /// Evaluates the taps of every sample of `batch`.
  ///
  /// - Parameters:
  ///   - taps: Receives the rows that `detail` asks for; resized to the batch.
  ///   - writingFeatures: Whether taps receive F, too, which rendering does not read: three quarters of what
  ///     a full evaluation writes; false only with ``TapDetail/full``.
  ///   - store: Keeps activations for ``backward(_:detail:taps:cotangents:store:)``; nil to drop them.
  public func forward(
    _ batch: SampleBatch, detail: TapDetail, into taps: FieldTaps<T>,
    writingFeatures: Bool = true, keeping store: ActivationStore<T>? = nil
  ) {
    precondition(
      writingFeatures || detail == .full,
      "FieldEvaluator.forward: a pass for \(detail) without features")
    taps.resize(to: batch.count, featureCount: field.featureCount)
    store?.prepare(tiles: tileCount(batch.count), rows: field.activationRows)
    let encoded = encode(batch.positions, count: batch.count, detail: detail)
    store?.encoding = mark
    packWeights(.outputs, samples: batch.count)
    let written = rows(of: detail).filter { writingFeatures || $0 < TapRow.features }
    forEachTile(batch.count) { tile, worker in
      var input = worker.load(batch, tile: tile, encoded: encoded)
      input.usesFeatures = writingFeatures
      let activations = store?.tile(tile) ?? worker.activations.base
      field.forward(
        input, detail: detail, activations: activations, scratch: worker.scratch.base,
        taps: worker.taps.base)
      for row in written {
        (taps.row(row) + input.firstSample).update(
          from: worker.taps.base + row * Tile.stride, count: input.count)
      }
    }
  }

  /// Adds the gradients of `Σ cotangents · taps` to the gradients of the field's parameters.
  ///
  /// - Parameters:
  ///   - taps: The result of the forward pass over the same batch.
  ///   - cotangents: Gradients with respect to the taps; rows beyond `detail` are not read.
  ///   - store: What the forward pass kept; tiles are evaluated again if it kept nothing.
  public func backward(
    _ batch: SampleBatch, detail: TapDetail, taps: FieldTaps<T>, cotangents: FieldTaps<T>,
    store: ActivationStore<T>? = nil
  ) {
    precondition(
      taps.count == batch.count && cotangents.count == batch.count
        && (detail == .density || cotangents.featureCount == field.featureCount),
      "FieldEvaluator.backward: \(batch.count) samples, \(taps.count) taps, "
        + "\(cotangents.count) cotangents with \(cotangents.featureCount) features")
    let rows = deferredRows(batch.count)
    let shares = GradientLanes<T>.shares(of: tileCount(batch.count))
    let lanes = lanes
    lanes.open(shares.count)
    let isKept = store?.isKept ?? false
    let isFresh = !isKept || store?.encoding === mark
    let encoded =
      isKept
      ? BatchRows(base: encoded.base, stride: 0)
      : encode(batch.positions, count: batch.count, detail: detail)
    packWeights(isKept ? .gradients : [.outputs, .gradients], samples: batch.count)
    let used = self.rows(of: detail)
    pool.forEach(shares.count) { index, worker in
      let (lane, worker) = (lanes.lane(index), scratch[worker])
      for tile in shares[index] {
        let input = worker.load(batch, tile: tile, encoded: encoded)
        let kept = store?.tile(tile)
        if kept != nil {
          for row in used {
            (worker.taps.base + row * Tile.stride).update(
              from: taps.row(row) + input.firstSample, count: input.count)
          }
          worker.finishTaps(count: input.count, padded: input.padded)
        } else {
          field.forward(
            input, detail: detail, activations: worker.activations.base,
            scratch: worker.scratch.base, taps: worker.taps.base)
        }
        worker.backward(
          field, input, detail: detail, activations: kept ?? worker.activations.base,
          cotangents: cotangents, rows: used, lane: lane, deferred: rows)
      }
    }
    field.accumulateDeferred(
      rows, count: batch.count, encoding: isFresh ? encoding : nil, lanes: lanes, pool: pool)
    lanes.reduce(into: field.parameters, pool: pool)
  }

  func deferredRows(_ count: Int) -> BatchRows<T> {
    let stride = Tile.padded(max(count, 1))
    let needed = field.deferredWidth * stride
    if deferred.count < needed {
      deferred = AlignedBuffer(count: needed + needed / 8, repeating: 0)
    }
    return BatchRows(base: deferred.base, stride: stride)
  }

  /// σ as the occupancy grid sees it, at `count` points given by component.
  public func occupancyDensities(x: [Float], y: [Float], z: [Float]) -> [T] {
    let result = AlignedBuffer<T>(count: x.count, repeating: 0)
    let encoded = encode([x, y, z], count: x.count, detail: .density)
    packWeights(.outputs, samples: x.count)
    forEachTile(x.count) { tile, worker in
      let input = worker.load(
        positions: [x, y, z], directions: nil, count: x.count, tile: tile, encoded: encoded)
      field.occupancyDensity(
        input, activations: worker.activations.base, scratch: worker.scratch.base,
        taps: worker.taps.base)
      let row = worker.taps.base + TapRow.density * Tile.stride
      for s in 0..<input.count { result.base[input.firstSample + s] = row[s] }
    }
    return result.array
  }

  /// The rows of taps that a pass of this detail writes.
  func rows(of detail: TapDetail) -> [Int] {
    let count = TapRow.count(features: field.featureCount)
    return switch detail {
    case .density: [TapRow.logDensity, TapRow.density]
    case .features: [TapRow.logDensity] + Array(TapRow.features..<count)
    case .full: Array(0..<count)
    }
  }
}
