public import NeRFCore

/// How much of a field a pass evaluates.
public enum TapDetail: Int, Comparable, Sendable, Codable {
  /// Density only: S and σ.
  case density
  /// Up to the shared feature vector: F and S, no colour network (stage 1 of PVD).
  case features
  /// Everything.
  case full

  public static func < (a: TapDetail, b: TapDetail) -> Bool { a.rawValue < b.rawValue }
}

/// Where a tile's taps lie: rows of a tile matrix.
public enum TapRow {
  /// S.
  public static let logDensity = 0
  /// σ.
  public static let density = 1
  /// First of the three rows of C.
  public static let color = 2
  /// First row of F; they come last because fields differ in their number.
  public static let features = 5

  /// Rows in all.
  public static func count(features number: Int) -> Int { features + number }
}

/// The taps of a field at the samples of a batch, or gradients with respect to them.
///
/// PVD's distillation points, stored feature by feature over the samples:
/// - F `features` `[featureCount, count]`: the clamped log-density followed by the colour features, 15 in
///   PVD (absent for `tensors`);
/// - S `logDensities` `[count]`: the log-density after the clamp, before the exponential;
/// - σ `densities` `[count]`, in 1 / scene unit;
/// - C `colors` `[3, count]`: rgb after the sigmoid, 0...1.
public final class FieldTaps<T: RadianceScalar>: @unchecked Sendable {
  /// Samples.
  public private(set) var count: Int
  /// Numbers in a feature vector.
  public private(set) var featureCount: Int
  /// Distance between rows of the storage; at least `count`.
  public private(set) var stride: Int
  /// All rows, numbered by ``TapRow``.
  public private(set) var storage: AlignedBuffer<T>

  /// Room for `count` samples, zero everywhere.
  public init(count: Int = 0, featureCount: Int = 0) {
    self.count = count
    self.featureCount = featureCount
    self.stride = Tile.padded(max(count, 1))
    self.storage = AlignedBuffer(
      count: TapRow.count(features: featureCount) * stride, repeating: 0)
  }

  /// Makes room for another number of samples, or for those of another field; contents are undefined
  /// afterwards.
  public func resize(to count: Int, featureCount: Int) {
    self.count = count
    self.featureCount = featureCount
    let rows = TapRow.count(features: featureCount)
    let isWideEnough = Tile.padded(max(count, 1)) <= stride
    guard !isWideEnough || rows * stride > storage.count else { return }
    if !isWideEnough { stride = Tile.padded(count + count / 8) }
    storage = AlignedBuffer(count: rows * stride, repeating: 0)
  }

  /// Sets every row to zero, on the threads of `pool`.
  public func clear(_ pool: WorkerPool = WorkerPool(threads: 1)) { storage.clear(pool) }

  /// The start of one row.
  public func row(_ index: Int) -> UnsafeMutablePointer<T> { storage.base + index * stride }

  private func rows(_ first: Int, _ number: Int) -> [[T]] {
    (first..<first + number).map { Array(UnsafeBufferPointer(start: row($0), count: count)) }
  }

  /// F as ``featureCount`` rows.
  public var features: [[T]] { rows(TapRow.features, featureCount) }
  /// S.
  public var logDensities: [T] { rows(TapRow.logDensity, 1)[0] }
  /// σ.
  public var densities: [T] { rows(TapRow.density, 1)[0] }
  /// C as three rows.
  public var colors: [[T]] { rows(TapRow.color, 3) }
}
