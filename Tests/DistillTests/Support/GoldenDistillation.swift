import Distill
import Fields
import NeRFCore
import TestSupport

/// The fields and samples of a stored distillation case.
struct GoldenDistillation<T: RadianceScalar> {
  let golden: GoldenCase
  let teacher: any RadianceField<T>
  let student: any RadianceField<T>

  /// Builds both fields with the sizes and the parameters of the case.
  init(_ golden: GoldenCase) throws {
    self.golden = golden
    teacher = try Self.field(golden, role: "teacher")
    student = try Self.field(golden, role: "student")
  }

  /// What the released code does, with the weights of the case.
  func step(pool: WorkerPool) throws -> DistillationStep<T> {
    var rates = LossRates()
    rates.rgb = try golden.config.double("loss_rate_rgb")
    rates.features = try golden.config.double("loss_rate_fea_sc")
    rates.color = try golden.config.double("loss_rate_color")
    rates.density = try golden.config.double("loss_rate_sigma")
    rates.l1 = try golden.config.double("l1_reg_weight")
    let name = try golden.config.string("loss_type")
    guard let kind = LossKind(rawValue: name) else {
      throw GoldenError("\(golden): there is no loss kind \(name).")
    }
    return DistillationStep(
      teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool),
      kind: kind, rates: rates, compatibility: .original)
  }

  /// The samples under `prefix` (`in.` or `in.step1.`).
  func batch(_ prefix: String) throws -> SampleBatch {
    func columns(_ tensor: String, _ width: Int) throws -> [[Float]] {
      let rows = try golden.floats(prefix + tensor)
      return (0..<width).map { column in
        stride(from: column, to: rows.count, by: width).map { rows[$0] }
      }
    }
    let deltas = try columns("deltas", 2)
    let rays = try golden.integers(prefix + "rays")
    return try SampleBatch(
      positions: try columns("xyzs", 3), directions: try columns("dirs", 3), deltas: deltas[0],
      gaps: deltas[1],
      spans: stride(from: 0, to: rays.count, by: 3).map {
        RaySpan(offset: rays[$0 + 1], count: rays[$0 + 2])
      })
  }

  private static func field(
    _ golden: GoldenCase, role: String
  ) throws -> any RadianceField<T> {
    let config = golden.config
    let frame = FieldFrame(
      bound: try config.double("bound"), logDensityMinimum: try config.double("sigma_clip_min"),
      logDensityMaximum: try config.double("sigma_clip_max"))
    let configuration = try configuration(config, architecture: try config.string(role))
    let field = configuration.makeField(as: T.self, frame: frame, seed: 0)
    for parameter in field.parameters {
      try parameter.load(try golden.scalars("param.\(role).\(parameter.name)"))
    }
    return field
  }

  private static func configuration(
    _ config: GoldenConfig, architecture name: String
  ) throws -> FieldConfiguration {
    switch Architecture(rawValue: name) {
    case .hash:
      // Cases that leave them out use the published numbers of levels and resolutions.
      var options = HashFieldOptions()
      options.log2TableSize = try config.int("log2_hashmap_size")
      return .hash(options)
    case .mlp:
      var options = MLPFieldOptions()
      options.bands = try config.int("PE")
      options.layers = try config.int("nerf_layer_num")
      options.width = try config.int("nerf_layer_wide")
      options.skip = try config.int("skip")
      return .mlp(options)
    case .vm:
      var options = VMFieldOptions()
      options.resolution = [Int](repeating: try config.int("resolution0"), count: 3)
      return .vm(options)
    case .tensors:
      var options = TensorsFieldOptions()
      options.degree = try config.int("plenoxel_degree")
      // A text such as "[6,7,5]".
      options.resolution = try config.string("plenoxel_res").split { !$0.isNumber }
        .compactMap { Int($0) }
      return .tensors(options)
    case nil: throw GoldenError("\(config.context): there is no architecture \(name).")
    }
  }
}

/// Rows of equal length, interleaved: `[rows][n]` to `[n, rows]`.
func interleaved<T>(_ rows: [[T]]) -> [T] {
  (rows.first ?? []).indices.flatMap { index in rows.map { $0[index] } }
}
