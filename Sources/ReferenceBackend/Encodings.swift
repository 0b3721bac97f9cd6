import GoldenKit
import NeRFCore

/// `frequency_encoding`: `in.x [N, D]` to `out.y`, with the gradient of x.
enum FrequencyEncodingAnswer: OperationAnswer {
  static let operation = "frequency_encoding"

  private static func encoding(_ call: OperationCall) throws -> FrequencyEncoding {
    let config = call.config
    let dimensions = try call.setting("input_dim", in: 1...64)
    let includesInput = try config.bool("include_input")
    let cosine: FrequencyEncoding.CosineForm = config.has("cos_as") ? .shiftedSine : .cosine
    if config.has("freq_bands") {
      return FrequencyEncoding(
        dimensions: dimensions, frequencies: try config.doubles("freq_bands"),
        includesInput: includesInput, cosine: cosine)
    }
    return FrequencyEncoding(
      dimensions: dimensions, bands: try call.setting("num_freqs", in: 0...64),
      logarithmic: config.has("log_sampling") ? try config.bool("log_sampling") : true,
      includesInput: includesInput, cosine: cosine)
  }

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let encoding = try encoding(call)
    let (d, n) = (encoding.dimensions, encoding.outputCount)
    let x: [T] = try call.scalars("in.x")
    let rows = x.count / d
    var result = OperationResult(call)
    var values: [T] = []
    for row in 0..<rows { values += try encoding.values(of: Array(x[d * row..<d * row + d])) }
    try result.set("out.y", values)
    guard call.has("cotangent.y") else { return result }
    let cotangents: [T] = try call.scalars("cotangent.y", count: rows * n)
    var gradients: [T] = []
    for row in 0..<rows {
      gradients += try encoding.gradient(
        of: Array(x[d * row..<d * row + d]), cotangents: Array(cotangents[n * row..<n * row + n]))
    }
    try result.set("grad.in.x", gradients)
    return result
  }
}

/// `sh_encoding`: `in.dirs [N, 3]` to `out.y [N, degree²]`, with the gradient of the directions.
enum SphericalHarmonicsAnswer: OperationAnswer {
  static let operation = "sh_encoding"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let degree = try call.setting("degree", in: 1...8)
    let n = degree * degree
    let directions: [[T]] = try call.columns("in.dirs", 3)
    let count = directions[0].count
    var result = OperationResult(call)
    // Tile by tile, as fields evaluate it.
    var values: [T] = []
    var output = [T](repeating: 0, count: n * Tile.stride)
    for start in stride(from: 0, to: count, by: Tile.capacity) {
      let used = min(Tile.capacity, count - start)
      let tile = PaddedRows(directions.map { Array($0[start..<start + used]) })
      tile.withPointers { rows in
        T.Kernels.sphericalHarmonics(
          degree: degree, directions: PointPointers(rows[0], rows[1], rows[2]), output: &output,
          count: tile.stride)
      }
      for s in 0..<used { values += (0..<n).map { output[$0 * Tile.stride + s] } }
    }
    try result.set("out.y", values)
    guard call.has("cotangent.y") else { return result }
    let cotangents: [T] = try call.scalars("cotangent.y", count: count * n)
    let harmonics = SphericalHarmonics(degree: degree)
    var gradients: [T] = []
    for s in 0..<count {
      let gradient = harmonics.gradient(
        x: directions[0][s], y: directions[1][s], z: directions[2][s],
        cotangents: Array(cotangents[n * s..<n * s + n]))
      gradients += [gradient.x, gradient.y, gradient.z]
    }
    try result.set("grad.in.dirs", gradients)
    return result
  }
}

/// `trunc_exp`: eˣ, whose gradient uses x clamped to ±12.
enum TruncatedExponentialAnswer: OperationAnswer {
  static let operation = "trunc_exp"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let x: [T] = try call.scalars("in.x")
    var result = OperationResult(call)
    let padded = PaddedRows([x])
    var y = [T](repeating: 0, count: padded.stride)
    padded.withPointers { T.Kernels.exponential($0[0], into: &y, count: padded.stride) }
    try result.set("out.y", Array(y.prefix(x.count)))
    guard call.has("cotangent.y") else { return result }
    let cotangents: [T] = try call.scalars("cotangent.y", count: x.count)
    try result.set(
      "grad.in.x",
      zip(x, cotangents).map { $1 * TruncatedExponential.derivative(at: $0) })
    return result
  }
}
