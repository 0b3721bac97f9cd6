import GoldenKit
import NeRFCore

/// `march_composite_inference`: an analytic density blob rendered in rounds.
///
/// The field of the cases is `σ = a exp(−b |x − c|²)` and
/// `rgb_k = ½ + ½ sin(3 x_k + ½ d_k + k)`; a and b stand in the text `field.sigma` of the
/// configuration. Positions are single precision in both runs.
enum InferenceMarchAnswer: OperationAnswer {
  static let operation = "march_composite_inference"

  /// The analytic field.
  struct Blob {
    let center: [Double]
    let height: Double
    let falloff: Double

    init(_ call: OperationCall) throws {
      let field = try call.config.nested("field")
      center = try field.doubles("c")
      let text = try field.string("sigma")
      // "30.0*exp(-8.0*|x-c|^2)"
      guard center.count == 3,
        let match = text.wholeMatch(of: /([0-9.eE+]+)\*exp\(-([0-9.eE+]+)\*\|x-c\|\^2\)/),
        let height = Double(match.1), let falloff = Double(match.2)
      else {
        throw UnsupportedSetting("`field` is \(text), this library has a*exp(-b*|x-c|^2)")
      }
      let colors = try field.string("rgb")
      guard colors == "0.5+0.5*sin(3*x+0.5*d+[0,1,2])" else {
        throw UnsupportedSetting("`field.rgb` is \(colors)")
      }
      self.height = height
      self.falloff = falloff
    }

    func evaluate<T: RadianceScalar>(_ samples: SampleBatch) -> FieldSamples<T> {
      var densities: [T] = []
      var colors: [T] = []
      for row in 0..<samples.count {
        var square = T.zero
        for axis in 0..<3 {
          let x = T(samples.positions[axis][row])
          let offset = x - T(center[axis])
          square += offset * offset
          let phase = 3 * x + T(samples.directions[axis][row]) / 2 + T(axis)
          colors.append(T(1) / 2 + T.sin(phase) / 2)
        }
        densities.append(T(height) * T.exp(-T(falloff) * square))
      }
      return FieldSamples(densities: densities, colors: colors)
    }
  }

  private static func render<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool, thresholdTimes factor: Double
  ) throws -> (rendered: RenderedRays<T>, rounds: [InferenceRound<T>]) {
    let config = call.config
    let blob = try Blob(call)
    var grid = try call.emptyGrid()
    try grid.load(bits: call.integers("in.bitfield").map { UInt8(truncatingIfNeeded: $0) })
    let rays: RayBatch<Float> = try call.rays()
    let intervals = try rays.intervals(
      in: AxisAlignedBox(halfSize: config.double("bound")),
      minimumNear: config.float("min_near"))
    var settings = InferenceSettings(
      march: MarchSettings(
        maximumSteps: try call.setting("max_steps", in: 1...65_536),
        stepGrowth: try config.float("dt_gamma")), original: true)
    settings.transmittanceThreshold *= Float(factor)
    var rounds: [InferenceRound<T>] = []
    let rendered: RenderedRays<T> = try grid.render(
      rays, intervals: intervals,
      background: [T](repeating: T(try config.double("bg_color")), count: 3), settings: settings,
      pool: pool, observe: { rounds.append($0) }, evaluate: blob.evaluate)
    return (rendered, rounds)
  }

  /// The optical depth of every sample of every ray.
  static func samples(_ call: OperationCall) throws -> [[Double]] {
    let blob = try Blob(call)
    let (rendered, rounds) = try render(
      call, as: Double.self, pool: WorkerPool(threads: 1), thresholdTimes: 1)
    var result = [[Double]](repeating: [], count: rendered.opacity.count)
    for round in rounds {
      let field: FieldSamples<Double> = blob.evaluate(round.samples)
      for (ray, span) in zip(round.alive, round.samples.spans) {
        for k in span.offset..<span.offset + span.count {
          result[ray].append(field.densities[k] * Double(round.samples.deltas[k]))
        }
      }
    }
    return result
  }

  /// Whether rays end where they do with another threshold of the transmittance.
  static func endsAlike(_ call: OperationCall, thresholdTimes factor: Double) throws -> Bool {
    let ends = try [1, factor].map { factor in
      try render(call, as: Double.self, pool: WorkerPool(threads: 1), thresholdTimes: factor)
    }
    return ends[0].rendered.opacity == ends[1].rendered.opacity
  }

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let (rendered, rounds) = try render(call, as: scalar, pool: pool, thresholdTimes: 1)
    var result = OperationResult(call)
    try result.set("out.image", rendered.image)
    try result.set("out.depth", rendered.depth)
    try result.set("out.n_alive_per_iter", rounds.map(\.alive.count))
    try result.set("out.n_step_per_iter", rounds.map(\.stepsPerRay))
    // In double the diagnostics follow the stored march only loosely.
    guard T.self == Float.self else { return result }
    try result.set("aux.weights_sum_final", rendered.opacity)
    for round in rounds where call.wants(prefix: "aux.iter\(round.index).") {
      try set(round, in: &result)
    }
    return result
  }

  private static func set<T: RadianceScalar>(
    _ round: InferenceRound<T>, in result: inout OperationResult
  ) throws {
    let prefix = "aux.iter\(round.index)"
    // Stored rows have room for every step of every ray; the batch here is packed.
    var deltas = [Float](repeating: 0, count: 2 * round.samples.count)
    for (slot, span) in round.samples.spans.enumerated() {
      for step in 0..<span.count {
        deltas[2 * (slot * round.stepsPerRay + step)] = round.samples.deltas[span.offset + step]
        deltas[2 * (slot * round.stepsPerRay + step) + 1] = round.samples.gaps[span.offset + step]
      }
    }
    try result.set("\(prefix).rays_alive", round.alive)
    try result.set("\(prefix).rays_t", round.times)
    try result.set("\(prefix).rays_t_after", round.timesAfter)
    try result.set("\(prefix).ws", round.opacity)
    try result.set("\(prefix).depth", round.weightedDistance)
    try result.set("\(prefix).image", round.color)
    try result.set("\(prefix).deltas", deltas)
  }
}
