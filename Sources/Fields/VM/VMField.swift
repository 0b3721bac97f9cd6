public import NeRFCore

/// Sizes of a ``VMField``.
public struct VMFieldOptions: Equatable, Sendable, Codable {
  /// Texels along x, y and z.
  public var resolution = [300, 300, 300]
  /// Components of the density factors, per plane.
  public var densityRanks = [16, 16, 16]
  /// Components of the colour factors, per plane.
  public var colorRanks = [48, 48, 48]
  /// The colour network and its input; there is no density network.
  public var heads = HeadOptions()
  /// Whether the colour features are clamped to the range of the log-density.
  public var clampsColorFeatures = true

  /// PVD's sizes.
  public init() {}
}

/// TensoRF's vector-matrix decomposition as PVD uses it.
///
/// With planes M over the axis pairs (x,y), (x,z), (y,z), lines v over the remaining axes z, y, x, and
/// xₙ the position scaled to −1...1 in the field's box:
///
///     s = clamp(Σᵢ Σᵣ Mˢᵢᵣ(xₙ) vˢᵢᵣ(xₙ)),    a = concatᵢ(Mᶜᵢ ⊙ vᶜᵢ) ∈ ℝ¹⁴⁴,    c = W_basis a ∈ ℝ¹⁵
///     F = [s, c],   S = s,   σ = eˢ,   C = color_net([Y(d), c])
///
/// c is clamped to the range of s when distilling and not when training on photographs, as the
/// original programs do; see ``VMFieldOptions/clampsColorFeatures``. Chen et al. (2022); constants of PVD.
/// Positions receive no gradient.
public final class VMField<T: RadianceScalar>: RadianceField {
  /// The axes of plane i: along its width, along its height.
  public static var planeAxes: [(width: Int, height: Int)] { [(0, 1), (0, 2), (1, 2)] }
  /// The axis of line i.
  public static var lineAxes: [Int] { [2, 1, 0] }
  /// Sizes.
  public let options: VMFieldOptions
  public let frame: FieldFrame
  public let parameters: [Parameter<T>]
  public let groups: [ParameterGroup]
  public var featureCount: Int { options.heads.featureCount }

  private let colorHead: ColorHead<T>
  private let low: T
  private let high: T

  // Parameter indices.
  static var densityPlane: Int { 0 }
  static var densityLine: Int { 3 }
  static var colorPlane: Int { 6 }
  static var colorLine: Int { 9 }
  static var basis: Int { 12 }

  /// A field with PVD's initialisation: factors 0.1·N(0, 1), layers uniform in ±1/√fan-in. Zeros without a seed.
  public convenience init(
    options: VMFieldOptions = VMFieldOptions(), frame: FieldFrame = FieldFrame(), seed: UInt64?
  ) {
    self.init(zero: options, frame: frame)
    guard let seed else { return }
    for index in 0..<Self.basis {
      parameters[index].initialise(normal: 0.1, seed: seed, stream: index)
    }
    parameters[Self.basis].initialise(
      uniform: 1 / Double(productCount).squareRoot(), seed: seed, stream: Self.basis)
    colorHead.network.initialise(seed: seed)
  }

  /// A field whose parameters are all zero, to be filled by the caller.
  init(zero options: VMFieldOptions, frame: FieldFrame) {
    self.options = options
    self.frame = frame
    low = T(frame.logDensityMinimum)
    high = T(frame.logDensityMaximum)
    var parameters: [Parameter<T>] = []
    for (name, ranks) in [("sigma", options.densityRanks), ("color", options.colorRanks)] {
      for i in 0..<3 {
        let (width, height) = Self.planeAxes[i]
        parameters.append(
          Parameter(
            name: "\(name)_mat.\(i)",
            shape: [1, ranks[i], options.resolution[height], options.resolution[width]],
            layout: .channelsLast, owner: .field))
      }
      for i in 0..<3 {
        parameters.append(
          Parameter(
            name: "\(name)_vec.\(i)",
            shape: [1, ranks[i], options.resolution[Self.lineAxes[i]], 1], layout: .channelsLast))
      }
    }
    let products = options.colorRanks.reduce(0, +)
    parameters.append(
      Parameter(
        name: "basis_mat.weight", shape: [options.heads.colorFeatures, products]))
    colorHead = ColorHead(options: options.heads, appendingTo: &parameters)
    self.parameters = parameters
    groups = [
      ParameterGroup("color_net", .secondary, colorHead.network.parameterIndices),
      ParameterGroup("sigma_mat", .primary, [0, 1, 2]),
      ParameterGroup("sigma_vec", .primary, [3, 4, 5]),
      ParameterGroup("color_mat", .primary, [6, 7, 8]),
      ParameterGroup("color_vec", .primary, [9, 10, 11]),
      ParameterGroup("basis_mat", .secondary, [Self.basis]),
    ]
  }

  public var configuration: FieldConfiguration { .vm(options) }

  var productCount: Int { options.colorRanks.reduce(0, +) }

  // Activations: scaled position (3), raw s and c (1 + 15), colour head.
  private var colorRow: Int { 3 + featureCount }
  public var activationRows: Int { colorRow + colorHead.activationRows }
  public var activationLayers: [ActivationLayer] {
    [
      ActivationLayer(name: "sum of sigma_mat · sigma_vec", row: 3, count: 1),
      ActivationLayer(name: "basis_mat", row: 4, count: featureCount - 1),
    ] + colorHead.activationLayers(from: colorRow)
  }
  public var packedMatrices: [PackedMatrix] { colorHead.network.packedMatrices }
  public var scratchRows: Int {
    2 * colorHead.network.widest + featureCount
  }

  public func parametersReached(by detail: TapDetail) -> [Int] {
    switch detail {
    case .density: [0, 1, 2, 3, 4, 5]
    case .features: Array(0...Self.basis)
    case .full: Array(0..<parameters.count)
    }
  }

  @specialized(where T == Float)
  public func forward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafeMutablePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafeMutablePointer<T>
  ) {
    for axis in 0..<3 {
      (activations + axis * Tile.stride).update(
        from: input.encoded.row(axis) + input.firstSample, count: input.padded)
    }
    let raw = activations + 3 * Tile.stride
    let outputs = factorOutputs(detail)
    T.Kernels.samplesToTile(
      input.encoded.row(3) + input.firstSample * outputs, rows: outputs, into: raw,
      count: input.padded)
    writeDensity(
      raw: raw, low: low, high: high, detail: detail, taps: taps, tile: input)
    guard detail >= .features else { return }
    for k in 1..<featureCount {
      let tap = taps + (TapRow.features + k) * Tile.stride
      if options.clampsColorFeatures {
        clampRow(raw + k * Tile.stride, low: low, high: high, into: tap, count: input.padded)
      } else {
        tap.update(from: raw + k * Tile.stride, count: input.padded)
      }
    }
    guard detail == .full else { return }
    colorHead.forward(
      input, features: taps + (TapRow.features + 1) * Tile.stride,
      activations: activations + colorRow * Tile.stride, taps: taps)
  }

  @specialized(where T == Float)
  public func backward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafePointer<T>, cotangents: UnsafePointer<T>,
    lane: GradientLane<T>, deferred: BatchRows<T>
  ) {
    let rawGradient = scratch + 2 * colorHead.network.widest * Tile.stride
    if detail == .full {
      colorHead.backward(
        activations: activations + colorRow * Tile.stride, taps: taps, cotangents: cotangents,
        scratch: scratch, colorFeatureGradient: rawGradient + Tile.stride, lane: lane,
        count: input.padded,
        weights: input.weights)
    }
    let raw = activations + 3 * Tile.stride
    featureGradient(
      raw: raw, rows: featureCount, low: low, high: high, detail: detail, taps: taps,
      cotangents: cotangents, into: rawGradient, tile: input)
    if options.clampsColorFeatures {
      for k in 1..<featureCount {
        maskByClamp(
          rawGradient + k * Tile.stride, raw + k * Tile.stride, low: low, high: high,
          count: input.padded)
      }
    }
    copyRows(
      activations, to: deferred.row(0) + input.firstSample, stride: deferred.stride, rows: 3,
      count: input.count)
    T.Kernels.tileToSamples(
      rawGradient, rows: featureCount,
      into: deferred.row(3) + input.firstSample * featureCount, count: input.count)
  }
}
