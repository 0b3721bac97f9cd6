import Fields
public import NeRFCore

/// W1: the hash grid of 14 levels and 2¹⁹ rows at 2¹⁸ points, and the gradient of its table.
public final class HashEncodingWork<T: RadianceScalar>: Workload {
  public static var name: String { "W1" }
  public static var summary: String { "hash grid encoding, 262,144 points" }
  public static var modes: [WorkloadMode] { [.forward, .backward] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let points = 262_144.0
    var cost = CountedCosts.hashReads(points)
    // Eight corners: two features, and the weights of three axes.
    cost.operations = points * 14 * (8 * 4 + 12)
    // Points in, 28 features out.
    cost.add(.reading, bytes: points * 4 * 3, footprint: points * 4 * 31)
    cost.add(.filling, bytes: points * 4 * 28, footprint: points * 4 * 31)
    guard mode == .backward else { return cost }
    cost = cost + CountedCosts.hashReads(points)
    cost.operations *= 2
    // Cotangents in; the gradient of the table is cleared.
    cost.add(.reading, bytes: points * 4 * 31, footprint: points * 4 * 62)
    cost.add(.filling, bytes: 4 * 10_607_408, footprint: 4 * 10_607_408)
    return cost
  }

  private let mode: WorkloadMode
  private let pool: WorkerPool
  private let field: HashField<T>
  private let count: Int
  private let points: [[Float]]
  private let encoded: AlignedBuffer<T>
  private let deferred: AlignedBuffer<T>
  private let lanes: GradientLanes<T>

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.mode = mode
    self.pool = pool
    count = size == .full ? 262_144 : 2048
    field = HashField(options: .workload(size), seed: 0)
    lanes = GradientLanes(field.parameters)
    let table = field.parameters[0]
    try table.load(WorkloadRandom(seed: 102).numbers(table.count, -0.1, 0.1))
    // The field's box is ±1; both maps are exact.
    points = WorkloadRandom(seed: 101).points(count, 0, 1).map { $0.map { 2 * $0 - 1 } }
    encoded = AlignedBuffer(count: 31 * count, repeating: 0)
    deferred = AlignedBuffer(count: 31 * count, repeating: 0)
    let cotangents: [T] = WorkloadRandom(seed: 103).numbers(28 * count)
    for axis in 0..<3 {
      for s in 0..<count { deferred.base[axis * count + s] = (T(points[axis][s]) + 1) / 2 }
    }
    for row in 0..<28 {
      for s in 0..<count { deferred.base[(3 + row) * count + s] = cotangents[28 * s + row] }
    }
  }

  public func run() throws {
    points[0].withUnsafeBufferPointer { x in
      points[1].withUnsafeBufferPointer { y in
        points[2].withUnsafeBufferPointer { z in
          guard let x = x.baseAddress, let y = y.baseAddress, let z = z.baseAddress else { return }
          _ = field.encode(
            PointPointers(x, y, z), count: count, detail: .full,
            into: BatchRows(base: encoded.base, stride: count), pool: pool)
        }
      }
    }
    guard mode == .backward else { return }
    field.clearGradients(pool)
    field.accumulateDeferred(
      BatchRows(base: deferred.base, stride: count), count: count, encoding: nil, lanes: lanes,
      pool: pool)
  }

  public func results() throws -> [(name: String, values: [T])] {
    [("features", Array(encoded.elements[(3 * count)...]))]
      + (mode == .backward ? [field.namedGradients()[0]] : [])
  }
}

/// W10: spherical harmonics of degree 4 of 2²⁰ directions, as rows of 16.
public final class HarmonicsWork<T: RadianceScalar>: Workload {
  public static var name: String { "W10" }
  public static var summary: String { "spherical harmonics of degree 4, 1,048,576 directions" }
  public static var modes: [WorkloadMode] { [.forward] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let directions = 1_048_576.0
    var cost = WorkloadCost()
    cost.operations = CountedCosts.harmonics * directions
    cost.add(.reading, bytes: directions * 4 * 3, footprint: directions * 4 * 19)
    cost.add(.filling, bytes: directions * 4 * 16, footprint: directions * 4 * 19)
    return cost
  }

  private let pool: WorkerPool
  private let count: Int
  private let directions: AlignedBuffer<T>
  private let output: AlignedBuffer<T>

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.pool = pool
    count = size == .full ? 1 << 20 : 1024
    directions = AlignedBuffer(count: 3 * count, repeating: 0)
    for (axis, values) in WorkloadRandom(seed: 1001).directions(count).enumerated() {
      for s in 0..<count { directions.base[axis * count + s] = T(values[s]) }
    }
    output = AlignedBuffer(count: 16 * count, repeating: 0)
  }

  public func run() throws {
    let (d, y) = (directions.base, output.base)
    pool.forEachRange(count, size: 1 << 15) { range, _ in
      let first = range.lowerBound
      T.Kernels.sphericalHarmonicsRows(
        directions: PointPointers(d + first, d + count + first, d + 2 * count + first),
        output: y + 16 * first, count: range.count)
    }
  }

  public func results() throws -> [(name: String, values: [T])] { [("Y", output.array)] }
}
