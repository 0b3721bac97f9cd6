import Foundation
import NeRFCore
import TestSupport

/// How far a single-precision kernel may lie from the same formula in double precision.
///
/// Higham (2002, §3.1): a value that passes through n roundings, each of relative size at most
/// u = 2⁻²⁴, is off by at most γₙ = n u / (1 − n u) of the magnitudes that entered it, in whatever
/// order a sum is taken. For `y = Σ wᵢ xᵢ` this is `|ŷ − y| ≤ γₙ Σ |wᵢ xᵢ|` with n terms and their
/// products. The magnitudes come from running the definition in double precision on absolute values.
enum KernelBound {
  /// Half a unit in the last place of 1.
  static let unit = 0x1p-24

  /// γₙ.
  static func gamma(_ roundings: Int) -> Double {
    Double(roundings) * unit / (1 - Double(roundings) * unit)
  }
}

/// The outcome of holding a kernel against its definition.
struct KernelComparison: CustomStringConvertible {
  let name: String
  /// Largest error in units of what the bound allows; infinite for a value that is wrong where nothing
  /// is allowed, and for NaN or infinity on one side only.
  let worst: Double
  let description: String

  /// - Parameters:
  ///   - magnitudes: Σ |terms| of every entry.
  ///   - roundings: n of the bound.
  ///   - absolute: Allowed besides, for example for positions that were rounded before a look-up.
  init(
    _ name: String, _ actual: [Float], exact: [Double], magnitudes: [Double], roundings: Int,
    absolute: Double = 0
  ) {
    self.name = name
    var worst = (ratio: actual.count == exact.count ? 0.0 : .infinity, index: -1)
    for i in 0..<min(actual.count, exact.count) {
      let allowed = KernelBound.gamma(roundings) * magnitudes[i] + absolute
      let error = abs(Double(actual[i]) - exact[i])
      var ratio = error == 0 ? 0 : error / allowed
      if Double(actual[i]) == exact[i] || actual[i].isNaN && exact[i].isNaN { ratio = 0 }
      if ratio.isNaN { ratio = .infinity }
      if ratio > worst.ratio { worst = (ratio, i) }
    }
    self.worst = worst.ratio
    let place =
      worst.index >= 0
      ? " at [\(worst.index)]: \(actual[worst.index]), exactly \(exact[worst.index])" : ""
    description =
      "\(name) on \(FastKernels.instructionSet): \(worst.ratio) of the bound of \(roundings) "
      + "roundings\(place)"
    KernelLog.shared.record(name, worst.ratio)
  }

  var passed: Bool { worst <= 1 }
}

/// Collects the worst ratio per kernel and prints it when the run ends.
final class KernelLog: @unchecked Sendable {
  static let shared = KernelLog()
  private let lock = NSLock()
  private var worst: [String: Double] = [:]

  private init() {
    // The record a backend writer looks for; one line per kernel, with the instruction set.
    atexit { KernelLog.shared.print() }
  }

  func record(_ name: String, _ ratio: Double) {
    lock.withLock { worst[name] = max(worst[name] ?? 0, ratio) }
  }

  private func print() {
    for (name, ratio) in worst.sorted(by: { $0.key < $1.key }) {
      let text = String(format: "%.3f", ratio)
      Swift.print("kernel \(FastKernels.instructionSet) \(name): \(text) of the error bound")
    }
  }
}

/// The same numbers in single and in double precision.
///
/// Arrays, so that a call keeps the memory it reads alive.
struct Twin {
  var single: [Float]
  var double: [Double]

  init(_ values: [Float]) {
    single = values
    double = values.map(Double.init)
  }

  /// `count` random numbers in ±1.
  init(_ count: Int, _ random: inout SplitMix64) { self.init(random.floats(count, in: -1...1)) }

  /// Room for results: zeros.
  init(zeros count: Int) { self.init([Float](repeating: 0, count: count)) }

  /// The magnitudes, for the definition in double precision.
  var magnitudes: [Double] { double.map { abs($0) } }
}

/// The used columns of a tile matrix, row by row.
func columns<T>(_ matrix: [T], rows: Int, count: Int) -> [T] {
  (0..<rows).flatMap { row in (0..<count).map { matrix[row * Tile.stride + $0] } }
}

/// Calls `body` with pointers to the rows of coordinates.
func withRows<T, R>(_ rows: [[T]], _ body: ([UnsafePointer<T>]) -> R) -> R {
  let joined = Array(rows.joined())
  return joined.withUnsafeBufferPointer { buffer in
    // Room for one sample at least, so that there is an address.
    guard let base = buffer.baseAddress else { return body([]) }
    var start = base
    return body(
      rows.map { row in
        defer { start += row.count }
        return start
      })
  }
}

typealias DoubleKernels = ReferenceKernels<Double>
