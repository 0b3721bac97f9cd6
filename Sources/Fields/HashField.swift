public import NeRFCore

/// Sizes of a ``HashField``.
public struct HashFieldOptions: Equatable, Sendable, Codable {
  /// Levels L.
  public var levels = 14
  /// Base resolution.
  public var baseResolution = 16
  /// Cap of a level's rows, as a power of two.
  public var log2TableSize = 19
  /// Finest resolution per unit of the bound.
  public var finestResolution = 2048.0
  /// Features per level: 1, 2, 4 or 8.
  public var levelFeatures = 2
  /// Whether the outermost samples of a level lie on the box.
  public var alignCorners = false
  /// The small networks.
  public var heads = HeadOptions()

  /// PVD's sizes.
  public init() {}

  /// The hash grid of a field with a bound.
  func geometry(bound: Double) -> HashGridGeometry {
    HashGridGeometry(
      levelCount: levels, features: levelFeatures, baseResolution: baseResolution,
      log2TableSize: log2TableSize, desiredResolution: finestResolution * bound,
      alignCorners: alignCorners)
  }
}

/// Instant-NGP as PVD uses it: a hash grid, a density network, a colour network.
///
/// `x → hash grid (L·2 features) → sigma_net 28→64→16 → F, S, σ; [Y(d), F₁…₁₅] → color_net → C`.
/// Müller et al. (2022); constants of PVD, see ``HeadOptions``.
public final class HashField<T: RadianceScalar>: RadianceField {
  /// Sizes.
  public let options: HashFieldOptions
  public let frame: FieldFrame
  public let parameters: [Parameter<T>]
  public let groups: [ParameterGroup]
  public var featureCount: Int { options.heads.featureCount }
  /// Sizes and indexing of the hash grid.
  public let geometry: HashGridGeometry

  private let densityHead: DensityHead<T>
  private let colorHead: ColorHead<T>

  /// A field with PVD's initialisation: table uniform in ±1e-4, layers uniform in ±1/√fan-in. Zeros without a seed.
  public init(
    options: HashFieldOptions = HashFieldOptions(), frame: FieldFrame = FieldFrame(), seed: UInt64?
  ) {
    self.options = options
    self.frame = frame
    geometry = options.geometry(bound: frame.bound)
    var parameters = [
      Parameter<T>(
        name: "encoder.embeddings", shape: [geometry.rowCount, geometry.features], owner: .field)
    ]
    densityHead = DensityHead(
      inputs: geometry.outputCount, options: options.heads, frame: frame,
      appendingTo: &parameters)
    colorHead = ColorHead(options: options.heads, appendingTo: &parameters)
    self.parameters = parameters
    groups = [
      ParameterGroup("encoder", .primary, [0]),
      ParameterGroup("sigma_net", .primary, densityHead.network.parameterIndices),
      ParameterGroup("encoder_dir", .primary, []),
      ParameterGroup("color_net", .primary, colorHead.network.parameterIndices),
    ]
    guard let seed else { return }
    parameters[0].initialise(uniform: 1e-4, seed: seed, stream: 0)
    densityHead.network.initialise(seed: seed)
    colorHead.network.initialise(seed: seed)
  }

  public var configuration: FieldConfiguration { .hash(options) }

  private var features: Int { geometry.outputCount }

  // Activations: normalised position (3), encoding, density head, colour head.
  private var encodingRow: Int { 3 }
  private var densityRow: Int { encodingRow + features }
  private var colorRow: Int { densityRow + densityHead.activationRows }
  public var activationRows: Int { colorRow + colorHead.activationRows }
  public var activationLayers: [ActivationLayer] {
    [ActivationLayer(name: "encoder", row: encodingRow, count: features)]
      + densityHead.network.activationLayers(from: densityRow)
      + colorHead.activationLayers(from: colorRow)
  }
  public var packedMatrices: [PackedMatrix] {
    densityHead.network.packedMatrices + colorHead.network.packedMatrices
  }
  public var scratchRows: Int {
    2 * widest + densityHead.gradientRows + features
  }
  private var widest: Int { max(densityHead.network.widest, colorHead.network.widest) }
  /// The normalised position and the gradient of every feature.
  public var deferredWidth: Int { 3 + features }

  public func parametersReached(by detail: TapDetail) -> [Int] {
    let density = [0] + densityHead.network.parameterIndices
    return detail == .full ? density + colorHead.network.parameterIndices : density
  }

  /// The position in the unit cube (three rows), then every feature.
  public func encodedWidth(for detail: TapDetail) -> Int { 3 + features }

  /// Level by level, each in a few parts: a level of the table is a few MB and stays in cache, all of them do
  /// not, and threads that take parts of the same level need it once.
  public func encode(
    _ points: PointPointers<Float>, count: Int, detail: TapDetail, into rows: BatchRows<T>,
    pool: WorkerPool
  ) -> (any Sendable)? {
    let padded = Tile.padded(count)
    for axis in 0..<3 {
      normaliseCube(points[axis], bound: T(frame.bound), into: rows.row(axis), count: count)
      // Behind the last sample: the centre of the cube, like a padding row.
      (rows.row(axis) + count).update(repeating: T(1) / 2, count: padded - count)
    }
    let unit = (0..<3).map { UnsafePointer(rows.row($0)) }
    let table = parameters[0].values.base
    let last = geometry.levels.count - 1
    let parts = 8
    let size = Tile.padded((padded + parts - 1) / parts)
    pool.forEach(parts * geometry.levels.count) { item, _ in
      let (level, first) = (last - item / parts, item % parts * size)
      guard first < padded else { return }
      T.Kernels.hashGrid(
        geometry, level: level, table: table, points: unit.map { $0 + first },
        output: rows.row(3 + level * geometry.features) + first, outputStride: rows.stride,
        count: min(size, padded - first))
    }
    return nil
  }

  @specialized(where T == Float)
  public func forward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafeMutablePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafeMutablePointer<T>
  ) {
    for row in 0..<encodedWidth(for: detail) {
      (activations + row * Tile.stride).update(
        from: input.encoded.row(row) + input.firstSample, count: input.padded)
    }
    let encoding = activations + encodingRow * Tile.stride
    let density = activations + densityRow * Tile.stride
    densityHead.forward(
      input: encoding, detail: detail, activations: density, taps: taps, tile: input)
    guard detail == .full else { return }
    colorHead.forward(
      input, features: densityHead.colorFeatures(density),
      activations: activations + colorRow * Tile.stride, taps: taps)
  }

  @specialized(where T == Float)
  public func backward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafePointer<T>, cotangents: UnsafePointer<T>,
    lane: GradientLane<T>, deferred: BatchRows<T>
  ) {
    let hGradient = scratch + 2 * widest * Tile.stride
    let encodingGradient = hGradient + densityHead.gradientRows * Tile.stride
    if detail == .full {
      colorHead.backward(
        activations: activations + colorRow * Tile.stride, taps: taps, cotangents: cotangents,
        scratch: scratch, colorFeatureGradient: hGradient + Tile.stride, lane: lane,
        count: input.padded, weights: input.weights)
    }
    densityHead.backward(
      input: activations + encodingRow * Tile.stride, detail: detail,
      activations: activations + densityRow * Tile.stride, taps: taps, cotangents: cotangents,
      hGradient: hGradient, scratch: scratch, inputGradient: encodingGradient, lane: lane,
      tile: input)
    copyRows(
      activations, to: deferred.row(0) + input.firstSample, stride: deferred.stride, rows: 3,
      count: input.count)
    copyRows(
      encodingGradient, to: deferred.row(3) + input.firstSample, stride: deferred.stride,
      rows: features, count: input.count)
  }

  /// One work item per level, the finest first: each level of the table has one writer, which visits
  /// the samples in order.
  public func accumulateDeferred(
    _ deferred: BatchRows<T>, count: Int, encoding: (any Sendable)?, lanes: GradientLanes<T>,
    pool: WorkerPool
  ) {
    let gradient = parameters[0].gradient.base
    let points = (0..<3).map { UnsafePointer(deferred.row($0)) }
    let last = geometry.levels.count - 1
    pool.forEach(geometry.levels.count) { item, _ in
      let level = last - item
      T.Kernels.accumulateHashGridGradients(
        geometry, level: level, points: points,
        gradients: deferred.row(3 + level * geometry.features), gradientStride: deferred.stride,
        count: count, tableGradient: gradient)
    }
  }
}
