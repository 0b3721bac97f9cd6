public import NeRFCore

/// Sizes of a ``MLPField``.
public struct MLPFieldOptions: Equatable, Sendable, Codable {
  /// Frequency bands.
  public var bands = 10
  /// Linear layers of the trunk.
  public var layers = 8
  /// Width of the trunk.
  public var width = 256
  /// Layer behind whose ReLU the encoding is prepended.
  public var skip = 3
  /// Outputs of the trunk.
  public var trunkOutputs = 28
  /// The small networks.
  public var heads = HeadOptions()

  /// PVD's sizes.
  public init() {}
}

/// NeRF as PVD uses it: frequency encoding and a deep trunk in front of the networks of `hash`.
///
/// γ(x) has 63 numbers: x, then sin(2ᵏx), cos(2ᵏx) for k = 0…9, each a block of three, on raw world
/// coordinates and without π. The trunk has 8 linear layers with bias, 256 wide, ReLU after all but
/// the last; behind layer 3 the encoding is prepended: layer 4 sees [γ(x), h₃]. Its 28 outputs go
/// into `sigma_net` as the hash features do. Mildenhall et al. (2020); constants of PVD.
public final class MLPField<T: RadianceScalar>: RadianceField {
  /// Sizes.
  public let options: MLPFieldOptions
  public let frame: FieldFrame
  public let parameters: [Parameter<T>]
  public let groups: [ParameterGroup]
  public var featureCount: Int { options.heads.featureCount }

  let trunk: DenseNetwork<T>
  private let densityHead: DensityHead<T>
  private let colorHead: ColorHead<T>

  /// A field with PVD's initialisation: every layer uniform in ±1/√fan-in, biases alike. Zeros without a seed.
  public init(
    options: MLPFieldOptions = MLPFieldOptions(), frame: FieldFrame = FieldFrame(), seed: UInt64?
  ) {
    precondition(options.layers >= 2, "MLPField: the trunk needs at least 2 layers")
    self.options = options
    self.frame = frame
    var parameters: [Parameter<T>] = []
    let encoded = 3 + 6 * options.bands
    var layers: [DenseNetwork<T>.Layer] = []
    for k in 0..<options.layers {
      let inputs =
        k == 0 ? encoded : k == options.skip + 1 ? encoded + options.width : options.width
      layers.append(
        DenseNetwork.layer(
          name: "nerf_mlp.\(k)", inputs: inputs,
          outputs: k + 1 == options.layers ? options.trunkOutputs : options.width, bias: true,
          appendingTo: &parameters))
    }
    trunk = DenseNetwork(layers: layers)
    densityHead = DensityHead(
      inputs: options.trunkOutputs, options: options.heads, frame: frame,
      appendingTo: &parameters)
    colorHead = ColorHead(options: options.heads, appendingTo: &parameters)
    self.parameters = parameters
    groups = [
      ParameterGroup("sigma_net", .primary, densityHead.network.parameterIndices),
      ParameterGroup("encoder_dir", .primary, []),
      ParameterGroup("color_net", .primary, colorHead.network.parameterIndices),
      ParameterGroup("nerf_mlp", .primary, trunk.parameterIndices),
    ]
    guard let seed else { return }
    trunk.initialise(seed: seed)
    densityHead.network.initialise(seed: seed)
    colorHead.network.initialise(seed: seed)
  }

  public var configuration: FieldConfiguration { .mlp(options) }

  public var packedMatrices: [PackedMatrix] {
    trunk.layers.enumerated().map { k, layer in
      PackedMatrix(
        parameter: layer.parameter, shape: layer.shape,
        firstGradientColumn: firstGradientColumn(k))
    } + densityHead.network.packedMatrices + colorHead.network.packedMatrices
  }

  /// Behind the skip, the first columns belong to the encoding, which has no parameters.
  private func firstGradientColumn(_ layer: Int) -> Int {
    hasSkip && layer == options.skip + 1 ? encoded : 0
  }

  var encoded: Int { 3 + 6 * options.bands }
  private var hasSkip: Bool { options.skip >= 0 && options.skip + 1 < options.layers }

  // Activations: γ(x), then the output of the skip layer (so that [γ, h] is one block of rows), then
  // the other trunk layers, the density head and the colour head.
  func trunkRow(_ layer: Int) -> Int {
    if hasSkip && layer == options.skip { return encoded }
    var row = encoded + (hasSkip ? options.width : 0)
    for k in 0..<layer where !(hasSkip && k == options.skip) {
      row += trunk.layers[k].shape.outputs
    }
    return row
  }
  private var densityRow: Int { encoded + trunk.activationRows }
  private var colorRow: Int { densityRow + densityHead.activationRows }
  public var activationRows: Int { colorRow + colorHead.activationRows }
  public var activationLayers: [ActivationLayer] {
    [ActivationLayer(name: "encoder", row: 0, count: encoded)]
      + trunk.layers.enumerated().map { k, layer in
        ActivationLayer(name: layer.name, row: trunkRow(k), count: layer.shape.outputs)
      } + densityHead.network.activationLayers(from: densityRow)
      + colorHead.activationLayers(from: colorRow)
  }
  public var scratchRows: Int {
    2 * widest + densityHead.gradientRows + options.trunkOutputs
  }
  private var widest: Int {
    max(trunk.widest, densityHead.network.widest, colorHead.network.widest)
  }
  public var deferredWidth: Int { 0 }

  public func parametersReached(by detail: TapDetail) -> [Int] {
    let density = trunk.parameterIndices + densityHead.network.parameterIndices
    return detail == .full ? density + colorHead.network.parameterIndices : density
  }

  /// The row at which a trunk layer's input starts.
  private func inputRow(_ layer: Int) -> Int {
    layer == 0 || (hasSkip && layer == options.skip + 1) ? 0 : trunkRow(layer - 1)
  }

  @specialized(where T == Float)
  public func forward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafeMutablePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafeMutablePointer<T>
  ) {
    forwardTrunk(
      input.positions, activations: activations, count: input.padded, weights: input.weights)
    densityHead.forward(
      input: activations + trunkRow(options.layers - 1) * Tile.stride, detail: detail,
      activations: activations + densityRow * Tile.stride, taps: taps, tile: input)
    guard detail == .full else { return }
    colorHead.forward(
      input, features: densityHead.colorFeatures(activations + densityRow * Tile.stride),
      activations: activations + colorRow * Tile.stride, taps: taps)
  }

  /// Writes γ(x) and the outputs of the trunk's layers to their rows of `activations`.
  func forwardTrunk(
    _ positions: PointPointers<T>, activations: UnsafeMutablePointer<T>, count: Int,
    weights: PackedWeights<T>?
  ) {
    for axis in 0..<3 {
      copyRows(
        positions[axis], to: activations + axis * Tile.stride, rows: 1, count: count)
    }
    T.Kernels.frequencyBands(
      options.bands, points: positions, output: activations + 3 * Tile.stride,
      count: count)
    for (k, layer) in trunk.layers.enumerated() {
      layer.evaluate(
        input: activations + inputRow(k) * Tile.stride,
        output: activations + trunkRow(k) * Tile.stride, relu: k + 1 < trunk.layers.count,
        count: count, weights: weights)
    }
  }

  @specialized(where T == Float)
  public func backward(
    _ input: TileInput<T>, detail: TapDetail, activations: UnsafePointer<T>,
    scratch: UnsafeMutablePointer<T>, taps: UnsafePointer<T>, cotangents: UnsafePointer<T>,
    lane: GradientLane<T>, deferred: BatchRows<T>
  ) {
    let hGradient = scratch + 2 * widest * Tile.stride
    let trunkGradient = hGradient + densityHead.gradientRows * Tile.stride
    if detail == .full {
      colorHead.backward(
        activations: activations + colorRow * Tile.stride, taps: taps, cotangents: cotangents,
        scratch: scratch, colorFeatureGradient: hGradient + Tile.stride, lane: lane,
        count: input.padded, weights: input.weights)
    }
    densityHead.backward(
      input: activations + trunkRow(options.layers - 1) * Tile.stride, detail: detail,
      activations: activations + densityRow * Tile.stride, taps: taps, cotangents: cotangents,
      hGradient: hGradient, scratch: scratch, inputGradient: trunkGradient, lane: lane, tile: input)
    backwardTrunk(
      activations: activations, outputGradient: trunkGradient, scratch: scratch, widest: widest,
      lane: lane, count: input.padded, weights: input.weights)
  }

  /// Back-propagates through the trunk.
  ///
  /// - Parameters:
  ///   - scratch: `2 · widest` rows.
  ///   - encodingGradient: Receives the gradient of γ(x), ``encoded`` rows; nil if nobody needs it.
  func backwardTrunk(
    activations: UnsafePointer<T>, outputGradient: UnsafeMutablePointer<T>,
    scratch: UnsafeMutablePointer<T>, widest: Int, lane: GradientLane<T>, count: Int,
    weights: PackedWeights<T>?,
    encodingGradient: UnsafeMutablePointer<T>? = nil
  ) {
    encodingGradient?.update(repeating: 0, count: encoded * Tile.stride)
    var gy = outputGradient
    var spare = scratch
    var other = scratch + widest * Tile.stride
    for k in stride(from: trunk.layers.count - 1, through: 0, by: -1) {
      let layer = trunk.layers[k]
      T.Kernels.accumulateDenseGradients(
        layer.shape, outputGradient: gy, input: activations + inputRow(k) * Tile.stride,
        weightGradient: lane.sum(of: layer.parameter),
        biasGradient: lane.sum(of: layer.parameter + 1), count: count)
      let first = firstGradientColumn(k)
      if let encodingGradient, k == 0 || first > 0 {
        T.Kernels.denseInputGradient(
          DenseShape(outputs: layer.shape.outputs, inputs: encoded),
          weight: layer.weight.values.base, weightStride: layer.shape.inputs, outputGradient: gy,
          activation: nil, inputGradient: spare, count: count)
        addRows(spare, to: encodingGradient, rows: encoded, count: count)
      }
      guard k > 0 else { return }
      layer.writeInputGradient(
        from: first, outputGradient: gy, activation: activations + trunkRow(k - 1) * Tile.stride,
        into: spare, count: count, weights: weights)
      gy = spare
      swap(&spare, &other)
    }
  }
}
