public import NeRFCore

/// The small networks of a ``HashField`` behind features that are given sample by sample.
///
/// For encodings of one's own, and to measure the networks alone. Samples are numbered as in the batch,
/// which must have as many as there are features.
public final class GivenFeaturesField<T: RadianceScalar>: RadianceField {
  public let frame: FieldFrame
  public let parameters: [Parameter<T>]
  public let groups: [ParameterGroup]
  public var featureCount: Int { heads.featureCount }

  private let heads: HeadOptions
  private let width: Int
  private let count: Int
  private let densityHead: DensityHead<T>
  private let colorHead: ColorHead<T>
  private let features: SampleBlocks<T>
  private let gradients: SampleBlocks<T>

  /// Networks with fresh weights behind `features` `[N, width]`.
  public init(
    features values: [T], width: Int, heads: HeadOptions = HeadOptions(),
    frame: FieldFrame = FieldFrame(), seed: UInt64 = 0
  ) {
    precondition(
      width > 0 && values.count.isMultiple(of: width), "GivenFeaturesField: width \(width)")
    self.heads = heads
    self.width = width
    self.frame = frame
    count = values.count / width
    var parameters: [Parameter<T>] = []
    densityHead = DensityHead(
      inputs: width, options: heads, frame: frame, appendingTo: &parameters)
    colorHead = ColorHead(options: heads, appendingTo: &parameters)
    self.parameters = parameters
    groups = [
      ParameterGroup("sigma_net", .primary, densityHead.network.parameterIndices),
      ParameterGroup("color_net", .primary, colorHead.network.parameterIndices),
    ]
    densityHead.network.initialise(seed: seed)
    colorHead.network.initialise(seed: seed)
    features = SampleBlocks(count: count, width: width)
    gradients = SampleBlocks(count: count, width: width)
    for s in 0..<count {
      for k in 0..<width { features[s, k] = values[width * s + k] }
    }
  }

  /// A field cannot be made again from options: its features are not among them.
  public var configuration: FieldConfiguration {
    var options = HashFieldOptions()
    options.heads = heads
    return .hash(options)
  }

  /// What the last backward pass made of the features, `[N, width]`.
  public var featureGradients: [T] {
    (0..<count).flatMap { s in (0..<width).map { gradients[s, $0] } }
  }

  private var densityRow: Int { width }
  private var colorRow: Int { densityRow + densityHead.activationRows }
  public var activationRows: Int { colorRow + colorHead.activationRows }
  public var activationLayers: [ActivationLayer] {
    densityHead.network.activationLayers(from: densityRow)
      + colorHead.activationLayers(from: colorRow)
  }
  private var widest: Int { max(densityHead.network.widest, colorHead.network.widest) }
  public var packedMatrices: [PackedMatrix] {
    densityHead.network.packedMatrices + colorHead.network.packedMatrices
  }
  public var scratchRows: Int {
    2 * widest + densityHead.gradientRows + width
  }
  public var deferredWidth: Int { 0 }

  public func parametersReached(by detail: TapDetail) -> [Int] {
    detail == .full
      ? Array(parameters.indices) : densityHead.network.parameterIndices
  }

  /// The features of a tile, where they lie or in the first rows of its activations.
  private func given(
    _ input: TileInput<T>, _ activations: UnsafePointer<T>
  ) -> UnsafePointer<T> {
    features.matrix(input.firstSample, count: input.count).map { UnsafePointer($0) } ?? activations
  }

  @specialized(where T == Float)
  public func forward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafeMutablePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafeMutablePointer<T>
  ) {
    if features.matrix(input.firstSample, count: input.count) == nil {
      features.read(input.firstSample, count: input.count, into: activations)
      for row in 0..<width {
        (activations + row * Tile.stride + input.count).update(
          repeating: 0, count: input.padded - input.count)
      }
    }
    densityHead.forward(
      input: given(input, activations), next: features.matrix(behind: input.firstSample),
      detail: detail,
      activations: activations + densityRow * Tile.stride, taps: taps, tile: input)
    guard detail == .full else { return }
    colorHead.forward(
      input, features: densityHead.colorFeatures(activations + densityRow * Tile.stride),
      activations: activations + colorRow * Tile.stride, taps: taps)
  }

  @specialized(where T == Float)
  public func backward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafePointer<T>, cotangents: UnsafePointer<T>,
    lane: GradientLane<T>, deferred: BatchRows<T>
  ) {
    let hGradient = scratch + 2 * widest * Tile.stride
    let matrix = gradients.matrix(input.firstSample, count: input.count)
    let copied = hGradient + densityHead.gradientRows * Tile.stride
    if detail == .full {
      colorHead.backward(
        activations: activations + colorRow * Tile.stride, taps: taps, cotangents: cotangents,
        scratch: scratch, colorFeatureGradient: hGradient + Tile.stride, lane: lane,
        count: input.padded, weights: input.weights)
    }
    densityHead.backward(
      input: given(input, activations), detail: detail,
      activations: activations + densityRow * Tile.stride, taps: taps, cotangents: cotangents,
      hGradient: hGradient, scratch: scratch,
      inputGradient: matrix ?? copied, lane: lane,
      tile: input)
    // Tiles do not overlap: every sample has one writer.
    if matrix == nil {
      gradients.write(input.firstSample, count: input.count, from: copied)
    }
  }
}
