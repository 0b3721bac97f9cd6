/// Rays as arrays of components: `o + t d` with `t` in scene units along a unit direction.
public struct RayBatch<T: RadianceScalar>: Equatable, Sendable {
  /// Origins in scene units: x of every ray, then y, then z; each has ``count`` elements.
  public let origins: [[T]]
  /// Directions, stored like ``origins``; unit length unless a caller says otherwise.
  public let directions: [[T]]
  /// Number of rays.
  public var count: Int { origins[0].count }

  /// Wraps components.
  ///
  /// - Throws: ``ShapeError`` unless both arguments have three components of one length.
  public init(origins: [[T]], directions: [[T]]) throws(ShapeError) {
    let count = origins.first?.count ?? 0
    for (name, axes) in [("origins", origins), ("directions", directions)] {
      guard axes.count == 3, axes.allSatisfy({ $0.count == count }) else {
        throw ShapeError(
          in: "RayBatch.init", name, expected: [3, count], actual: axes.map(\.count),
          fix: "Pass x, y and z of every ray.")
      }
    }
    self.origins = origins
    self.directions = directions
  }

  /// Wraps rows of three numbers, the layout of files and of other frameworks.
  ///
  /// - Parameters:
  ///   - originRows: Shape `[rays, 3]`, row by row.
  ///   - directionRows: Shape `[rays, 3]`, row by row.
  /// - Throws: ``ShapeError`` if the counts differ or are no multiple of three.
  public init(originRows: [T], directionRows: [T]) throws(ShapeError) {
    let count = originRows.count / 3
    for (name, rows) in [("originRows", originRows), ("directionRows", directionRows)] {
      guard rows.count == 3 * count else {
        throw ShapeError(
          in: "RayBatch.init", name, expected: [count, 3], actual: [rows.count],
          fix: "Pass three numbers per ray.")
      }
    }
    self.init(
      trusted: (0..<3).map { axis in (0..<count).map { originRows[3 * $0 + axis] } },
      (0..<3).map { axis in (0..<count).map { directionRows[3 * $0 + axis] } })
  }

  init(trusted origins: [[T]], _ directions: [[T]]) {
    self.origins = origins
    self.directions = directions
  }

  /// The rays at `range`.
  public func slice(_ range: Range<Int>) -> RayBatch {
    RayBatch(
      trusted: origins.map { Array($0[range]) }, directions.map { Array($0[range]) })
  }

  /// Ray `index` as two vectors.
  public subscript(index: Int) -> (origin: SIMD3<T>, direction: SIMD3<T>) {
    (
      SIMD3(origins[0][index], origins[1][index], origins[2][index]),
      SIMD3(directions[0][index], directions[1][index], directions[2][index])
    )
  }
}
