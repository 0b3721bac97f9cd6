public import Distill
public import NeRFCore

/// Numbers of one distillation step as another implementation dumped them, by name.
///
/// With M rows of samples, padding included, and N rays:
///
/// | name | shape | what |
/// | --- | --- | --- |
/// | `in.xyzs`, `in.dirs` | `[M, 3]` | positions and unit directions |
/// | `in.deltas` | `[M, 2]` | δ, and the distance from the previous sample |
/// | `in.rays` | `[N, 3]` | number of the ray, its first row, its number of rows |
/// | `in.bg_color` | `[N, 3]` or `[3]` | rgb behind the rays |
/// | `in.rays_o`, `in.rays_d` | `[N, 3]` | origins and directions: asks for a comparison of the march |
/// | `in.teacher.xyzs` | `[M, 3]` | where the teacher was evaluated, if that was dumped apart |
/// | `in.global_step`, `in.stage` | one number | g, and 1, 2 or 3 |
/// | `param.teacher.NAME`, `param.student.NAME` | as the parameter | asks for a comparison of weights |
/// | `out.ROLE.feature_sigma_color` | `[M, features]` | F, for ROLE `teacher` and `student` |
/// | `out.ROLE.sigma_l`, `out.ROLE.color_l` | `[M]`, `[M, 3]` | S and C |
/// | `out.ROLE.image` | `[N, 3]` | pixels over the background |
/// | `out.loss_fea_sc`, `out.loss_sigma`, `out.loss_color`, `out.loss_rgb`, `out.loss_depth`, `out.loss_l1` | one number | terms before their rates |
/// | `out.loss_rgb_mse` | one number | mean squared error of the pixels |
/// | `out.loss` | one number | weighted sum |
/// | `grad.param.student.NAME` | as the parameter | gradient of `out.loss` |
///
/// Every name may be left out. They are those of golden cases of `pvd_distill_step`.
public struct StepDump: Sendable {
  /// One array, row-major.
  public struct Tensor: Sendable, Equatable {
    public var shape: [Int]
    public var values: [Double]

    /// - Throws: ``ShapeError`` if the count is not the product of the shape.
    public init(shape: [Int], values: [Double]) throws(ShapeError) {
      var count = 1
      for extent in shape {
        let (product, overflows) = count.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflows else {
          throw Self.misfit(shape, values.count)
        }
        count = product
      }
      guard count == values.count else { throw Self.misfit(shape, values.count) }
      self.shape = shape
      self.values = values
    }

    private static func misfit(_ shape: [Int], _ count: Int) -> ShapeError {
      ShapeError(
        in: "StepDump.Tensor", "values", expected: shape, actual: [count],
        fix: "Pass one value per element of the shape.")
    }
  }

  /// The arrays by name.
  public var tensors: [String: Tensor]

  public init(tensors: [String: Tensor] = [:]) { self.tensors = tensors }

  /// g, if it was dumped.
  public var step: Int? { scalar("in.global_step").flatMap { Int(exactly: $0) } }
  /// The stage, if it was dumped.
  public var stage: DistillationStage? {
    scalar("in.stage").flatMap { Int(exactly: $0) }.flatMap(DistillationStage.init(rawValue:))
  }
  /// Whether it brings samples of its own.
  public var hasSamples: Bool { tensors["in.xyzs"] != nil }

  /// Names under which the terms are dumped.
  static func name(of term: LossTerm) -> String {
    switch term {
    case .features: "out.loss_fea_sc"
    case .density: "out.loss_sigma"
    case .color: "out.loss_color"
    case .rgb: "out.loss_rgb"
    case .depth: "out.loss_depth"
    case .l1: "out.loss_l1"
    }
  }

  /// A single number, whatever its shape.
  func scalar(_ name: String) -> Double? {
    guard let tensor = tensors[name], tensor.values.count == 1 else { return nil }
    return tensor.values[0]
  }

  /// Columns of an array `[count, columns]`; any count if that is nil.
  ///
  /// - Throws: ``ShapeError`` for another shape.
  func columns(_ name: String, _ columns: Int, count: Int? = nil) throws -> [[Double]]? {
    guard let tensor = tensors[name] else { return nil }
    let rows = tensor.values.count / max(columns, 1)
    let isFlat = columns == 1 && tensor.shape == [rows]
    guard isFlat || tensor.shape == [rows, columns], count == nil || count == rows else {
      throw ShapeError(
        in: "StepDump", name, expected: [count ?? rows, columns], actual: tensor.shape,
        fix: "Dump one row per sample or ray of in.xyzs and in.rays.")
    }
    return (0..<columns).map { column in
      (0..<rows).map { tensor.values[columns * $0 + column] }
    }
  }
}
