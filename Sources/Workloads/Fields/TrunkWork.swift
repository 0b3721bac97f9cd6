import Fields
public import NeRFCore

/// W2: frequency encoding and the trunk of eight layers of 256 at 2¹⁶ points.
public final class TrunkWork<T: RadianceScalar>: Workload {
  public static var name: String { "W2" }
  public static var summary: String { "NeRF trunk of 8 layers of 256, 65,536 points" }
  public static var modes: [WorkloadMode] { [.forward, .backward] }

  static var weights: Double { 63 * 256 + 5 * 256 * 256 + 319 * 256 + 256 * 28 }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let points = 65_536.0
    var cost = WorkloadCost()
    cost.add(.reading, bytes: points * 4 * 3, footprint: points * 4 * 31)
    cost.add(.filling, bytes: points * 4 * 28, footprint: points * 4 * 31)
    cost.operations = 2 * weights * points
    guard mode == .backward else { return cost }
    // The gradient of the weights, and of the inputs except the encoding.
    cost.operations += 2 * cost.operations - 2 * 2 * 63 * 256 * points
    cost.add(.reading, bytes: points * 4 * 28, footprint: points * 4 * 59)
    return cost
  }

  private let mode: WorkloadMode
  private let pool: WorkerPool
  private let field: MLPField<T>
  private let points: [T]
  private let cotangents: [T]
  private let pass: TrunkPass<T>
  private var features: [T]

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.mode = mode
    self.pool = pool
    // Among many more points some ReLU lies so near its kink that two precisions take different sides.
    let count = size == .full ? 65_536 : 96
    field = MLPField(seed: 0)
    try loadTrunk(field, seed: 210)
    points = WorkloadRandom(seed: 201).numbers(3 * count)
    cotangents = WorkloadRandom(seed: 202).numbers(28 * count)
    features = [T](repeating: 0, count: 28 * count)
    pass = TrunkPass(field, pool: pool)
  }

  public func run() throws {
    if mode == .backward { field.clearGradients(pool) }
    pass.run(points, into: &features, cotangents: mode == .backward ? cotangents : nil)
  }

  public func results() throws -> [(name: String, values: [T])] {
    [("features", features)]
      + (mode == .backward ? Array(field.namedGradients().prefix(16)) : [])
  }
}

/// W11: a matrix product of 65,536 × 256 and 256 × 256, as a dense layer computes it.
public final class MatrixProductWork<T: RadianceScalar>: Workload {
  public static var name: String { "W11" }
  public static var summary: String { "matrix product 65,536 × 256 × 256" }
  public static var modes: [WorkloadMode] { [.forward] }

  public static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    var cost = WorkloadCost()
    cost.operations = 2 * 65_536 * 256 * 256
    let bytes = 2.0 * 65_536 * 256 * 4
    cost.add(.copying, bytes: bytes, footprint: bytes)
    return cost
  }

  private let pool: WorkerPool
  private let count: Int
  private let a: AlignedBuffer<T>
  private let b: AlignedBuffer<T>
  private let panels: AlignedBuffer<T>
  private let c: AlignedBuffer<T>

  public init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.pool = pool
    count = size == .full ? 65_536 : 512
    let random = WorkloadRandom(seed: 1101)
    // Tiles of samples, feature by feature, as every layer's input lies.
    a = AlignedBuffer(count: count / Tile.capacity * 256 * Tile.stride, repeating: 0)
    c = AlignedBuffer(count: a.count, repeating: 0)
    b = AlignedBuffer(count: 256 * 256, repeating: 0)
    for s in 0..<count {
      let tile = a.base + s / Tile.capacity * 256 * Tile.stride
      for k in 0..<256 {
        tile[k * Tile.stride + s % Tile.capacity] = T(2 * random.unit(256 * s + k) - 1)
      }
    }
    panels = AlignedBuffer(
      count: max(256 * 256, T.Kernels.panelCount(rows: 256, columns: 256)), repeating: 0)
    let values: [T] = WorkloadRandom(seed: 1102).numbers(256 * 256)
    // y = W x has W[j, k] = B[k, j].
    for k in 0..<256 { for j in 0..<256 { b.base[256 * j + k] = values[256 * k + j] } }
  }

  public func run() throws {
    let (a, b, c, panels) = (a.base, b.base, c.base, panels.base)
    // As a pass over a field with large matrices begins.
    T.Kernels.pack(b, rowStep: 256, columnStep: 1, rows: 256, columns: 256, into: panels)
    pool.forEach(count / Tile.capacity) { tile, _ in
      T.Kernels.dense(
        DenseShape(outputs: 256, inputs: 256), panels: panels, bias: nil,
        input: a + tile * 256 * Tile.stride, next: nil, output: c + tile * 256 * Tile.stride,
        relu: false,
        count: Tile.capacity)
    }
  }

  public func results() throws -> [(name: String, values: [T])] { [("C", c.array)] }
}
