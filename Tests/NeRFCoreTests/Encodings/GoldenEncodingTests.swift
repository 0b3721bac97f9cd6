import NeRFCore
import TestSupport
import Testing

@Suite("Golden encodings")
struct GoldenEncodingTests {
  // MARK: Hash grid

  private struct HashGrid<T: RadianceScalar> {
    let geometry: HashGridGeometry
    let points: [[T]]
    let rows: Int
    let bound: T

    init(_ golden: GoldenCase, points x: [T]) throws {
      let config = golden.config
      let dimensions = try config.int("input_dim")
      let indexing = try #require(
        HashGridGeometry.Indexing(rawValue: try config.string("gridtype")))
      geometry = HashGridGeometry(
        dimensions: dimensions, levelCount: try config.int("num_levels"),
        features: try config.int("level_dim"), baseResolution: try config.int("base_resolution"),
        log2TableSize: try config.int("log2_hashmap_size"),
        desiredResolution: try config.double("desired_resolution"), indexing: indexing,
        alignCorners: try config.bool("align_corners"))
      let bound = T(try config.double("bound"))
      self.bound = bound
      let count = x.count / dimensions
      rows = count
      // Padding is inside the cube, so that it is visible if it leaks.
      points = (0..<dimensions).map { axis in
        (0..<Tile.padded(count)).map { s in
          s < count ? (x[dimensions * s + axis] + bound) / (2 * bound) : 0.5
        }
      }
    }

    var padded: Int { Tile.padded(rows) }

    func forward(_ table: [T]) -> [T] {
      var output = [T](repeating: 9, count: geometry.outputCount * padded)
      withRows(points) { points in
        output.withUnsafeMutableBufferPointer { output in
          guard let base = output.baseAddress else { return }
          for level in geometry.levels.indices {
            T.Kernels.hashGrid(
              geometry, level: level, table: table, points: points,
              output: base + level * geometry.features * padded, outputStride: padded,
              count: padded)
          }
        }
      }
      return (0..<rows).flatMap { s in (0..<geometry.outputCount).map { output[$0 * padded + s] } }
    }

    /// Feature-major cotangents; zero in the padding.
    private func transposed(_ cotangents: [T]) -> [T] {
      (0..<geometry.outputCount).flatMap { row in
        (0..<padded).map { $0 < rows ? cotangents[$0 * geometry.outputCount + row] : 0 }
      }
    }

    func tableGradient(_ table: [T], _ cotangents: [T]) -> [T] {
      let gradients = transposed(cotangents)
      var result = [T](repeating: 0, count: table.count)
      withRows(points) { points in
        gradients.withUnsafeBufferPointer { gradients in
          guard let base = gradients.baseAddress else { return }
          for level in geometry.levels.indices {
            T.Kernels.accumulateHashGridGradients(
              geometry, level: level, points: points,
              gradients: base + level * geometry.features * padded, gradientStride: padded,
              count: rows, tableGradient: &result)
          }
        }
      }
      return result
    }

    func pointGradient(_ table: [T], _ cotangents: [T]) -> [T] {
      let gradients = transposed(cotangents)
      var result = [T](repeating: 0, count: geometry.dimensions * padded)
      withRows(points) { points in
        gradients.withUnsafeBufferPointer { gradients in
          result.withUnsafeMutableBufferPointer { result in
            guard let base = gradients.baseAddress, let target = result.baseAddress else { return }
            for level in geometry.levels.indices {
              ReferenceKernels<T>.accumulateHashGridPointGradients(
                geometry, level: level, table: table, points: points,
                gradients: base + level * geometry.features * padded, gradientStride: padded,
                count: rows,
                pointGradients: (0..<geometry.dimensions).map { target + $0 * padded })
            }
          }
        }
      }
      return (0..<rows).flatMap { s in
        (0..<geometry.dimensions).map { result[$0 * padded + s] / (2 * bound) }
      }
    }
  }

  @Test(
    "hash grids have the original levels",
    arguments: GoldenCase.names(operation: "hash_grid_encoding"))
  func hashGridLevels(name: String) throws {
    let golden = try GoldenCase(named: name)
    let grid = try HashGrid<Float>(golden, points: golden.floats("in.x"))
    let geometry = grid.geometry
    let scales = geometry.levels.indices.map { geometry.scale(of: $0, as: Float.self) }
    // Bit for bit: one unit in the last place moves points at fine levels into other cells.
    #expect(scales.map(\.bitPattern) == (try golden.floats("aux.level_scale")).map(\.bitPattern))
    #expect(geometry.levels.map(\.resolution) == (try golden.integers("aux.level_resolution")))
    #expect(
      geometry.levels.map { $0.isHashed ? 1 : 0 } == (try golden.integers("aux.level_is_hashed")))
    #expect(
      geometry.levels.map(\.offset) + [geometry.rowCount] == (try golden.integers("param.offsets")))
    #expect(geometry.perLevelScale == (try golden.config.double("per_level_scale")))
  }

  @Test("hash grids in Float agree", arguments: GoldenCase.names(operation: "hash_grid_encoding"))
  func hashGridFloat(name: String) throws {
    let golden = try GoldenCase(named: name)
    let grid = try HashGrid<Float>(golden, points: golden.floats("in.x"))
    let table = try golden.floats("param.embeddings")
    let cotangents = try golden.floats("cotangent.y")
    for comparison in [
      try golden.compare("out.y", actual: grid.forward(table)),
      try golden.compare("grad.param.embeddings", actual: grid.tableGradient(table, cotangents)),
      try golden.compare("grad.in.x", actual: grid.pointGradient(table, cotangents)),
    ] {
      #expect(comparison.passed, "\(comparison)")
    }
  }

  @Test("hash grids in Double agree", arguments: GoldenCase.names(operation: "hash_grid_encoding"))
  func hashGridDouble(name: String) throws {
    let golden = try GoldenCase(named: name)
    let grid = try HashGrid<Double>(golden, points: golden.doubles("in.x"))
    let table = try golden.doubles("param.embeddings")
    let cotangents = try golden.doubles("cotangent.y")
    for comparison in [
      try golden.compare("out.y", actual: grid.forward(table)),
      try golden.compare("grad.param.embeddings", actual: grid.tableGradient(table, cotangents)),
      try golden.compare("grad.in.x", actual: grid.pointGradient(table, cotangents)),
    ] {
      #expect(comparison.passed, "\(comparison)")
    }
  }

  // MARK: Spherical harmonics

  private func harmonics<T: RadianceScalar>(
    _ degree: Int, _ directions: [T], _ cotangents: [T]
  ) -> (values: [T], gradients: [T]) {
    let harmonics = SphericalHarmonics(degree: degree)
    let n = degree * degree
    var result: (values: [T], gradients: [T]) = ([], [])
    for s in 0..<directions.count / 3 {
      let (x, y, z) = (directions[3 * s], directions[3 * s + 1], directions[3 * s + 2])
      result.values += harmonics.values(x: x, y: y, z: z)
      let gradient = harmonics.gradient(
        x: x, y: y, z: z, cotangents: Array(cotangents[n * s..<n * s + n]))
      result.gradients += [gradient.x, gradient.y, gradient.z]
    }
    return result
  }

  @Test("spherical harmonics agree", arguments: GoldenCase.names(operation: "sh_encoding"))
  func sphericalHarmonics(name: String) throws {
    let golden = try GoldenCase(named: name)
    let degree = try golden.config.int("degree")
    let single = harmonics(
      degree, try golden.floats("in.dirs"), try golden.floats("cotangent.y"))
    let double = harmonics(
      degree, try golden.doubles("in.dirs"), try golden.doubles("cotangent.y"))
    for comparison in [
      try golden.compare("out.y", actual: single.values),
      try golden.compare("grad.in.dirs", actual: single.gradients),
      try golden.compare("out.y", actual: double.values),
      try golden.compare("grad.in.dirs", actual: double.gradients),
    ] {
      #expect(comparison.passed, "\(comparison)")
    }
  }

  // MARK: Frequencies

  private func frequencyEncoding(_ config: GoldenConfig) throws -> FrequencyEncoding {
    let dimensions = try config.int("input_dim")
    let includesInput = try config.bool("include_input")
    let cosine: FrequencyEncoding.CosineForm = config.has("cos_as") ? .shiftedSine : .cosine
    if config.has("freq_bands") {
      return FrequencyEncoding(
        dimensions: dimensions, frequencies: try config.doubles("freq_bands"),
        includesInput: includesInput, cosine: cosine)
    }
    return FrequencyEncoding(
      dimensions: dimensions, bands: try config.int("num_freqs"),
      logarithmic: try config.bool("log_sampling"), includesInput: includesInput, cosine: cosine)
  }

  private func encode<T: RadianceScalar>(
    _ encoding: FrequencyEncoding, _ x: [T], _ cotangents: [T]
  ) throws -> (values: [T], gradients: [T]) {
    let (d, n) = (encoding.dimensions, encoding.outputCount)
    var result: (values: [T], gradients: [T]) = ([], [])
    for s in 0..<x.count / d {
      let point = Array(x[d * s..<d * s + d])
      result.values += try encoding.values(of: point)
      result.gradients += try encoding.gradient(
        of: point, cotangents: Array(cotangents[n * s..<n * s + n]))
    }
    return result
  }

  @Test("frequency encodings agree", arguments: GoldenCase.names(operation: "frequency_encoding"))
  func frequencies(name: String) throws {
    let golden = try GoldenCase(named: name)
    let encoding = try frequencyEncoding(golden.config)
    let single = try encode(
      encoding, try golden.floats("in.x"), try golden.floats("cotangent.y"))
    let double = try encode(
      encoding, try golden.doubles("in.x"), try golden.doubles("cotangent.y"))
    for comparison in [
      try golden.compare("out.y", actual: single.values),
      try golden.compare("grad.in.x", actual: single.gradients),
      try golden.compare("out.y", actual: double.values),
      try golden.compare("grad.in.x", actual: double.gradients),
    ] {
      #expect(comparison.passed, "\(comparison)")
    }
  }

  // MARK: Truncated exponential

  @Test("the truncated exponential agrees", arguments: GoldenCase.names(operation: "trunc_exp"))
  func truncatedExponential(name: String) throws {
    let golden = try GoldenCase(named: name)
    func run<T: RadianceScalar>(_ x: [T], _ g: [T]) -> (values: [T], gradients: [T]) {
      (
        x.map { TruncatedExponential.value(of: $0) },
        zip(x, g).map { $1 * TruncatedExponential.derivative(at: $0) }
      )
    }
    let single = run(try golden.floats("in.x"), try golden.floats("cotangent.y"))
    let double = run(try golden.doubles("in.x"), try golden.doubles("cotangent.y"))
    for comparison in [
      try golden.compare("out.y", actual: single.values),
      try golden.compare("grad.in.x", actual: single.gradients),
      try golden.compare("out.y", actual: double.values),
      try golden.compare("grad.in.x", actual: double.gradients),
    ] {
      #expect(comparison.passed, "\(comparison)")
    }
  }
}
