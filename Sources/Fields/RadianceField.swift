public import NeRFCore

/// The inputs of one tile, as rows of a tile matrix in the precision of the field.
///
/// Columns from ``count`` to ``padded`` hold zeros.
public struct TileInput<T: RadianceScalar> {
  /// Samples.
  public let count: Int
  /// Columns that kernels process.
  public let padded: Int
  /// Row of the first sample in the batch.
  public let firstSample: Int
  /// Positions in scene units.
  public let positions: PointPointers<T>
  /// Unit directions.
  public let directions: PointPointers<T>
  /// What ``RadianceField/encode(_:count:detail:into:pool:)`` computed for the batch; column
  /// ``firstSample`` is the tile's first.
  public let encoded: BatchRows<T>
  /// Copies of the matrices that the field named as ``RadianceField/packedMatrices``; nil for none.
  public let weights: PackedWeights<T>?
  /// Whether ``TapDetail/full`` includes F and its cotangents. Otherwise a field need not write F, and takes
  /// its cotangents for 0.
  public internal(set) var usesFeatures = true
}

/// Numbers per sample of a whole batch, one row per number.
///
/// Grids are visited by passes over all samples that are cut by parameters instead of samples: before
/// the tiles, so that one level of a table is read while it is in cache; after the tiles, so that
/// every parameter's gradient has one writer. These rows carry what goes between the passes.
public struct BatchRows<T: RadianceScalar> {
  /// Start of the storage.
  public let base: UnsafeMutablePointer<T>
  /// Samples per row; a multiple of ``Tile/step``.
  public let stride: Int

  /// Rows in storage of the caller's.
  public init(base: UnsafeMutablePointer<T>, stride: Int) {
    self.base = base
    self.stride = stride
  }

  /// One feature-major row.
  public func row(_ index: Int) -> UnsafeMutablePointer<T> { base + index * stride }
}

/// Rows of activations that one operation of a field computes.
public struct ActivationLayer: Equatable, Sendable {
  /// The encoding, or the layer under the name of its weight without `.weight`.
  public let name: String
  /// The first of its rows.
  public let row: Int
  /// How many they are.
  public let count: Int
}

/// A radiance field: density and view-dependent colour at points, differentiable.
///
/// Implementations work on tiles, so that the same code serves training, rendering and checks.
/// ``FieldEvaluator`` cuts batches into tiles and distributes them.
public protocol RadianceField<Scalar>: AnyObject, Sendable {
  /// The precision.
  associatedtype Scalar: RadianceScalar

  /// The options that rebuild a field of this shape.
  var configuration: FieldConfiguration { get }
  /// Scene box and clamps.
  var frame: FieldFrame { get }
  /// Trainable tensors in a fixed order.
  var parameters: [Parameter<Scalar>] { get }
  /// Groups with their learning rates, in PVD's order.
  var groups: [ParameterGroup] { get }
  /// Numbers in the feature tap F; 0 for a field that has none.
  var featureCount: Int { get }

  /// Rows of tile matrix that forward keeps for backward.
  var activationRows: Int { get }
  /// What these rows hold, in the order in which forward computes them.
  var activationLayers: [ActivationLayer] { get }
  /// Rows of tile matrix that one worker needs while it works on a tile.
  var scratchRows: Int { get }
  /// The matrices of dense layers, of which passes keep copies in the order in which kernels read them.
  var packedMatrices: [PackedMatrix] { get }
  /// Rows that ``encode(_:count:detail:into:pool:)`` needs for a pass of that detail; 0 for no such pass.
  func encodedWidth(for detail: TapDetail) -> Int
  /// Whether an encoding for one detail serves every other, feature by feature in rows.
  var sharesEncoding: Bool { get }
  /// Numbers per sample that backward defers.
  var deferredWidth: Int { get }

  /// Computes what is best computed for all samples at once, before the tiles.
  ///
  /// What the rows hold is the field's business; ``forward(_:detail:activations:scratch:taps:)`` of the
  /// same detail reads them.
  ///
  /// - Parameters:
  ///   - points: Positions in scene units, `count` numbers per axis.
  ///   - detail: How much of the field the tiles will evaluate.
  ///   - rows: ``encodedWidth(for:)`` rows; columns behind `count` are zero positions.
  /// - Returns: What ``accumulateDeferred(_:count:encoding:lanes:pool:)`` of the same batch can use as long as
  ///   the rows are there; nil for nothing.
  @discardableResult
  func encode(
    _ points: PointPointers<Float>, count: Int, detail: TapDetail, into rows: BatchRows<Scalar>,
    pool: WorkerPool
  ) -> (any Sendable)?

  /// Evaluates the taps that `detail` asks for into the rows of `taps`.
  func forward(
    _ input: TileInput<Scalar>, detail: TapDetail, activations: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, taps: UnsafeMutablePointer<Scalar>)

  /// Propagates the gradients in the rows of `cotangents` (zero in padded columns) to the lane's
  /// sums and to `deferred`. `activations` and `taps` are those of the forward pass.
  func backward(
    _ input: TileInput<Scalar>, detail: TapDetail, activations: UnsafePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, taps: UnsafePointer<Scalar>,
    cotangents: UnsafePointer<Scalar>, lane: GradientLane<Scalar>,
    deferred: BatchRows<Scalar>)

  /// Adds what backward deferred for `count` samples to the gradients the field owns, or to those of the
  /// lanes where many samples meet in few parameters; such lanes are opened first.
  ///
  /// - Parameter encoding: What ``encode(_:count:detail:into:pool:)`` of the batch returned, which may have
  ///   more samples behind these; nil if its rows are gone.
  func accumulateDeferred(
    _ deferred: BatchRows<Scalar>, count: Int, encoding: (any Sendable)?,
    lanes: GradientLanes<Scalar>, pool: WorkerPool)

  /// Indices of the parameters that receive a gradient in a pass of this detail.
  func parametersReached(by detail: TapDetail) -> [Int]

  /// σ as the occupancy grid sees it, into the density row of `taps`; differs from
  /// ``forward(_:detail:activations:scratch:taps:)`` only where an option says so.
  func occupancyDensity(
    _ input: TileInput<Scalar>, activations: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, taps: UnsafeMutablePointer<Scalar>)
}

extension RadianceField {
  public var packedMatrices: [PackedMatrix] { [] }
  public func encodedWidth(for detail: TapDetail) -> Int { 0 }
  public var sharesEncoding: Bool { true }

  /// Whether the field has the feature tap F.
  public var hasFeatures: Bool { featureCount > 0 }

  public func encode(
    _ points: PointPointers<Float>, count: Int, detail: TapDetail, into rows: BatchRows<Scalar>,
    pool: WorkerPool
  ) -> (any Sendable)? { nil }

  public func accumulateDeferred(
    _ deferred: BatchRows<Scalar>, count: Int, encoding: (any Sendable)?,
    lanes: GradientLanes<Scalar>, pool: WorkerPool
  ) {}

  /// Number of trainable numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

  /// The name of the architecture.
  public var architecture: Architecture { configuration.architecture }

  /// The parameter of that name, or nil.
  public func parameter(named name: String) -> Parameter<Scalar>? {
    parameters.first { $0.name == name }
  }

  public func occupancyDensity(
    _ input: TileInput<Scalar>, activations: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, taps: UnsafeMutablePointer<Scalar>
  ) {
    forward(input, detail: .density, activations: activations, scratch: scratch, taps: taps)
  }
}
