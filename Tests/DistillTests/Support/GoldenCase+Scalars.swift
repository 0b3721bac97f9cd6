import NeRFCore
import TestSupport

extension GoldenCase {
  /// A tensor in the precision of a test.
  func scalars<T: RadianceScalar>(_ tensor: String) throws -> [T] {
    try doubles(tensor).map { T($0) }
  }

  /// Compares a result in the precision in which it was computed.
  ///
  /// - Parameter bound: For `Double`: against the twin, or against the stored tolerance where the
  ///   operation rounds to single precision by definition.
  func compareScalars<T: RadianceScalar>(
    _ tensor: String, _ values: [T], _ bound: DoubleBound = .twin()
  ) throws -> Comparison {
    if T.self == Float.self { return try compare(tensor, actual: values.map { Float($0) }) }
    return try compare(tensor, actual: values.map { Double($0) }, bound)
  }
}
