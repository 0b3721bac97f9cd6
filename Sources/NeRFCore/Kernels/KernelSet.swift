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

  /// Numbers that panels of a matrix take; 0 where panels would not make layers faster, so that there are
  /// none.
  static func panelCount(rows: Int, columns: Int) -> Int

  /// Writes a matrix, whose element (r, c) is `matrix[r · rowStep + c · columnStep]`, in the order in which
  /// ``dense(_:panels:bias:input:next:output:relu:count:)`` reads it.
  static func pack(
    _ matrix: UnsafePointer<Scalar>, rowStep: Int, columnStep: Int, rows: Int, columns: Int,
    into panels: UnsafeMutablePointer<Scalar>)

  /// ``dense(_:weight:bias:input:output:relu:count:)`` with panels of W: the same bits, sooner for large W.
  ///
  /// - Parameter next: A tile matrix like `input` that will be read soon, brought nearer meanwhile; nil if
  ///   there is none, or it is near.
  static func dense(
    _ shape: DenseShape, panels: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    input: UnsafePointer<Scalar>, next: UnsafePointer<Scalar>?,
    output: UnsafeMutablePointer<Scalar>, relu: Bool, count: Int)

  /// ``denseInputGradient(_:weight:weightStride:outputGradient:activation:inputGradient:count:)`` with panels
  /// of the `shape.inputs` rows of Wᵀ that are asked for: the same bits, sooner for large W.
  static func denseInputGradient(
    _ shape: DenseShape, transposedPanels: UnsafePointer<Scalar>,
    outputGradient: UnsafePointer<Scalar>, activation: UnsafePointer<Scalar>?,
    inputGradient: UnsafeMutablePointer<Scalar>, count: Int)

  /// `g_W += g_y xᵀ` and, if given, `g_b += Σ g_y`.
  static func accumulateDenseGradients(
    _ shape: DenseShape, outputGradient: UnsafePointer<Scalar>, input: UnsafePointer<Scalar>,
    weightGradient: UnsafeMutablePointer<Scalar>, biasGradient: UnsafeMutablePointer<Scalar>?,
    count: Int)

  // MARK: Layouts

  /// Writes `rows` rows of a tile matrix sample by sample, `[count, rows]`; `count` may be any number.
  static func tileToSamples(
    _ x: UnsafePointer<Scalar>, rows: Int, into y: UnsafeMutablePointer<Scalar>, count: Int)

  /// Reads samples of `rows` numbers each into the rows of a tile matrix.
  static func samplesToTile(
    _ x: UnsafePointer<Scalar>, rows: Int, into y: UnsafeMutablePointer<Scalar>, count: Int)

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

  /// The sixteen spherical harmonics of degree 4 as rows `[count, 16]`, for large arrays that are not read
  /// again soon; `count` may be any number.
  static func sphericalHarmonicsRows(
    directions: PointPointers<Scalar>, output: UnsafeMutablePointer<Scalar>, count: Int)

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

  /// Adds the outputs of all factors at every listed sample s to `sums[s · sumStride + j]`; bilinear and
  /// linear with aligned corners and zero padding.
  static func accumulatePlaneLineOutputs(
    _ shape: PlaneLineShape, factors: [PlaneLineFactor<Scalar>],
    points: UnsafeBufferPointer<PlanePoint<Scalar>>,
    sums: UnsafeMutablePointer<Scalar>, sumStride: Int)

  /// Adds the gradients of the factors for output gradients `[*, gradientStride]` of the listed samples,
  /// in the order of the list.
  static func accumulatePlaneLineGradients(
    _ shape: PlaneLineShape, factors: [PlaneLineFactor<Scalar>],
    points: UnsafeBufferPointer<PlanePoint<Scalar>>,
    gradients: UnsafePointer<Scalar>, gradientStride: Int, into sums: [PlaneLineGradients<Scalar>])

  /// Trilinear look-up into `channels` rows of a tile matrix; x addresses the last axis.
  static func volume(
    _ shape: VolumeShape, values: UnsafePointer<Scalar>, points: PointPointers<Scalar>,
    output: UnsafeMutablePointer<Scalar>, count: Int)

  /// Adds sample-major gradients `[*, channels]` of the listed samples, in the order of the list.
  static func accumulateVolumeGradients(
    _ shape: VolumeShape, points: PointPointers<Scalar>,
    gradients: UnsafePointer<Scalar>, samples: UnsafePointer<Int32>, count: Int,
    volumeGradient: UnsafeMutablePointer<Scalar>)

  // MARK: Compositing

  /// Writes weights and transmittances behind the rows of one ray and returns its pixel; see
  /// ``SampleBatch/composite(densities:colors:pool:)``.
  static func compositeRay(
    _ ray: RayRows, densities: UnsafePointer<Scalar>, colors: ColorRows<Scalar>,
    weights: UnsafeMutablePointer<Scalar>, transmittances: UnsafeMutablePointer<Scalar>
  ) -> RayPixel<Scalar>

  /// Writes the gradients of the rows of one ray. `colorGradients` is laid out as `colors`, but with channels
  /// `channelStep` apart.
  static func differentiateRay(
    _ ray: RayRows, weights: UnsafePointer<Scalar>, transmittances: UnsafePointer<Scalar>,
    colors: ColorRows<Scalar>, cotangent: RayPixel<Scalar>,
    densityGradients: UnsafeMutablePointer<Scalar>,
    colorGradients: UnsafeMutablePointer<Scalar>, channelStep: Int)

  // MARK: Optimiser

  /// One decoupled Adam update of `count` numbers; clears the gradients. See ``AdamW``.
  static func adamW(
    _ update: AdamWUpdate<Scalar>, values: UnsafeMutablePointer<Scalar>,
    gradients: UnsafeMutablePointer<Scalar>, firstMoments: UnsafeMutablePointer<Scalar>,
    secondMoments: UnsafeMutablePointer<Scalar>, count: Int)
}
