/// The samples of one ray inside a packed batch.
public struct RaySpan: Equatable, Sendable {
  /// Index of the ray's first sample row.
  public var offset: Int
  /// Number of samples; 0 for a ray that met no occupied cell.
  public var count: Int

  /// The rows `offset ..< offset + count`.
  public init(offset: Int, count: Int) {
    self.offset = offset
    self.count = count
  }
}

/// Samples of many rays, packed one ray after another, component by component.
///
/// Row `i` holds a position, the unit direction of its ray, `delta` (length of its interval, used
/// for opacity) and `gap` (distance from the previous sample, or from the start of the march for
/// the first one; it includes skipped empty space and is used for depth). Positions are Float in
/// every precision: the march is single precision by definition. Rows at and after ``usedCount``
/// are padding: all zero, and belonging to no ray.
///
/// The invariant, checked once on construction: spans are in ray order, do not overlap, and
/// together cover `0..<usedCount`.
public struct SampleBatch: Sendable {
  /// Positions in scene units: x of every row, then y, then z; each has ``count`` elements.
  public let positions: [[Float]]
  /// Unit directions, stored like ``positions``.
  public let directions: [[Float]]
  /// Interval lengths δ, in scene units.
  public let deltas: [Float]
  /// Distances from the previous sample, in scene units.
  public let gaps: [Float]
  /// For each ray of the batch, its rows.
  public let spans: [RaySpan]
  /// Rows that belong to a ray; the rest is padding.
  public let usedCount: Int
  /// Rows in all.
  public var count: Int { deltas.count }
  /// Number of rays, those without samples included.
  public var rayCount: Int { spans.count }

  /// Checks and wraps packed samples.
  ///
  /// - Throws: ``ShapeError`` if a component has another length, or a span is out of order or
  ///   out of bounds.
  public init(
    positions: [[Float]], directions: [[Float]], deltas: [Float], gaps: [Float],
    spans: [RaySpan]
  ) throws(ShapeError) {
    let count = deltas.count
    for (name, axes) in [("positions", positions), ("directions", directions)] {
      guard axes.count == 3, axes.allSatisfy({ $0.count == count }) else {
        throw ShapeError(
          in: "SampleBatch.init", name, expected: [3, count], actual: axes.map(\.count),
          fix: "Pass x, y and z of every row.")
      }
    }
    guard gaps.count == count else {
      throw ShapeError(
        in: "SampleBatch.init", "gaps", expected: [count], actual: [gaps.count],
        fix: "Pass one gap per row.")
    }
    var next = 0
    for (ray, span) in spans.enumerated() {
      guard span.count >= 0, span.count == 0 || span.offset == next, next + span.count <= count
      else {
        throw ShapeError(
          in: "SampleBatch.init", "spans[\(ray)]", expected: [next, min(span.count, count - next)],
          actual: [span.offset, span.count],
          fix: "Pack the rays in order, without gaps, within \(count) rows.")
      }
      next += span.count
    }
    self.positions = positions
    self.directions = directions
    self.deltas = deltas
    self.gaps = gaps
    self.spans = spans
    self.usedCount = next
  }
}
