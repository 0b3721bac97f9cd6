/// A camera-to-world transform: where a camera stands and which way its axes point.
///
/// Axes follow the OpenCV convention after conversion (x right, y down, z forward, in the image);
/// columns of the rotation are the camera axes in world coordinates.
public struct CameraPose: Equatable, Sendable {
  /// The upper 3×4 part of the matrix, row by row: `r00 r01 r02 tx, r10 …`.
  public var matrix: [Double]

  /// - Parameter matrix: 12 numbers (3×4) or 16 (4×4), row by row.
  /// - Throws: ``ShapeError`` for any other count.
  public init(matrix: [Double]) throws(ShapeError) {
    guard matrix.count == 12 || matrix.count == 16 else {
      throw ShapeError(
        in: "CameraPose.init", "matrix", expected: [3, 4], actual: [matrix.count],
        fix: "Pass the rows of a camera-to-world matrix.")
    }
    self.matrix = Array(matrix.prefix(12))
  }

  init(trusted matrix: [Double]) { self.matrix = matrix }

  /// The camera centre in world coordinates.
  public var center: SIMD3<Double> { SIMD3(matrix[3], matrix[7], matrix[11]) }

  /// The same camera in the axes this library marches in.
  ///
  /// Blender and NeRF data sets have y up and z backward. With scale `k`, old rows `P₀ P₁ P₂`:
  ///
  ///     new rows = (P₁₀, −P₁₁, −P₁₂, k P₁₃), (P₂₀, −P₂₁, −P₂₂, k P₂₃), (P₀₀, −P₀₁, −P₀₂, k P₀₃)
  ///
  /// so the new axes (x, y, z) are the old (y, z, x) and the world's y axis is up.
  ///
  /// - Parameter scale: Scene units per unit of the data set; 0.8 for the synthetic scenes.
  public func convertedFromBlender(scale: Double) -> CameraPose {
    var converted = self
    for (row, old) in [1, 2, 0].enumerated() {
      converted.matrix[4 * row] = matrix[4 * old]
      converted.matrix[4 * row + 1] = -matrix[4 * old + 1]
      converted.matrix[4 * row + 2] = -matrix[4 * old + 2]
      converted.matrix[4 * row + 3] = matrix[4 * old + 3] * scale
    }
    return converted
  }
}

/// Focal lengths and principal point of a pinhole camera, in pixels.
public struct Intrinsics: Equatable, Sendable {
  /// Focal length along the width.
  public var focalX: Double
  /// Focal length along the height.
  public var focalY: Double
  /// Column of the principal point; pixel centres lie at half-integers.
  public var centerX: Double
  /// Row of the principal point.
  public var centerY: Double

  /// All four numbers, in pixels.
  public init(focalX: Double, focalY: Double, centerX: Double, centerY: Double) {
    self.focalX = focalX
    self.focalY = focalY
    self.centerX = centerX
    self.centerY = centerY
  }
}

/// A pinhole camera with an image size.
public struct Camera: Equatable, Sendable {
  /// Position and orientation, already converted to marching axes.
  public var pose: CameraPose
  /// Focal lengths and principal point.
  public var intrinsics: Intrinsics
  /// Image width in pixels.
  public var width: Int
  /// Image height in pixels.
  public var height: Int

  /// A camera of `width` × `height` pixels.
  public init(pose: CameraPose, intrinsics: Intrinsics, width: Int, height: Int) {
    self.pose = pose
    self.intrinsics = intrinsics
    self.width = width
    self.height = height
  }
}
