import NeRFCore

/// A chain of dense layers with ReLU between them and none after the last.
///
/// Layer k is `x ← W_k x (+ b_k)`. Outputs of all layers are kept, rows after rows, as activations.
struct DenseNetwork<T: RadianceScalar>: Sendable {
  struct Layer: Sendable {
    let shape: DenseShape
    /// Index of the weight in the field's parameters; the bias, if any, follows it.
    let parameter: Int
    let weight: Parameter<T>
    let bias: Parameter<T>?

    /// Without `.weight`.
    var name: String { String(weight.name.dropLast(".weight".count)) }
  }

  let layers: [Layer]
  /// Inputs, from the first on, that have no parameters behind them; nobody asks for their gradient.
  let fixedInputs: Int

  // Stored, since every tile asks for them.

  /// Rows of activations: the outputs of every layer.
  let activationRows: Int
  /// Widest gradient that is passed between layers.
  let widest: Int
  let outputs: Int
  private let outputRows: [Int]

  /// Row at which the output of a layer starts.
  func outputRow(_ layer: Int) -> Int { outputRows[layer] }

  /// The layers by name, where the activations start at `row`.
  func activationLayers(from row: Int) -> [ActivationLayer] {
    layers.enumerated().map { k, layer in
      ActivationLayer(name: layer.name, row: row + outputRow(k), count: layer.shape.outputs)
    }
  }

  /// Row at which the output of the last layer starts.
  var lastRow: Int { outputRow(layers.count - 1) }

  /// Makes the layers `widths[0] → widths[1] → …` and appends their parameters.
  init(
    name: String, widths: [Int], fixedInputs: Int = 0, bias: Bool,
    appendingTo parameters: inout [Parameter<T>]
  ) {
    var layers: [Layer] = []
    for k in 0..<widths.count - 1 {
      layers.append(
        Self.layer(
          name: "\(name).\(k)", inputs: widths[k], outputs: widths[k + 1], bias: bias,
          appendingTo: &parameters))
    }
    self.init(layers: layers, fixedInputs: fixedInputs)
  }

  init(layers: [Layer], fixedInputs: Int = 0) {
    self.layers = layers
    self.fixedInputs = fixedInputs
    let widths = layers.map(\.shape.outputs)
    outputRows = widths.indices.map { widths[..<$0].reduce(0, +) }
    activationRows = widths.reduce(0, +)
    widest = layers.map { max($0.shape.inputs, $0.shape.outputs) }.max() ?? 0
    outputs = widths.last ?? 0
  }

  static func layer(
    name: String, inputs: Int, outputs: Int, bias: Bool,
    appendingTo parameters: inout [Parameter<T>]
  ) -> Layer {
    let weight = Parameter<T>(name: "\(name).weight", shape: [outputs, inputs])
    let index = parameters.count
    parameters.append(weight)
    let offset = bias ? Parameter<T>(name: "\(name).bias", shape: [outputs]) : nil
    if let offset { parameters.append(offset) }
    return Layer(
      shape: DenseShape(outputs: outputs, inputs: inputs), parameter: index, weight: weight,
      bias: offset)
  }

  /// Indices of the parameters in the field.
  var parameterIndices: [Int] {
    layers.flatMap { $0.bias == nil ? [$0.parameter] : [$0.parameter, $0.parameter + 1] }
  }

  /// The matrices of all layers, for ``RadianceField/packedMatrices``.
  var packedMatrices: [PackedMatrix] {
    layers.enumerated().map { k, layer in
      PackedMatrix(
        parameter: layer.parameter, shape: layer.shape,
        firstGradientColumn: k == 0 ? fixedInputs : 0)
    }
  }

  /// Uniform in ±1/√inputs, weights and biases alike, as PyTorch initialises linear layers.
  func initialise(seed: UInt64) {
    for layer in layers {
      let limit = 1 / Double(layer.shape.inputs).squareRoot()
      layer.weight.initialise(uniform: limit, seed: seed, stream: layer.parameter)
      layer.bias?.initialise(uniform: limit, seed: seed, stream: layer.parameter + 1)
    }
  }

  /// Evaluates all layers; the result is in the last rows of `activations`.
  ///
  /// - Parameters:
  ///   - next: The input of another call soon, in memory; asked for meanwhile.
  ///   - weights: Copies that may have these layers' matrices.
  @specialized(where T == Float)
  func forward(
    input: UnsafePointer<T>, next: UnsafePointer<T>? = nil, activations: UnsafeMutablePointer<T>,
    count: Int, weights: PackedWeights<T>?
  ) {
    var x = input
    var y = activations
    for k in layers.indices {
      layers[k].evaluate(
        input: x, next: k == 0 ? next : nil, output: y, relu: k + 1 < layers.count, count: count,
        weights: weights)
      x = UnsafePointer(y)
      y += layers[k].shape.outputs * Tile.stride
    }
  }

  /// Back-propagates: adds weight gradients to the lane and writes the input gradient.
  ///
  /// - Parameters:
  ///   - outputGradient: Rows of the last layer's outputs; overwritten, and with more than two layers
  ///     used for `widest` rows.
  ///   - scratch: `widest` rows, distinct from `outputGradient` and `inputGradient`.
  ///   - inputGradient: Receives the gradient of the input from ``fixedInputs`` on; nil if nobody needs it.
  ///   - weights: Copies that may have these layers' matrices.
  @specialized(where T == Float)
  func backward(
    input: UnsafePointer<T>, activations: UnsafePointer<T>,
    outputGradient: UnsafeMutablePointer<T>, scratch: UnsafeMutablePointer<T>,
    inputGradient: UnsafeMutablePointer<T>?, lane: GradientLane<T>, count: Int,
    weights: PackedWeights<T>?
  ) {
    var gy = outputGradient
    var spare = scratch
    for k in stride(from: layers.count - 1, through: 0, by: -1) {
      let layer = layers[k]
      let x = k == 0 ? input : activations + outputRow(k - 1) * Tile.stride
      T.Kernels.accumulateDenseGradients(
        layer.shape, outputGradient: gy, input: x,
        weightGradient: lane.sum(of: layer.parameter),
        biasGradient: layer.bias == nil ? nil : lane.sum(of: layer.parameter + 1), count: count)
      if k == 0 {
        guard let inputGradient else { return }
        layer.writeInputGradient(
          from: fixedInputs, outputGradient: gy, activation: nil, into: inputGradient, count: count,
          weights: weights)
      } else {
        layer.writeInputGradient(
          from: 0, outputGradient: gy, activation: x, into: spare, count: count,
          weights: weights)
        swap(&gy, &spare)
      }
    }
  }
}

extension DenseNetwork.Layer {
  /// `y = W x + b`, then ReLU if asked for.
  ///
  /// - Parameters:
  ///   - next: The input of another call soon, in memory; asked for meanwhile.
  ///   - weights: Copies that may have this layer's matrix.
  @specialized(where T == Float)
  func evaluate(
    input: UnsafePointer<T>, next: UnsafePointer<T>? = nil, output: UnsafeMutablePointer<T>,
    relu: Bool, count: Int, weights: PackedWeights<T>?
  ) {
    if let panels = weights?.panels(of: parameter) {
      T.Kernels.dense(
        shape, panels: panels, bias: bias?.values.base, input: input, next: next, output: output,
        relu: relu, count: count)
    } else {
      T.Kernels.dense(
        shape, weight: weight.values.base, bias: bias?.values.base, input: input, output: output,
        relu: relu, count: count)
    }
  }

  /// The gradient of the inputs from `first` on, the layer's ``PackedMatrix/firstGradientColumn`` if it has
  /// one; 0 where `activation`, these inputs behind a ReLU, is not positive.
  @specialized(where T == Float)
  func writeInputGradient(
    from first: Int, outputGradient: UnsafePointer<T>, activation: UnsafePointer<T>?,
    into gradient: UnsafeMutablePointer<T>, count: Int, weights: PackedWeights<T>?
  ) {
    let part = DenseShape(outputs: shape.outputs, inputs: shape.inputs - first)
    if let panels = weights?.transposedPanels(of: parameter) {
      T.Kernels.denseInputGradient(
        part, transposedPanels: panels, outputGradient: outputGradient, activation: activation,
        inputGradient: gradient, count: count)
    } else {
      T.Kernels.denseInputGradient(
        part, weight: weight.values.base + first, weightStride: shape.inputs,
        outputGradient: outputGradient, activation: activation, inputGradient: gradient,
        count: count)
    }
  }
}
