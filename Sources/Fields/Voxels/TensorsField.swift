public import NeRFCore

/// Sizes of a ``TensorsField``.
public struct TensorsFieldOptions: Equatable, Sendable, Codable {
  /// Voxels along the first (z), middle (y) and last (x) axis.
  public var resolution = [128, 128, 128]
  /// Bands of spherical harmonics, 1...4.
  public var degree = 3
  /// Whether the occupancy grid sees the density without its clamp, as PVD's density query does.
  public var unclampedOccupancy = false

  /// PVD's sizes.
  public init() {}
}

/// A dense volume of log-density and spherical-harmonic colour, after Plenoxels.
///
/// With deg² coefficients per colour channel and the volume V of `1 + 3 deg²` channels, trilinear:
///
///     h = V(xₙ),   S = clamp(h₀),   σ = eˢ,   C_c = sigmoid(Σₖ h[1 + c·deg² + k] Yₖ(d))
///
/// The sampler maps x to the last axis of the volume, y to the middle one, z to the first. There is no
/// network and no feature tap. Fridovich-Keil et al. (2022); sizes of PVD.
public final class TensorsField<T: RadianceScalar>: RadianceField {
  /// Sizes.
  public let options: TensorsFieldOptions
  public let frame: FieldFrame
  public let parameters: [Parameter<T>]
  public let groups: [ParameterGroup]
  public let featureCount = 0

  private let low: T
  private let high: T

  /// A volume of 0.02·N(0, 1), as PVD initialises it. Zeros without a seed.
  public init(
    options: TensorsFieldOptions = TensorsFieldOptions(), frame: FieldFrame = FieldFrame(),
    seed: UInt64?
  ) {
    precondition((1...4).contains(options.degree), "TensorsField: degree must be in 1...4")
    self.options = options
    self.frame = frame
    low = T(frame.logDensityMinimum)
    high = T(frame.logDensityMaximum)
    let channels = 1 + 3 * options.degree * options.degree
    parameters = [
      Parameter(
        name: "tensor_volume.0", shape: [1, channels] + options.resolution,
        layout: .channelsLast, owner: .field)
    ]
    groups = [
      ParameterGroup("tensor_volume", .primary, [0]),
      ParameterGroup("encoder_dir", .primary, []),
    ]
    guard let seed else { return }
    parameters[0].initialise(normal: 0.02, seed: seed, stream: 0)
  }

  public var configuration: FieldConfiguration { .tensors(options) }

  private var coefficients: Int { options.degree * options.degree }
  private var channels: Int { 1 + 3 * coefficients }
  private var shape: VolumeShape {
    VolumeShape(
      depth: options.resolution[0], height: options.resolution[1], width: options.resolution[2],
      channels: channels)
  }

  // Activations: scaled position (3), h (channels), harmonics (16 rows, whatever the degree).
  private var harmonicsRow: Int { 3 + channels }
  public var activationRows: Int { harmonicsRow + 16 }
  public var activationLayers: [ActivationLayer] {
    [
      ActivationLayer(name: "tensor_volume.0", row: 3, count: harmonicsRow - 3),
      ActivationLayer(
        name: "encoder_dir", row: harmonicsRow, count: options.degree * options.degree),
    ]
  }
  public var scratchRows: Int { 3 + channels }
  /// The scaled position (three rows), the gradient of h sample by sample, what to sort by, and room to sort.
  public var deferredWidth: Int { 3 + channels + 4 }

  /// Behind the gradients; a row has room for numbers of four bytes in any precision.
  private func integers(_ row: Int, _ deferred: BatchRows<T>) -> UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(deferred.row(3 + channels + row)).assumingMemoryBound(to: Int32.self)
  }
  private func keys(_ deferred: BatchRows<T>) -> UnsafeMutablePointer<Int32> {
    integers(0, deferred)
  }

  public func parametersReached(by detail: TapDetail) -> [Int] { [0] }

  private func lookUp(_ input: TileInput<T>, activations: UnsafeMutablePointer<T>) {
    for axis in 0..<3 {
      normaliseBox(
        input.positions[axis], low: T(frame.box[axis]), high: T(frame.box[axis + 3]),
        into: activations + axis * Tile.stride, count: input.padded)
    }
    T.Kernels.volume(
      shape, values: parameters[0].values.base,
      points: PointPointers(
        activations, activations + Tile.stride, activations + 2 * Tile.stride),
      output: activations + 3 * Tile.stride, count: input.padded)
  }

  @specialized(where T == Float)
  public func forward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafeMutablePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafeMutablePointer<T>
  ) {
    lookUp(input, activations: activations)
    let h = activations + 3 * Tile.stride
    clampRow(
      h, low: low, high: high, into: taps + TapRow.logDensity * Tile.stride, count: input.padded)
    T.Kernels.exponential(
      taps + TapRow.logDensity * Tile.stride, into: taps + TapRow.density * Tile.stride,
      count: input.padded)
    guard detail == .full else { return }
    let harmonics = activations + harmonicsRow * Tile.stride
    T.Kernels.sphericalHarmonics(
      degree: options.degree, directions: input.directions, output: harmonics,
      count: input.padded)
    for channel in 0..<3 {
      let color = taps + (TapRow.color + channel) * Tile.stride
      sumOfProducts(
        h + (1 + channel * coefficients) * Tile.stride, harmonics, rows: coefficients,
        into: color, count: input.padded)
      T.Kernels.sigmoid(color, into: color, count: input.padded)
    }
  }

  public func occupancyDensity(
    _ input: TileInput<T>, activations: UnsafeMutablePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafeMutablePointer<T>
  ) {
    guard options.unclampedOccupancy else {
      forward(input, detail: .density, activations: activations, scratch: scratch, taps: taps)
      return
    }
    lookUp(input, activations: activations)
    T.Kernels.exponential(
      activations + 3 * Tile.stride, into: taps + TapRow.density * Tile.stride,
      count: input.padded)
  }

  @specialized(where T == Float)
  public func backward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafePointer<T>, cotangents: UnsafePointer<T>,
    lane: GradientLane<T>, deferred: BatchRows<T>
  ) {
    let raw = activations + 3 * Tile.stride
    let hGradient = scratch + 3 * Tile.stride
    copyRows(
      cotangents + TapRow.logDensity * Tile.stride, to: hGradient, rows: 1, count: input.padded)
    accumulateTruncatedExpGradient(
      taps + TapRow.logDensity * Tile.stride, value: taps + TapRow.density * Tile.stride,
      outputGradient: cotangents + TapRow.density * Tile.stride, into: hGradient,
      count: input.padded)
    maskByClamp(hGradient, raw, low: low, high: high, count: input.padded)
    if detail == .full {
      let color = TapRow.color * Tile.stride
      sigmoidGradient(
        value: taps + color, outputGradient: cotangents + color, into: scratch, rows: 3,
        count: input.padded)
      for channel in 0..<3 {
        products(
          scratch + channel * Tile.stride, activations + harmonicsRow * Tile.stride,
          rows: coefficients, into: hGradient + (1 + channel * coefficients) * Tile.stride,
          count: input.padded)
      }
    } else {
      for row in 1..<channels {
        (hGradient + row * Tile.stride).update(repeating: 0, count: input.padded)
      }
    }
    copyRows(
      activations, to: deferred.row(0) + input.firstSample, stride: deferred.stride, rows: 3,
      count: input.count)
    T.Kernels.tileToSamples(
      hGradient, rows: channels, into: deferred.row(3) + input.firstSample * channels,
      count: input.count)
    // The row of voxels that each sample falls in, while the tile is at hand.
    let keys = keys(deferred) + input.firstSample
    lowerTexels(
      activations + 2 * Tile.stride, size: shape.depth, into: keys, count: input.count)
    let rows = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Int32.self)
    lowerTexels(activations + Tile.stride, size: shape.height, into: rows, count: input.count)
    let height = Int32(shape.height)
    for s in 0..<input.count { keys[s] = keys[s] &* height &+ rows[s] }
    dropIdle(
      hGradient, rows: channels, sums: scratch + Tile.stride, from: keys, count: input.count)
  }

  /// One work item per share of the slices of the first axis. Samples are visited in the order of the row
  /// of voxels they fall in, so that a row is loaded once. Two neighbouring shares meet in one slice, so even
  /// shares run first and odd ones after them: every voxel's sum has one order.
  public func accumulateDeferred(
    _ deferred: BatchRows<T>, count: Int, encoding: (any Sendable)?, lanes: GradientLanes<T>,
    pool: WorkerPool
  ) {
    let order = SampleOrder(
      keys: keys(deferred), keyCount: shape.depth * shape.height, count: count,
      into: integers(1, deferred), room: integers(2, deferred), pool: pool)
    let shares = order.shares(32, of: shape.height)
    let gradient = parameters[0].gradient.base
    let points = PointPointers<T>(deferred.row(0), deferred.row(1), deferred.row(2))
    for parity in 0..<2 {
      pool.forEach((shares.count + 1 - parity) / 2) { item, _ in
        let places = order.places(of: shares[2 * item + parity])
        T.Kernels.accumulateVolumeGradients(
          shape, points: points, gradients: deferred.row(3),
          samples: order.samples + places.lowerBound, count: places.count, volumeGradient: gradient)
      }
    }
  }
}

/// `y = Σ_row a_row · b_row`.
@specialized(where T == Float)
@specialized(where T == Double)
private func sumOfProducts<T: RadianceScalar>(
  _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, rows: Int, into y: UnsafeMutablePointer<T>,
  count: Int
) {
  for s in 0..<count { y[s] = 0 }
  for row in 0..<rows {
    let (a, b) = (a + row * Tile.stride, b + row * Tile.stride)
    for s in 0..<count { y[s] += a[s] * b[s] }
  }
}

/// `y_row = g · b_row`.
@specialized(where T == Float)
@specialized(where T == Double)
private func products<T: RadianceScalar>(
  _ g: UnsafePointer<T>, _ b: UnsafePointer<T>, rows: Int, into y: UnsafeMutablePointer<T>,
  count: Int
) {
  for row in 0..<rows {
    let (b, y) = (b + row * Tile.stride, y + row * Tile.stride)
    for s in 0..<count { y[s] = g[s] * b[s] }
  }
}
