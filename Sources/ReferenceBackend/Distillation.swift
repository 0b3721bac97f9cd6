public import Distill
public import Fields
public import GoldenKit
public import NeRFCore

/// `distill_loss`: the block losses between `in.pred` and `in.target`, with their gradients.
enum DistillationLossAnswer: OperationAnswer {
  static let operation = "distill_loss"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let student: [T] = try call.scalars("in.pred")
    let teacher: [T] = try call.scalars("in.target", count: student.count)
    var result = OperationResult(call)
    for kind in LossKind.allCases {
      try result.set(
        "out.\(kind.rawValue)", [T(try kind.value(student: student, teacher: teacher))])
      try result.set(
        "grad.\(kind.rawValue).in.pred", try kind.gradient(student: student, teacher: teacher))
    }
    return result
  }
}

/// The fields, settings and samples of a case of `pvd_distill_step` or `pvd_distill_sequence`.
public struct StoredDistillation<T: RadianceScalar> {
  /// The case.
  public let call: OperationCall
  /// With the parameters of the case.
  public let teacher: any RadianceField<T>
  /// With the parameters of the case.
  public let student: any RadianceField<T>

  /// Builds both fields with the sizes and the parameters of the case.
  ///
  /// - Throws: `GoldenError` or ``UnsupportedSetting`` naming what is missing or not supported.
  public init(_ call: OperationCall) throws {
    self.call = call
    teacher = try Self.field(call, role: "teacher")
    student = try Self.field(call, role: "student")
  }

  /// What the released code does, with the weights of the case.
  func step(pool: WorkerPool, depthRate: Double = 0) throws -> DistillationStep<T> {
    let config = call.config
    var rates = LossRates()
    rates.rgb = try config.double("loss_rate_rgb")
    rates.features = try config.double("loss_rate_fea_sc")
    rates.color = try config.double("loss_rate_color")
    rates.density = try config.double("loss_rate_sigma")
    rates.depth = depthRate
    rates.l1 = try config.double("l1_reg_weight")
    let name = try config.string("loss_type")
    guard let kind = LossKind(rawValue: name) else {
      throw UnsupportedSetting("`loss_type` is \(name)")
    }
    let step = DistillationStep(
      teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool),
      kind: kind, rates: rates, compatibility: .original)
    if config.has("density_scale") { step.densityScale = T(try config.double("density_scale")) }
    return step
  }

  /// Settings that other methods than PVD give a meaning.
  func refuseOtherMethods() throws {
    let config = call.config
    if config.has("loss_rate_depth") {
      try call.require("loss_rate_depth", try config.double("loss_rate_depth"), isOneOf: [0])
    }
    if config.has("curriculum_type") {
      try call.require("curriculum_type", try config.string("curriculum_type"), isOneOf: [""])
    }
  }

  /// When the stages change.
  public func stages() throws -> StageSchedule {
    let borders = try call.config.nested("stage_iters")
    return StageSchedule(first: try borders.int("stage1"), second: try borders.int("stage2"))
  }

  /// The samples under `prefix` (`in.` or `in.step1.`), to be used as given.
  func batch(_ prefix: String) throws -> SampleBatch {
    let deltas: [[Float]] = try call.columns(prefix + "deltas", 2)
    let rays = try call.integers(prefix + "rays")
    guard rays.count % 3 == 0 else {
      throw GoldenError("\(call.caseName): `\(prefix)rays` is not made of rows of 3.")
    }
    let columns = GoldenColumns.split(rays, 3)
    return try SampleBatch(
      positions: try call.columns(prefix + "xyzs", 3),
      directions: try call.columns(prefix + "dirs", 3), deltas: deltas[0], gaps: deltas[1],
      spans: columns[0].indices.map { RaySpan(offset: columns[1][$0], count: columns[2][$0]) })
  }

  private static func field(_ call: OperationCall, role: String) throws -> any RadianceField<T> {
    let config = call.config
    let frame = FieldFrame(
      bound: try config.double("bound"), logDensityMinimum: try config.double("sigma_clip_min"),
      logDensityMaximum: try config.double("sigma_clip_max"))
    try frame.check()
    return try call.loadField(
      configuration(call, architecture(call, try config.string(role))), frame: frame,
      prefix: "param.\(role).")
  }

  private static func architecture(
    _ call: OperationCall, _ name: String
  ) throws(UnsupportedSetting) -> Architecture {
    guard let architecture = Architecture(rawValue: name) else {
      throw UnsupportedSetting("there is no architecture \(name)")
    }
    return architecture
  }

  /// The options of a field of the case.
  static func configuration(
    _ call: OperationCall, _ architecture: Architecture
  ) throws -> FieldConfiguration {
    let config = call.config
    switch architecture {
    case .hash:
      // Cases that leave them out use the published numbers of levels and resolutions.
      var options = HashFieldOptions()
      options.heads = try call.headOptions()
      options.log2TableSize = try config.int("log2_hashmap_size")
      if config.has("num_levels") { options.levels = try config.int("num_levels") }
      if config.has("base_resolution") {
        options.baseResolution = try config.int("base_resolution")
      }
      if config.has("desired_resolution") {
        options.finestResolution =
          try config.double("desired_resolution") / (try config.double("bound"))
      }
      return .hash(options)
    case .mlp: return .mlp(try call.trunkOptions())
    case .vm:
      var options = VMFieldOptions()
      options.heads = try call.headOptions()
      options.resolution = [Int](repeating: try config.int("resolution0"), count: 3)
      if config.has("sigma_rank") { options.densityRanks = try config.ints("sigma_rank") }
      if config.has("color_rank") { options.colorRanks = try config.ints("color_rank") }
      return .vm(options)
    case .tensors:
      var options = TensorsFieldOptions()
      options.degree = try config.int("plenoxel_degree")
      // A text such as "[6,7,5]".
      options.resolution = try config.string("plenoxel_res").split { !$0.isNumber }
        .compactMap { Int($0) }
      return .tensors(options)
    }
  }
}
