import RealModule

extension OccupancyGrid {
  /// Renders rays in rounds, dropping those that have become opaque or left the scene.
  ///
  /// All rays start at `near`. While fewer than `maximumSteps` steps were granted and a ray is
  /// alive: grant `n = max(1, min(N div alive, largestRound))` samples to each, evaluate the field on
  /// all of them at once, and composite
  ///
  ///     T = 1 − W,   w = (1 − exp(−σ δ)) T,   t += gap,   W += w,   D += w t,   I += w c
  ///
  /// A ray ends after the sample in front of which T was below the threshold, and when it got fewer
  /// than n samples. The image is `I + (1 − W) b`. Round borders restart the sum of `t`, so results
  /// depend in the last bit on N, never on the number of threads.
  ///
  /// - Parameters:
  ///   - rays: Unit directions.
  ///   - intervals: Where each ray is inside the scene.
  ///   - background: b, 3 numbers.
  ///   - observe: Receives the state of every round.
  ///   - evaluate: Returns σ and c for the rows of a batch, padding included.
  /// - Throws: ``ShapeError`` if intervals, background or the field's answer have the wrong size,
  ///   and whatever `evaluate` throws.
  public func render<T: RadianceScalar>(
    _ rays: RayBatch<Float>, intervals: RayIntervals<Float>, background: [T],
    settings: InferenceSettings = InferenceSettings(), pool: WorkerPool,
    observe: ((InferenceRound<T>) -> Void)? = nil,
    evaluate: (SampleBatch) throws -> FieldSamples<T>
  ) throws -> RenderedRays<T> {
    guard intervals.count == rays.count else {
      throw ShapeError(
        in: "OccupancyGrid.render", "intervals", expected: [rays.count],
        actual: [intervals.count], fix: "Intersect the same rays with the scene's box.")
    }
    guard background.count == 3 else {
      throw ShapeError(
        in: "OccupancyGrid.render", "background", expected: [3], actual: [background.count],
        fix: "Pass one colour.")
    }
    var state = InferenceState<T>(rays: rays.count)
    var alive = Array(0..<rays.count)
    var times = intervals.near
    var granted = 0
    var round = 0
    while granted < settings.march.maximumSteps && !alive.isEmpty {
      let steps = max(1, min(rays.count / alive.count, settings.largestRound))
      let samples = try roundSamples(
        rays, intervals, alive: alive, times: times, steps: steps, settings: settings, pool: pool)
      let field = try evaluate(samples)
      let operation = "OccupancyGrid.render"
      try samples.checkRows(operation, "evaluate.densities", field.densities.count, channels: 1)
      try samples.checkRows(operation, "evaluate.colors", field.colors.count, channels: 3)
      var after = times
      state.composite(
        samples, field, alive: alive, steps: steps, times: &after,
        threshold: T(settings.transmittanceThreshold), pool: pool)
      if let observe {
        observe(
          InferenceRound(
            index: round, alive: alive, stepsPerRay: steps, times: times, samples: samples,
            timesAfter: after, opacity: state.opacity, weightedDistance: state.distance,
            color: state.color))
      }
      let staying = alive.indices.filter { after[$0] >= 0 }
      alive = staying.map { alive[$0] }
      times = staying.map { after[$0] }
      granted += steps
      round += 1
    }
    return state.finish(intervals, background: background, original: settings.original)
  }

  /// Marches every living ray by up to `steps` samples from where it stands.
  private func roundSamples(
    _ rays: RayBatch<Float>, _ intervals: RayIntervals<Float>, alive: [Int], times: [Float],
    steps: Int, settings: InferenceSettings, pool: WorkerPool
  ) throws(ShapeError) -> SampleBatch {
    let living = RayBatch(
      trusted: rays.origins.map { axis in alive.map { axis[$0] } },
      rays.directions.map { axis in alive.map { axis[$0] } })
    let spans = RayIntervals<Float>(trusted: times, alive.map { intervals.far[$0] })
    let wanted = alive.count * steps
    return try packedMarch(
      living, intervals: spans, settings: settings.march, limit: steps, jitter: .none, pool: pool
    ) { requested, total in
      (settings.original ? wanted + 128 - wanted % 128 : total, requested)
    }.samples
  }
}

/// The running sums of every ray.
private struct InferenceState<T: RadianceScalar> {
  var opacity: [T]
  var distance: [T]
  var color: [T]

  init(rays: Int) {
    opacity = [T](repeating: 0, count: rays)
    distance = opacity
    color = [T](repeating: 0, count: 3 * rays)
  }

  mutating func composite(
    _ samples: SampleBatch, _ field: FieldSamples<T>, alive: [Int], steps: Int,
    times: inout [Float], threshold: T, pool: WorkerPool
  ) {
    opacity.withUnsafeMutableBufferPointer { opacity in
      distance.withUnsafeMutableBufferPointer { distance in
        color.withUnsafeMutableBufferPointer { color in
          times.withUnsafeMutableBufferPointer { times in
            pool.forEachRange(alive.count, size: 2048) { range, _ in
              Self.composite(
                range, samples, field, alive, steps, threshold, opacity, distance, color, times)
            }
          }
        }
      }
    }
  }

  @specialized(where T == Float)
  @specialized(where T == Double)
  private static func composite(
    _ range: Range<Int>, _ samples: SampleBatch, _ field: FieldSamples<T>, _ alive: [Int],
    _ steps: Int, _ threshold: T, _ opacity: UnsafeMutableBufferPointer<T>,
    _ distance: UnsafeMutableBufferPointer<T>, _ color: UnsafeMutableBufferPointer<T>,
    _ times: UnsafeMutableBufferPointer<Float>
  ) {
    for slot in range {
      let ray = alive[slot]
      let span = samples.spans[slot]
      var time = times[slot]
      var hidden = false
      for row in span.offset..<span.offset + span.count {
        let transmittance = 1 - opacity[ray]
        let alpha = -T.expMinusOne(-field.densities[row] * T(samples.deltas[row]))
        let weight = alpha * transmittance
        time += samples.gaps[row]
        opacity[ray] += weight
        distance[ray] += weight * T(time)
        for channel in 0..<3 {
          color[3 * ray + channel] += weight * field.colors[3 * row + channel]
        }
        if transmittance < threshold {
          hidden = true
          break
        }
      }
      times[slot] = hidden || span.count < steps ? -1 : time
    }
  }

  func finish(
    _ intervals: RayIntervals<Float>, background: [T], original: Bool
  ) -> RenderedRays<T> {
    let image = color.indices.map { index in
      color[index] + (1 - opacity[index / 3]) * background[index % 3]
    }
    let depth = opacity.indices.map { ray in
      let near = T(intervals.near[ray])
      let length = T(intervals.far[ray]) - near
      if !original && !(length > 0) { return T.zero }
      return Swift.max(0, distance[ray] - near) / length
    }
    return RenderedRays(image: image, depth: depth, opacity: opacity)
  }
}
