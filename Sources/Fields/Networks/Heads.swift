import NeRFCore

/// The density network shared by `hash` and `mlp`, in PVD 28 → 64 → 16 without biases, and the clamp.
///
///     h = W₁ relu(W₀ e),   s = clamp(h₀, lo, hi),   F = [s, h₁ … h₁₅],   S = s,   σ = eˢ
///
/// Activations: the outputs of all layers; h is kept unclamped.
struct DensityHead<T: RadianceScalar>: Sendable {
  let network: DenseNetwork<T>
  let low: T
  let high: T

  init(
    inputs: Int, options: HeadOptions, frame: FieldFrame,
    appendingTo parameters: inout [Parameter<T>]
  ) {
    network = DenseNetwork(
      name: "sigma_net", widths: options.densityWidths(inputs: inputs), bias: options.bias,
      appendingTo: &parameters)
    low = T(frame.logDensityMinimum)
    high = T(frame.logDensityMaximum)
  }

  var activationRows: Int { network.activationRows }
  /// Rows of `hGradient` in ``backward``, which hold gradients between layers too.
  var gradientRows: Int { network.widest }

  /// - Parameter next: The input of the next tile, if it is in memory.
  @specialized(where T == Float)
  func forward(
    input: UnsafePointer<T>, next: UnsafePointer<T>? = nil, detail: TapDetail,
    activations: UnsafeMutablePointer<T>, taps: UnsafeMutablePointer<T>, tile: TileInput<T>
  ) {
    let count = tile.padded
    network.forward(
      input: input, next: next, activations: activations, count: count, weights: tile.weights)
    let h = activations + network.lastRow * Tile.stride
    if detail >= .features && tile.usesFeatures {
      copyRows(
        h + Tile.stride, to: taps + (TapRow.features + 1) * Tile.stride,
        rows: network.outputs - 1, count: count)
    }
    writeDensity(
      raw: h, low: low, high: high, detail: detail, taps: taps, tile: tile)
  }

  /// h₁ … among this head's activations, the inputs of the colour network.
  func colorFeatures(_ activations: UnsafePointer<T>) -> UnsafePointer<T> {
    activations + (network.lastRow + 1) * Tile.stride
  }

  /// Turns gradients of the taps into gradients of h, then of the input.
  ///
  /// - Parameter hGradient: ``gradientRows`` rows; with ``TapDetail/full`` those from the second on hold what
  ///   the colour network asks of h₁ ….
  @specialized(where T == Float)
  func backward(
    input: UnsafePointer<T>, detail: TapDetail, activations: UnsafePointer<T>,
    taps: UnsafePointer<T>, cotangents: UnsafePointer<T>, hGradient: UnsafeMutablePointer<T>,
    scratch: UnsafeMutablePointer<T>, inputGradient: UnsafeMutablePointer<T>,
    lane: GradientLane<T>, tile: TileInput<T>
  ) {
    let h = activations + network.lastRow * Tile.stride
    featureGradient(
      raw: h, rows: network.outputs, low: low, high: high, detail: detail, taps: taps,
      cotangents: cotangents, into: hGradient, tile: tile)
    network.backward(
      input: input, activations: activations, outputGradient: hGradient, scratch: scratch,
      inputGradient: inputGradient, lane: lane, count: tile.padded, weights: tile.weights)
  }
}

/// Writes S, the first entry of F, and σ = eˢ (unless only features are asked for).
@specialized(where T == Float)
func writeDensity<T: RadianceScalar>(
  raw: UnsafePointer<T>, low: T, high: T, detail: TapDetail, taps: UnsafeMutablePointer<T>,
  tile: TileInput<T>
) {
  let count = tile.padded
  let s = taps + TapRow.logDensity * Tile.stride
  clampRow(raw, low: low, high: high, into: s, count: count)
  if detail >= .features && tile.usesFeatures {
    copyRows(s, to: taps + TapRow.features * Tile.stride, rows: 1, count: count)
  }
  if detail != .features {
    T.Kernels.exponential(s, into: taps + TapRow.density * Tile.stride, count: count)
  }
}

/// Gradient of the unclamped outputs that F, S and σ are made of:
///
///     g_h₀ = [lo ≤ h₀ ≤ hi] · (g_F₀ + g_S + g_σ · trunc_exp′(s)),    g_hₖ = g_Fₖ + g_geo,ₖ
///
/// - Parameter gradient: Receives `rows` rows; with ``TapDetail/full`` those from the second on hold g_geo.
@specialized(where T == Float)
func featureGradient<T: RadianceScalar>(
  raw: UnsafePointer<T>, rows: Int, low: T, high: T, detail: TapDetail, taps: UnsafePointer<T>,
  cotangents: UnsafePointer<T>, into gradient: UnsafeMutablePointer<T>, tile: TileInput<T>
) {
  let count = tile.padded
  let features = cotangents + TapRow.features * Tile.stride
  if detail < .full {
    copyRows(features, to: gradient, rows: rows, count: count)
  } else if tile.usesFeatures {
    copyRows(features, to: gradient, rows: 1, count: count)
    addRows(
      features + Tile.stride, to: gradient + Tile.stride, rows: rows - 1, count: count)
  } else {
    gradient.update(repeating: 0, count: count)
  }
  addRows(cotangents + TapRow.logDensity * Tile.stride, to: gradient, rows: 1, count: count)
  if detail != .features {
    // Without σ its row holds what an earlier tile left there.
    accumulateTruncatedExpGradient(
      taps + TapRow.logDensity * Tile.stride, value: taps + TapRow.density * Tile.stride,
      outputGradient: cotangents + TapRow.density * Tile.stride, into: gradient, count: count)
  }
  maskByClamp(gradient, raw, low: low, high: high, count: count)
}

/// The colour network shared by `hash`, `mlp` and `vm`.
///
///     C = sigmoid(W₂ relu(W₁ relu(W₀ [Y(d), f])))
///
/// with the 16 spherical harmonics of the direction first and the colour features after them, 15 in PVD.
/// Activations: the input rows, then the outputs of the layers.
struct ColorHead<T: RadianceScalar>: Sendable {
  static var harmonicsDegree: Int { 4 }
  static var harmonicsCount: Int { 16 }

  let network: DenseNetwork<T>
  /// Colour features among the inputs.
  let colorFeatures: Int

  init(options: HeadOptions, appendingTo parameters: inout [Parameter<T>]) {
    colorFeatures = options.colorFeatures
    network = DenseNetwork(
      name: "color_net", widths: options.colorWidths, fixedInputs: Self.harmonicsCount,
      bias: options.bias, appendingTo: &parameters)
  }

  private var inputCount: Int { Self.harmonicsCount + colorFeatures }
  var activationRows: Int { inputCount + network.activationRows }
  func activationLayers(from row: Int) -> [ActivationLayer] {
    [ActivationLayer(name: "encoder_dir", row: row, count: Self.harmonicsCount)]
      + network.activationLayers(from: row + inputCount)
  }

  /// - Parameter features: One row per colour feature.
  @specialized(where T == Float)
  func forward(
    _ input: TileInput<T>, features: UnsafePointer<T>, activations: UnsafeMutablePointer<T>,
    taps: UnsafeMutablePointer<T>
  ) {
    T.Kernels.sphericalHarmonics(
      degree: Self.harmonicsDegree, directions: input.directions, output: activations,
      count: input.padded)
    copyRows(
      features, to: activations + Self.harmonicsCount * Tile.stride,
      rows: colorFeatures, count: input.padded)
    let layers = activations + inputCount * Tile.stride
    network.forward(
      input: activations, activations: layers, count: input.padded, weights: input.weights)
    let raw = layers + network.lastRow * Tile.stride
    for channel in 0..<3 {
      T.Kernels.sigmoid(
        raw + channel * Tile.stride, into: taps + (TapRow.color + channel) * Tile.stride,
        count: input.padded)
    }
  }

  /// Writes the gradient of the colour features. Directions have none: they are not trained.
  ///
  /// - Parameter scratch: `2 · widest` rows.
  @specialized(where T == Float)
  func backward(
    activations: UnsafePointer<T>, taps: UnsafePointer<T>, cotangents: UnsafePointer<T>,
    scratch: UnsafeMutablePointer<T>, colorFeatureGradient: UnsafeMutablePointer<T>,
    lane: GradientLane<T>, count: Int, weights: PackedWeights<T>?
  ) {
    let color = TapRow.color * Tile.stride
    sigmoidGradient(
      value: taps + color, outputGradient: cotangents + color, into: scratch, rows: 3,
      count: count)
    network.backward(
      input: activations, activations: activations + inputCount * Tile.stride,
      outputGradient: scratch, scratch: scratch + network.widest * Tile.stride,
      inputGradient: colorFeatureGradient, lane: lane, count: count, weights: weights)
  }
}
