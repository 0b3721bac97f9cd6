/// Extents of one plane and one line of a vector-matrix decomposition.
public struct PlaneLineShape: Equatable, Sendable {
  /// Texels along the plane's horizontal axis.
  public let width: Int
  /// Texels along the plane's vertical axis.
  public let height: Int
  /// Texels of the line.
  public let length: Int

  /// All three extents.
  public init(width: Int, height: Int, length: Int) {
    self.width = width
    self.height = height
    self.length = length
  }
}

/// One factor of a vector-matrix decomposition and the outputs that its channels are mixed into:
/// `a_c = plane_c · line_c` and `y_j = Σ_c M[j, c] a_c`.
public struct PlaneLineFactor<Scalar> {
  /// `[height, width, channels]`.
  public let plane: UnsafePointer<Scalar>
  /// `[length, channels]`.
  public let line: UnsafePointer<Scalar>
  /// Numbers per texel.
  public let channels: Int
  /// M: rows of `channels` numbers, `mixingStride` apart.
  public let mixing: UnsafePointer<Scalar>
  /// Distance between the rows of M.
  public let mixingStride: Int
  /// The columns of the sums that receive y.
  public let outputs: Range<Int>

  /// A factor with its mixing matrix.
  public init(
    plane: UnsafePointer<Scalar>, line: UnsafePointer<Scalar>, channels: Int,
    mixing: UnsafePointer<Scalar>, mixingStride: Int, outputs: Range<Int>
  ) {
    self.plane = plane
    self.line = line
    self.channels = channels
    self.mixing = mixing
    self.mixingStride = mixingStride
    self.outputs = outputs
  }
}

/// Where the gradients of a ``PlaneLineFactor`` are summed, laid out like its values.
public struct PlaneLineGradients<Scalar> {
  /// Gradient of the plane.
  public let plane: UnsafeMutablePointer<Scalar>
  /// Gradient of the line.
  public let line: UnsafeMutablePointer<Scalar>
  /// Gradient of the mixing matrix; nil for one that is constant.
  public let mixing: UnsafeMutablePointer<Scalar>?

  /// The three sums.
  public init(
    plane: UnsafeMutablePointer<Scalar>, line: UnsafeMutablePointer<Scalar>,
    mixing: UnsafeMutablePointer<Scalar>?
  ) {
    self.plane = plane
    self.line = line
    self.mixing = mixing
  }
}

/// A sample of a plane and its line, in the order in which the plane is walked.
public struct PlanePoint<Scalar> {
  /// Coordinates in −1...1 along the plane's horizontal axis, its vertical axis, and the line.
  public var u: Scalar
  public var v: Scalar
  public var t: Scalar
  /// The number of the sample, whose sums or gradients these are.
  public var sample: Int32

  /// A sample at a position.
  @inlinable
  public init(u: Scalar, v: Scalar, t: Scalar, sample: Int32) {
    self.u = u
    self.v = v
    self.t = t
    self.sample = sample
  }
}
