import NeRFCore

/// Some samples of long rows, next to each other, and their gradients back in their places.
struct GatheredRows {
  private let samples: [Int]
  private let rows: Int
  private let pool: WorkerPool

  init(_ samples: [Int], rows: Int, pool: WorkerPool) {
    self.samples = samples
    self.rows = rows
    self.pool = pool
  }

  /// Calls `body` with copies of the chosen samples and zeros for their gradients, which are then added to
  /// `gradients`.
  func compared<T: RadianceScalar, Result>(
    _ student: [UnsafePointer<T>], _ teacher: [UnsafePointer<T>],
    into gradients: [UnsafeMutablePointer<T>],
    by body: (
      [UnsafePointer<T>], [UnsafePointer<T>], [UnsafeMutablePointer<T>]
    ) -> Result
  ) -> Result {
    let count = samples.count
    let buffer = AlignedBuffer<T>(count: 3 * rows * count, repeating: 0)
    let parts = (0..<3 * rows).map { buffer.base + $0 * count }
    pool.forEach(2 * rows) { row, _ in
      gather(row < rows ? student[row] : teacher[row - rows], into: parts[row])
    }
    let result = body(
      parts[..<rows].map { UnsafePointer($0) }, parts[rows..<2 * rows].map { UnsafePointer($0) },
      Array(parts[(2 * rows)...]))
    pool.forEach(rows) { row, _ in scatter(parts[2 * rows + row], into: gradients[row]) }
    withExtendedLifetime(buffer) {}
    return result
  }

  @specialized(where T == Float)
  @specialized(where T == Double)
  private func gather<T: RadianceScalar>(
    _ source: UnsafePointer<T>, into target: UnsafeMutablePointer<T>
  ) {
    for i in samples.indices { target[i] = source[samples[i]] }
  }

  @specialized(where T == Float)
  @specialized(where T == Double)
  private func scatter<T: RadianceScalar>(
    _ source: UnsafePointer<T>, into target: UnsafeMutablePointer<T>
  ) {
    for i in samples.indices { target[samples[i]] += source[i] }
  }
}
