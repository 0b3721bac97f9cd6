import Fields
import GoldenKit
import NeRFCore

/// `field_forward`: the taps of a whole field at `in.x`, `in.d`, with the gradients of its parameters
/// for the sum of all cotangents times their taps.
enum FieldAnswer: OperationAnswer {
  static let operation = "field_forward"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let config = call.config
    let frame = FieldFrame(
      bound: try config.double("bound"), box: try call.scalars("param.aabb", count: 6),
      logDensityMinimum: try config.double("sigma_clip_min"),
      logDensityMaximum: try config.double("sigma_clip_max"))
    try frame.check()
    let field = try call.loadField(call.fieldConfiguration(), frame: frame, as: T.self)
    let positions = try call.floats("in.x")
    let batch = try SampleBatch.points(
      positions, directions: try call.scalars("in.d", count: positions.count))
    return try answer(call, field, batch, pool: pool)
  }

  private static func answer<T: RadianceScalar>(
    _ call: OperationCall, _ field: any RadianceField<T>, _ batch: SampleBatch, pool: WorkerPool
  ) throws -> OperationResult {
    let evaluator = FieldEvaluator(field, pool: pool)
    let taps = FieldTaps<T>(count: batch.count)
    let store = ActivationStore<T>()
    evaluator.forward(batch, detail: .full, into: taps, keeping: store)
    var result = OperationResult(call)
    try result.set("out.sigma_l", taps.logDensities)
    try result.set("out.sigma", taps.densities)
    try result.set("out.color", taps.interleaved(TapRow.color, 3))
    try result.set("out.color_l", taps.interleaved(TapRow.color, 3))
    if field.hasFeatures {
      try result.set(
        "out.feature_sigma_color", taps.interleaved(TapRow.features, taps.featureCount))
    }
    try result.set(
      "out.density",
      evaluator.occupancyDensities(
        x: batch.positions[0], y: batch.positions[1], z: batch.positions[2]))
    guard call.wants(prefix: "grad.") else { return result }
    let cotangents = FieldTaps<T>(count: batch.count, featureCount: taps.featureCount)
    for (name, first, number) in [
      ("feature_sigma_color", TapRow.features, taps.featureCount),
      ("sigma", TapRow.density, 1), ("sigma_l", TapRow.logDensity, 1), ("color", TapRow.color, 3),
    ] where call.has("cotangent.\(name)") {
      cotangents.fill(
        first, number, try call.scalars("cotangent.\(name)", count: number * batch.count))
    }
    evaluator.backward(batch, detail: .full, taps: taps, cotangents: cotangents, store: store)
    for parameter in field.parameters {
      try result.set("grad.param.\(parameter.name)", parameter.exportedGradient())
    }
    return result
  }
}

/// `nerf_mlp_trunk`: the trunk of the `mlp` field alone, with the gradient of the point too.
enum TrunkAnswer: OperationAnswer {
  static let operation = "nerf_mlp_trunk"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    var options = try call.trunkOptions()
    options.trunkOutputs = try call.config.int("out_dim")
    let loaded = try call.loadField(
      .mlp(options), frame: FieldFrame(), as: T.self, isOptional: { !$0.hasPrefix("nerf_mlp.") })
    guard let field = loaded as? MLPField<T> else { return OperationResult(call) }
    let points: [T] = try call.scalars("in.x")
    var result = OperationResult(call)
    try result.set("out.features", try field.trunkFeatures(at: points))
    guard call.has("cotangent.features") else { return result }
    let gradients = try field.trunkGradients(
      at: points,
      cotangents: try call.scalars(
        "cotangent.features", count: points.count / 3 * options.trunkOutputs))
    try result.set("grad.in.x", gradients.points)
    for (parameter, gradient) in zip(field.parameters, gradients.parameters) {
      try result.set("grad.param.\(parameter.name)", gradient)
    }
    return result
  }
}

/// `vm_field`: raw sums of the vector-matrix factors and the L1 term, without clamp.
///
/// The sums are taps of a field whose clamp is out of the way and whose box is −1...1.
enum VectorMatrixAnswer: OperationAnswer {
  static let operation = "vm_field"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    var options = try call.vectorMatrixOptions()
    options.clampsColorFeatures = false
    // Wider than any sum of the factors, narrow enough for its exponential to be computed.
    let frame = FieldFrame(logDensityMinimum: -1e6, logDensityMaximum: 1e6)
    let loaded = try call.loadField(
      .vm(options), frame: frame, as: T.self, isOptional: { $0.hasPrefix("color_net.") })
    guard let field = loaded as? VMField<T> else { return OperationResult(call) }
    let factors = field.parameters.filter { !$0.name.hasPrefix("color_net.") }
    let batch = try SampleBatch.points(try call.floats("in.x"))
    let evaluator = FieldEvaluator(field, pool: pool)
    let taps = FieldTaps<T>(count: batch.count)
    let store = ActivationStore<T>()
    evaluator.forward(batch, detail: .features, into: taps, keeping: store)
    var result = OperationResult(call)
    try result.set("out.sigma_feat", taps.logDensities)
    let colors = taps.featureCount - 1
    try result.set("out.color_feat", taps.interleaved(TapRow.features + 1, colors))
    try result.set("out.density_l1", [T(field.densityL1(pool: pool))])
    if call.has("cotangent.sigma_feat") {
      let cotangents = FieldTaps<T>(count: batch.count, featureCount: taps.featureCount)
      cotangents.fill(
        TapRow.logDensity, 1, try call.scalars("cotangent.sigma_feat", count: batch.count))
      cotangents.fill(
        TapRow.features + 1, colors,
        try call.scalars("cotangent.color_feat", count: colors * batch.count))
      evaluator.backward(
        batch, detail: .features, taps: taps, cotangents: cotangents, store: store)
      for parameter in factors {
        try result.set("grad.param.\(parameter.name)", parameter.exportedGradient())
      }
    }
    for parameter in factors { parameter.gradient.fill(0) }
    field.accumulateDensityL1Gradient(weight: 1, pool: pool)
    for parameter in factors where parameter.name.hasPrefix("sigma_") {
      try result.set("grad.density_l1.\(parameter.name)", parameter.exportedGradient())
    }
    return result
  }
}

/// `vm_grid_ops`: shrinking to the occupied box, then refining.
enum VectorMatrixGridAnswer: OperationAnswer {
  static let operation = "vm_grid_ops"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let config = call.config
    var options = VMFieldOptions()
    options.resolution = try config.ints("resolution_before")
    options.densityRanks = try ranks(call, "sigma_mat", default: options.densityRanks)
    options.colorRanks = try ranks(call, "color_mat", default: options.colorRanks)
    let frame = FieldFrame(bound: try config.double("bound"))
    try frame.check()
    let loaded = try call.loadField(
      .vm(options), frame: frame, as: T.self, isOptional: { !$0.hasPrefix("sigma_") })
    guard let field = loaded as? VMField<T> else { return OperationResult(call) }
    var grid = try call.emptyGrid()
    try grid.load(
      densities: try call.floats("in.density_grid"),
      meanDensity: try config.float("mean_density"))
    let shrunk = try field.shrunk(
      to: grid, densityThreshold: try config.float("density_thresh"), legacyBox: true)
    let target = try config.ints("upsample_to")
    guard target.count == 3, target.allSatisfy({ (1...2048).contains($0) }) else {
      throw GoldenError("\(call.caseName): `upsample_to` is \(target), not three sizes up to 2048.")
    }
    let refined = try shrunk.upsampled(to: target)
    var result = OperationResult(call)
    try result.set("out.aabb_train", shrunk.frame.box.map { T($0) })
    for (name, changed) in [("shrunk", shrunk), ("upsampled", refined)] {
      for parameter in changed.parameters.prefix(12) {
        try result.set(
          "out.\(name).\(parameter.name)", parameter.exported(), shape: parameter.shape)
      }
    }
    return result
  }

  /// The second extent of each plane, where the case has them.
  private static func ranks(
    _ call: OperationCall, _ planes: String, default published: [Int]
  ) throws -> [Int] {
    try (0..<3).map { plane in
      let name = "param.\(planes).\(plane)"
      guard call.has(name) else { return published[plane] }
      let shape = try call.shape(name)
      guard shape.count == 4 else {
        throw GoldenError("\(call.caseName): `\(name)` has shape \(shape), not [1, R, H, W].")
      }
      return shape[1]
    }
  }
}
