public import NeRFCore

/// The sample-point level of active learning: compares the samples that make up most of a pixel.
///
/// Of every ray the ⌊share · K⌋ + 1 weightiest of its K samples count, in the eyes of the student or of the teacher,
/// if the ray is opaque enough to that field; see ``NeRFCore/SampleBatch/weightiestRows(_:share:opacity:pool:)``. The choice itself
/// carries no gradient. Released code of PVD-AL.
public struct SampleSelection: Equatable, Sendable, Codable {
  /// Share of a ray's samples that are kept.
  public var share: Float = 0.3
  /// Least opacity of a ray.
  public var opacity = 0.5

  /// The released constants.
  public init() {}

  /// The rows that count for either field, ascending.
  ///
  /// - Throws: ``NeRFCore/ShapeError`` if the rays belong to another batch.
  public func rows<T: RadianceScalar>(
    of batch: SampleBatch, student: CompositedRays<T>, teacher: CompositedRays<T>,
    pool: WorkerPool
  ) throws(ShapeError) -> [Int] {
    try batch.weightiestRows(
      [student, teacher], share: share, opacity: T(opacity), pool: pool)
  }
}
