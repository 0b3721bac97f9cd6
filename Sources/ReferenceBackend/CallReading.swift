import GoldenKit
import NeRFCore

extension OperationCall {
  /// A tensor of exactly `count` elements: kernels read through pointers and trust the count.
  func scalars<T: BinaryFloatingPoint>(_ name: String, count: Int) throws(GoldenError) -> [T] {
    let values: [T] = try scalars(name)
    guard values.count == count else {
      throw GoldenError(
        "\(caseName): `\(name)` has \(values.count) elements, the settings need \(count).")
    }
    return values
  }

  /// A tensor `[rows, width]` as `width` columns.
  func columns<T: BinaryFloatingPoint>(_ name: String, _ width: Int) throws(GoldenError) -> [[T]] {
    let values: [T] = try scalars(name)
    guard values.count % width == 0 else {
      throw GoldenError("\(caseName): `\(name)` is not made of rows of \(width).")
    }
    return GoldenColumns.split(values, width)
  }

  /// Rays from `in.rays_o` and `in.rays_d`.
  func rays<T: RadianceScalar>(as scalar: T.Type = T.self) throws -> RayBatch<T> {
    try RayBatch(
      originRows: try scalars("in.rays_o"), directionRows: try scalars("in.rays_d"))
  }

  /// A number of the configuration within a range.
  func setting(_ key: String, in range: ClosedRange<Int>) throws(GoldenError) -> Int {
    let value = try config.int(key)
    guard range.contains(value) else {
      throw GoldenError("\(caseName): `\(key)` is \(value), outside \(range).")
    }
    return value
  }

  /// Refuses a setting that this library does not have.
  func require<Value: Equatable>(
    _ key: String, _ value: Value?, isOneOf known: [Value]
  ) throws(UnsupportedSetting) {
    guard let value, !known.contains(value) else { return }
    throw UnsupportedSetting("`\(key)` is \(value), this library has \(known)")
  }

  /// 4×4 poses, `in.poses` row by row.
  func poses() throws -> [CameraPose] {
    let values = try doubles("in.poses")
    guard values.count % 16 == 0 else {
      throw GoldenError("\(caseName): `in.poses` is not made of 4×4 matrices.")
    }
    return try stride(from: 0, to: values.count, by: 16).map {
      try CameraPose(matrix: Array(values[$0..<$0 + 16]))
    }
  }

  /// `[fx, fy, cx, cy]`.
  func intrinsics() throws -> Intrinsics {
    let k = try config.doubles("intrinsics")
    guard k.count == 4 else {
      throw GoldenError("\(caseName): `intrinsics` has \(k.count) numbers, not 4.")
    }
    return Intrinsics(focalX: k[0], focalY: k[1], centerX: k[2], centerY: k[3])
  }

  /// An occupancy grid of the case's size, empty.
  func emptyGrid() throws -> OccupancyGrid {
    try OccupancyGrid(
      bound: config.float("bound"), resolution: try setting("grid_size", in: 1...512),
      cascades: try setting("cascade", in: 1...8))
  }
}

/// Between rows as cases store them and columns as kernels read them.
enum GoldenColumns {
  /// `[rows, width]` to `width` columns.
  static func split<T>(_ values: [T], _ width: Int) -> [[T]] {
    (0..<width).map { column in
      stride(from: column, to: values.count, by: width).map { values[$0] }
    }
  }

  /// Columns to `[rows, columns]`.
  static func join<T>(_ columns: [[T]]) -> [T] {
    (columns.first ?? []).indices.flatMap { row in columns.map { $0[row] } }
  }

  /// A 3×4 pose with its last row.
  static func homogeneous(_ pose: CameraPose) -> [Double] { pose.matrix + [0, 0, 0, 1] }
}

/// Rows of numbers that kernels read through pointers, each padded to whole tiles.
struct PaddedRows<T: RadianceScalar> {
  private(set) var values: [T]
  let stride: Int
  let count: Int

  /// Copies columns of equal length; the padding repeats `filler`.
  init(_ columns: [[T]], filler: T = 0) {
    count = columns.first?.count ?? 0
    stride = Tile.padded(max(count, 1))
    values = [T](repeating: filler, count: stride * max(columns.count, 1))
    for (row, column) in columns.enumerated() {
      values.replaceSubrange(row * stride..<row * stride + column.count, with: column)
    }
  }

  /// Zeros.
  init(rows: Int, count: Int) {
    self.count = count
    stride = Tile.padded(max(count, 1))
    values = [T](repeating: 0, count: stride * max(rows, 1))
  }

  /// The columns without padding.
  func columns(_ number: Int) -> [[T]] {
    (0..<number).map { Array(values[$0 * stride..<$0 * stride + count]) }
  }

  func withPointers<R>(_ body: ([UnsafePointer<T>]) throws -> R) rethrows -> R {
    try values.withUnsafeBufferPointer { buffer in
      // The buffer is never empty.
      guard let base = buffer.baseAddress else { return try body([]) }
      return try body(Swift.stride(from: 0, to: buffer.count, by: stride).map { base + $0 })
    }
  }

  mutating func withMutablePointers<R>(
    _ body: ([UnsafeMutablePointer<T>]) throws -> R
  ) rethrows -> R {
    let step = stride
    return try values.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return try body([]) }
      return try body(Swift.stride(from: 0, to: buffer.count, by: step).map { base + $0 })
    }
  }
}
