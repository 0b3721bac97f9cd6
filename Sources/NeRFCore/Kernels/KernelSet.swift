/// The hot loops of the engine, for one scalar.
///
/// ``ReferenceKernels`` defines every operation in plain generic Swift; ``FastKernels`` answers the
/// same calls for `Float` with the instruction sets of the machine. Arguments called tile matrices
/// follow ``Tile``; `count` columns are processed, a multiple of ``Tile/step``, so callers fill the
/// columns behind the last sample with harmless values (and zero gradients).
public protocol KernelSet {
  /// The number type.
  associatedtype Scalar: RadianceScalar

  // MARK: Dense layers

  /// `y = W x + b`, then `max(y, 0)` if `relu`; `x` and `y` are tile matrices.
  static func dense(
    _ shape: DenseShape, weight: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    input: UnsafePointer<Scalar>, output: UnsafeMutablePointer<Scalar>, relu: Bool, count: Int)

  /// `gₓ = Wᵀ g_y` for `shape.inputs` columns of W, whose rows are `weightStride` apart; 0 where
  /// `activation`, the ReLU output that was the layer's input, is ≤ 0.
  static func denseInputGradient(
    _ shape: DenseShape, weight: UnsafePointer<Scalar>, weightStride: Int,
    outputGradient: UnsafePointer<Scalar>, activation: UnsafePointer<Scalar>?,
    inputGradient: UnsafeMutablePointer<Scalar>, count: Int)

  /// `g_W += g_y xᵀ` and, if given, `g_b += Σ g_y`.
  static func accumulateDenseGradients(
    _ shape: DenseShape, outputGradient: UnsafePointer<Scalar>, input: UnsafePointer<Scalar>,
    weightGradient: UnsafeMutablePointer<Scalar>, biasGradient: UnsafeMutablePointer<Scalar>?,
    count: Int)

  /// `y[s, o] = Σ_i W[o, i] x[s, i]` for sample-major `x` of row length `shape.inputs`; `output` is
  /// a tile matrix.
  static func mixProducts(
    _ shape: DenseShape, weight: UnsafePointer<Scalar>, products: UnsafePointer<Scalar>,
    output: UnsafeMutablePointer<Scalar>, count: Int)

  // MARK: Elementwise

  /// `y = eˣ`.
  static func exponential(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, count: Int)

  /// `y = 1 / (1 + e⁻ˣ)`.
  static func sigmoid(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, count: Int)

  // MARK: Encodings of points and directions

  /// Real spherical harmonics of `degree` bands (1...8) into `degree²` rows; see
  /// ``SphericalHarmonics``.
  static func sphericalHarmonics(
    degree: Int, directions: PointPointers<Scalar>, output: UnsafeMutablePointer<Scalar>,
    count: Int)

  /// For each axis `a` and band `k`: sin(2ᵏ xₐ) in row `6k + a`, cos(2ᵏ xₐ) in row `6k + 3 + a`.
  static func frequencyBands(
    _ bands: Int, points: PointPointers<Scalar>, output: UnsafeMutablePointer<Scalar>, count: Int)

  /// Interpolated hash-grid features of one level into `features` rows of `output`, `outputStride`
  /// apart; see ``HashGridGeometry``. `points` are normalised to the unit cube.
  static func hashGrid(
    _ geometry: HashGridGeometry, level: Int, table: UnsafePointer<Scalar>,
    points: [UnsafePointer<Scalar>], output: UnsafeMutablePointer<Scalar>, outputStride: Int,
    count: Int)

  /// Adds `w_k g` to the table rows around every sample, in sample order. `gradients` holds one row
  /// of `gradientStride` numbers per feature of the level; `count` is any number of samples.
  static func accumulateHashGridGradients(
    _ geometry: HashGridGeometry, level: Int, points: [UnsafePointer<Scalar>],
    gradients: UnsafePointer<Scalar>, gradientStride: Int, count: Int,
    tableGradient: UnsafeMutablePointer<Scalar>)

  // MARK: Grid sampling

  /// `product[s, c] = plane(u, v)[c] · line(t)[c]`, sample-major with `productStride`; coordinates in
  /// −1...1, bilinear with aligned corners and zero padding.
  static func planeLineProducts(
    _ shape: PlaneLineShape, plane: UnsafePointer<Scalar>, line: UnsafePointer<Scalar>,
    u: UnsafePointer<Scalar>, v: UnsafePointer<Scalar>, t: UnsafePointer<Scalar>,
    products: UnsafeMutablePointer<Scalar>, productStride: Int, count: Int)

  /// Adds `Σ_c plane(u, v)[c] · line(t)[c]` to `sums`.
  static func accumulatePlaneLineSums(
    _ shape: PlaneLineShape, plane: UnsafePointer<Scalar>, line: UnsafePointer<Scalar>,
    u: UnsafePointer<Scalar>, v: UnsafePointer<Scalar>, t: UnsafePointer<Scalar>,
    sums: UnsafeMutablePointer<Scalar>, count: Int)

  /// With `a_c = plane_c line_c` and outputs `y_j = Σ_c M[j, c] a_c`: adds the gradients of plane,
  /// line and (if given) M for output gradients stored as `outputs` rows of `gradientStride`.
  static func accumulatePlaneLineGradients(
    _ shape: PlaneLineShape, plane: UnsafePointer<Scalar>, line: UnsafePointer<Scalar>,
    mixing: UnsafePointer<Scalar>, outputs: Int, mixingStride: Int,
    u: UnsafePointer<Scalar>, v: UnsafePointer<Scalar>, t: UnsafePointer<Scalar>,
    gradients: UnsafePointer<Scalar>, gradientStride: Int, count: Int,
    planeGradient: UnsafeMutablePointer<Scalar>, lineGradient: UnsafeMutablePointer<Scalar>,
    mixingGradient: UnsafeMutablePointer<Scalar>?)

  /// Trilinear look-up into `channels` rows of a tile matrix; x addresses the last axis.
  static func volume(
    _ shape: VolumeShape, values: UnsafePointer<Scalar>, points: PointPointers<Scalar>,
    output: UnsafeMutablePointer<Scalar>, count: Int)

  /// Adds sample-major gradients `[*, channels]` of the listed samples to `slices` of the volume.
  static func accumulateVolumeGradients(
    _ shape: VolumeShape, slices: Range<Int>, points: PointPointers<Scalar>,
    gradients: UnsafePointer<Scalar>, samples: UnsafePointer<Int32>, count: Int,
    volumeGradient: UnsafeMutablePointer<Scalar>)

  // MARK: Optimiser

  /// One decoupled Adam update of `count` numbers; clears the gradients. See ``AdamW``.
  static func adamW(
    _ update: AdamWUpdate<Scalar>, values: UnsafeMutablePointer<Scalar>,
    gradients: UnsafeMutablePointer<Scalar>, firstMoments: UnsafeMutablePointer<Scalar>,
    secondMoments: UnsafeMutablePointer<Scalar>, count: Int)
}
