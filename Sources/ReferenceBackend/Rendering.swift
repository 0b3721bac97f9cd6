import GoldenKit
import NeRFCore

/// `march_rays_train`: samples of every ray through the occupancy bits, single precision by
/// definition.
enum TrainingMarchAnswer: OperationAnswer {
  static let operation = "march_rays_train"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let config = call.config
    var grid = try call.emptyGrid()
    try grid.load(bits: call.integers("in.bitfield").map { UInt8(truncatingIfNeeded: $0) })
    let rays: RayBatch<Float> = try call.rays()
    let march = try grid.march(
      rays,
      intervals: RayIntervals(
        near: call.scalars("in.nears", count: rays.count),
        far: call.scalars("in.fars", count: rays.count)),
      settings: MarchSettings(
        maximumSteps: try call.setting("max_steps", in: 1...65_536),
        stepGrowth: config.float("dt_gamma")),
      jitter: config.bool("perturb") ? .fixedPCG32 : .none,
      budget: .original(
        meanCount: config.int("mean_count"), forceAllRays: config.bool("force_all_rays"),
        alignment: try call.setting("align", in: 1...65_536)), pool: pool)
    let samples = march.samples
    var result = OperationResult(call)
    try result.set("out.counter", [march.requestedCount, rays.count])
    try result.set(
      "out.rays",
      march.requested.enumerated().flatMap {
        [$0.offset, $0.element.offset, $0.element.count]
      })
    func setRows(_ name: String, _ columns: [[Float]]) throws {
      try result.set(
        name, GoldenColumns.join(columns), shape: [samples.count, columns.count])
    }
    try setRows("out.xyzs", samples.positions)
    try setRows("out.dirs", samples.directions)
    try setRows("out.deltas", [samples.deltas, samples.gaps])
    return result
  }
}

/// `composite_rays_train`: packed samples to pixels, with the gradients of densities and colours.
enum CompositingAnswer: OperationAnswer {
  static let operation = "composite_rays_train"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    if call.config.has("early_stop") {
      try call.require("early_stop", try call.config.bool("early_stop"), isOneOf: [false])
    }
    return try answer(call, as: T.self, pool: pool).result
  }

  /// The answer, and what it was made from.
  static func answer<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> (result: OperationResult, samples: SampleBatch, composited: CompositedRays<T>) {
    let (samples, rays) = try PackedSamples.read(call)
    let densities: [T] = try call.scalars("in.sigmas", count: samples.count)
    let colors: [T] = try call.scalars("in.rgbs", count: 3 * samples.count)
    let composited = try samples.composite(
      densities: densities.span, colors: colors.span, pool: pool)
    var result = OperationResult(call)
    try result.set("out.image", rays.numbered(composited.image, width: 3))
    try result.set("out.weights_sum", rays.numbered(composited.opacity))
    try result.set("out.depth", rays.numbered(composited.depth))
    guard call.has("cotangent.image") || call.has("cotangent.weights_sum") else {
      return (result, samples, composited)
    }
    func cotangent(_ name: String, width: Int = 1) throws -> [T]? {
      guard call.has(name) else { return nil }
      return rays.packed(try call.scalars(name, count: width * rays.count), width: width)
    }
    let gradients = try samples.compositeGradients(
      composited, colors: colors.span,
      imageGradients: try cotangent("cotangent.image", width: 3)
        ?? [T](repeating: 0, count: 3 * rays.count),
      opacityGradients: try cotangent("cotangent.weights_sum")
        ?? [T](repeating: 0, count: rays.count),
      depthGradients: try cotangent("cotangent.depth"), pool: pool)
    try result.set("grad.in.sigmas", gradients.densities)
    try result.set("grad.in.rgbs", gradients.colors)
    return (result, samples, composited)
  }
}

/// Samples that a case stores as `in.deltas [M, 2]` and `in.rays [N, 3]` (ray, first sample, count).
struct PackedSamples {
  /// The number of each packed ray.
  let numbers: [Int]

  var count: Int { numbers.count }

  static func read(_ call: OperationCall) throws -> (SampleBatch, PackedSamples) {
    let deltas: [[Float]] = try call.columns("in.deltas", 2)
    let rows = try call.integers("in.rays")
    guard rows.count % 3 == 0 else {
      throw GoldenError("\(call.caseName): `in.rays` is not made of rows of 3.")
    }
    let rays = GoldenColumns.split(rows, 3)
    guard rays[0].sorted() == Array(0..<rays[0].count) else {
      throw GoldenError("\(call.caseName): `in.rays` does not list every ray once.")
    }
    let zeros = [[Float]](
      repeating: [Float](repeating: 0, count: deltas[0].count), count: 3)
    let batch = try SampleBatch(
      positions: zeros, directions: zeros, deltas: deltas[0], gaps: deltas[1],
      spans: rays[0].indices.map { RaySpan(offset: rays[1][$0], count: rays[2][$0]) })
    return (try batch.droppingOverflowingRays(), PackedSamples(numbers: rays[0]))
  }

  /// From the order of the packed rays to that of their numbers.
  func numbered<T>(_ values: [T], width: Int = 1) -> [T] {
    var result = values
    for (packed, number) in numbers.enumerated() {
      for i in 0..<width { result[width * number + i] = values[width * packed + i] }
    }
    return result
  }

  /// From the order of the numbers to that of the packed rays.
  func packed<T>(_ values: [T], width: Int = 1) -> [T] {
    numbers.flatMap { values[width * $0..<width * $0 + width] }
  }
}
