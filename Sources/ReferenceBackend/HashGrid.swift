import GoldenKit
import NeRFCore

/// `hash_grid_encoding`: `in.x [N, D]` in ±bound and `param.embeddings` to `out.y`, with the gradients
/// of the table and of the point, and the levels under `aux.`.
enum HashGridAnswer: OperationAnswer {
  static let operation = "hash_grid_encoding"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let geometry = try geometry(call)
    let bound = T(try call.config.double("bound"))
    let x: [[T]] = try call.columns("in.x", geometry.dimensions)
    let table: [T] = try call.scalars(
      "param.embeddings", count: geometry.rowCount * geometry.features)
    // Padding lies inside the cube, where it would be seen if it leaked, and off the borders of cells.
    let points = PaddedRows(
      x.map { $0.map { ($0 + bound) / (2 * bound) } }, filler: 0.3125)
    var result = OperationResult(call)
    try result.set("out.y", forward(geometry, table, points))
    let scales: [Float] = geometry.levels.indices.map { geometry.scale(of: $0) }
    try result.set("aux.level_scale", scales)
    try result.set("aux.level_resolution", geometry.levels.map(\.resolution))
    try result.set("aux.level_is_hashed", geometry.levels.map { $0.isHashed ? 1 : 0 })
    guard call.has("cotangent.y") else { return result }
    let cotangents = PaddedRows<T>(
      GoldenColumns.split(
        try call.scalars("cotangent.y", count: points.count * geometry.outputCount),
        geometry.outputCount))
    try result.set("grad.param.embeddings", tableGradient(geometry, table, points, cotangents))
    if call.wants(prefix: "grad.in.x") {
      try result.set(
        "grad.in.x", pointGradient(geometry, table, points, cotangents).map { $0 / (2 * bound) })
    }
    return result
  }

  private static func geometry(_ call: OperationCall) throws -> HashGridGeometry {
    let config = call.config
    let name = try config.string("gridtype")
    guard let indexing = HashGridGeometry.Indexing(rawValue: name) else {
      throw UnsupportedSetting("`gridtype` is \(name), this library has hash and tiled")
    }
    let features = try config.int("level_dim")
    try call.require("level_dim", features, isOneOf: [1, 2, 4, 8])
    let resolution = try config.double("desired_resolution")
    guard (1...1e9).contains(resolution) else {
      throw GoldenError("\(call.caseName): `desired_resolution` is \(resolution).")
    }
    return HashGridGeometry(
      dimensions: try call.setting("input_dim", in: 2...3),
      levelCount: try call.setting("num_levels", in: 1...64), features: features,
      baseResolution: try call.setting("base_resolution", in: 1...65_536),
      log2TableSize: try call.setting("log2_hashmap_size", in: 1...26),
      desiredResolution: resolution, indexing: indexing,
      alignCorners: try config.bool("align_corners"))
  }

  private static func forward<T: RadianceScalar>(
    _ geometry: HashGridGeometry, _ table: [T], _ points: PaddedRows<T>
  ) -> [T] {
    var output = PaddedRows<T>(rows: geometry.outputCount, count: points.count)
    points.withPointers { points in
      let stride = output.stride
      output.withMutablePointers { rows in
        for level in geometry.levels.indices {
          T.Kernels.hashGrid(
            geometry, level: level, table: table, points: points,
            output: rows[level * geometry.features], outputStride: stride, count: stride)
        }
      }
    }
    return GoldenColumns.join(output.columns(geometry.outputCount))
  }

  private static func tableGradient<T: RadianceScalar>(
    _ geometry: HashGridGeometry, _ table: [T], _ points: PaddedRows<T>,
    _ cotangents: PaddedRows<T>
  ) -> [T] {
    var gradient = [T](repeating: 0, count: table.count)
    points.withPointers { positions in
      cotangents.withPointers { rows in
        for level in geometry.levels.indices {
          T.Kernels.accumulateHashGridGradients(
            geometry, level: level, points: positions, gradients: rows[level * geometry.features],
            gradientStride: cotangents.stride, count: points.count, tableGradient: &gradient)
        }
      }
    }
    return gradient
  }

  private static func pointGradient<T: RadianceScalar>(
    _ geometry: HashGridGeometry, _ table: [T], _ points: PaddedRows<T>,
    _ cotangents: PaddedRows<T>
  ) -> [T] {
    var gradient = PaddedRows<T>(rows: geometry.dimensions, count: points.count)
    gradient.withMutablePointers { target in
      points.withPointers { positions in
        cotangents.withPointers { rows in
          for level in geometry.levels.indices {
            ReferenceKernels<T>.accumulateHashGridPointGradients(
              geometry, level: level, table: table, points: positions,
              gradients: rows[level * geometry.features], gradientStride: cotangents.stride,
              count: points.count, pointGradients: target)
          }
        }
      }
    }
    return GoldenColumns.join(gradient.columns(geometry.dimensions))
  }
}
