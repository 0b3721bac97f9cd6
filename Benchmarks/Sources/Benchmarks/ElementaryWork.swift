import NeRFCore
import Workloads

/// An elementary function of the kernels.
protocol ElementaryFunction: SendableMetatype {
  /// What it is called on the command line.
  static var name: String { get }
  /// The formula.
  static var formula: String { get }
  /// Numbers that come out for each that goes in.
  static var outputs: Int { get }
  /// Operations for each number that goes in.
  static var operations: Double { get }
  /// Evaluates `count` numbers, at most a tile and a multiple of its step; outputs are rows of a tile.
  static func apply<T: RadianceScalar>(
    _ x: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, count: Int)
}

enum Exponential: ElementaryFunction {
  static var name: String { "exp" }
  static var formula: String { "exp x" }
  static var outputs: Int { 1 }
  /// Range reduction, a polynomial and a power of two, as in the bounds of `pvd bench`.
  static var operations: Double { 20 }
  static func apply<T: RadianceScalar>(
    _ x: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, count: Int
  ) {
    T.Kernels.exponential(x, into: y, count: count)
  }
}

enum Sigmoid: ElementaryFunction {
  static var name: String { "sigmoid" }
  static var formula: String { "1 / (1 + exp(-x))" }
  static var outputs: Int { 1 }
  /// An exponential, a sum and a quotient.
  static var operations: Double { 22 }
  static func apply<T: RadianceScalar>(
    _ x: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, count: Int
  ) {
    T.Kernels.sigmoid(x, into: y, count: count)
  }
}

enum SineAndCosine: ElementaryFunction {
  static var name: String { "sincos" }
  static var formula: String { "sin and cos of x, 2x, 4x … 512x, three axes alike" }
  static var outputs: Int { 60 }
  /// A sine or cosine is counted like an exponential.
  static var operations: Double { 60 * 20 }
  static func apply<T: RadianceScalar>(
    _ x: UnsafePointer<T>, into y: UnsafeMutablePointer<T>, count: Int
  ) {
    T.Kernels.frequencyBands(10, points: PointPointers(x, x, x), output: y, count: count)
  }
}

/// An elementary function of 2²⁰ numbers, tile by tile: a workload that the catalogue does not have, as a
/// program outside the library writes it.
final class ElementaryWork<Function: ElementaryFunction, T: RadianceScalar>: Workload {
  static var name: String { Function.name }
  static var summary: String { "\(Function.formula), 1,048,576 numbers" }
  static var modes: [WorkloadMode] { [.forward] }

  static func cost(_ mode: WorkloadMode) -> WorkloadCost {
    let numbers = 1_048_576.0
    var cost = WorkloadCost()
    cost.operations = Function.operations * numbers
    // Outputs stay in the cache: every tile writes over those of the one before.
    cost.add(.reading, bytes: 4 * numbers, footprint: 4 * numbers)
    return cost
  }

  private let pool: WorkerPool
  private let inputs: AlignedBuffer<T>
  private let outputs: [AlignedBuffer<T>]

  init(_ mode: WorkloadMode, size: WorkloadSize, pool: WorkerPool) throws {
    self.pool = pool
    let count = size == .full ? 1 << 20 : Tile.capacity
    inputs = AlignedBuffer(WorkloadRandom(seed: 1301).uniform(count, -4, 4).map { T($0) })
    outputs = (0..<pool.threads).map { _ in
      AlignedBuffer(count: Function.outputs * Tile.stride, repeating: 0)
    }
  }

  func run() throws {
    pool.forEachRange(inputs.count, size: Tile.capacity) { range, worker in
      Function.apply(
        UnsafePointer(inputs.base + range.lowerBound), into: outputs[worker].base,
        count: range.count)
    }
  }

  /// The last tile; a small instance has one.
  func results() throws -> [(name: String, values: [T])] {
    [(Function.name, outputs[0].array)]
  }
}
