public import NeRFCore

/// W6: compositing of 4096 rays of 64 samples.
public final class CompositingWork<T: RadianceScalar>: Workload {
  public static var name: String { "W6" }
  public static var summary: String { "compositing, 4096 rays of 64 samples" }
  public static var modes: [WorkloadMode] { [.forward, .backward] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let samples = 4096.0 * 64
    var cost = WorkloadCost()
    cost.operations = CountedCosts.compositing * samples
    // σ, δ and colours in; what comes out for a ray is nothing beside them.
    let footprint = samples * 4 * (mode == .forward ? 5 : 9)
    cost.add(.reading, bytes: samples * 4 * 5, footprint: footprint)
    guard mode == .backward else { return cost }
    // The same once more, back to front; gradients of σ and colours out.
    cost.operations += CountedCosts.compositingGradient * samples
    cost.add(.reading, bytes: samples * 4 * 5, footprint: footprint)
    cost.add(.filling, bytes: samples * 4 * 4, footprint: footprint)
    return cost
  }

  private let mode: WorkloadMode
  private let pool: WorkerPool
  private let batch: SampleBatch
  private let densities: [T]
  private let colors: [T]
  private let imageGradients: [T]
  private let opacityGradients: [T]
  private var composited: CompositedRays<T>?
  private var gradients: CompositingGradients<T>?

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.mode = mode
    self.pool = pool
    let rays = size == .full ? 4096 : 64
    let samples = 64 * rays
    let deltas = WorkloadRandom(seed: 603).uniform(samples, 0.01, 0.03)
    let zeros = [[Float]](repeating: [Float](repeating: 0, count: samples), count: 3)
    batch = try SampleBatch(
      positions: zeros, directions: zeros, deltas: deltas, gaps: deltas,
      spans: (0..<rays).map { RaySpan(offset: 64 * $0, count: 64) })
    densities = WorkloadRandom(seed: 601).numbers(samples, 0, 10)
    colors = WorkloadRandom(seed: 602).numbers(3 * samples, 0, 1)
    imageGradients = WorkloadRandom(seed: 604).numbers(3 * rays)
    opacityGradients = WorkloadRandom(seed: 605).numbers(rays)
  }

  public func run() throws {
    // Spans may not reach into an object.
    let (densities, colors) = (densities, colors)
    let rays = try batch.composite(densities: densities.span, colors: colors.span, pool: pool)
    if mode == .backward {
      gradients = try batch.compositeGradients(
        rays, colors: colors.span, imageGradients: imageGradients,
        opacityGradients: opacityGradients, depthGradients: nil, pool: pool)
    }
    composited = rays
  }

  public func results() throws -> [(name: String, values: [T])] {
    guard let composited else { return [] }
    let outputs = [
      ("image", composited.image), ("depth", composited.depth), ("weights", composited.opacity),
    ]
    return outputs
      + (gradients.map { [("d sigma", $0.densities), ("d rgb", $0.colors)] } ?? [])
  }
}

/// W7: a step of AdamW on 12,239,728 parameters.
public final class AdamWWork<T: RadianceScalar>: Workload {
  public static var name: String { "W7" }
  public static var summary: String { "AdamW, 12,239,728 parameters" }
  public static var modes: [WorkloadMode] { [.step] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    CountedCosts.adamW(12_239_728, clearing: false)
  }

  private let pool: WorkerPool
  private let count: Int
  private let values: AlignedBuffer<T>
  private let gradients: AlignedBuffer<T>
  private let first: AlignedBuffer<T>
  private let second: AlignedBuffer<T>
  private var steps = 0

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.pool = pool
    count = size == .full ? 12_239_728 : 5000
    values = AlignedBuffer(count: count, repeating: 0)
    gradients = AlignedBuffer(count: count, repeating: 0)
    first = AlignedBuffer(count: count, repeating: 0)
    second = AlignedBuffer(count: count, repeating: 0)
    let (p, g) = (WorkloadRandom(seed: 701), WorkloadRandom(seed: 702))
    for (i, value) in p.uniform(count).enumerated() { values.base[i] = T(value) }
    for (i, value) in g.uniform(count, -1e-3, 1e-3).enumerated() { gradients.base[i] = T(value) }
  }

  public func run() throws {
    steps += 1
    let update = AdamWUpdate<T>(AdamWConfiguration(), learningRate: 1e-2, count: steps)
    pool.forEachRange(count, size: 1 << 18) { range, _ in
      let start = range.lowerBound
      T.Kernels.adamW(
        update, values: values.base + start, gradients: gradients.base + start,
        firstMoments: first.base + start, secondMoments: second.base + start, count: range.count)
    }
  }

  public func results() throws -> [(name: String, values: [T])] { [("p", values.array)] }
}
