import NeRFCore
import TestSupport
import Testing

@Suite("Dense kernels")
struct DenseKernelTests {
  /// Widths of the four fields, one-wide ones, ones that fill no register block, and ones whose panels
  /// are copied to be near or are too large for that.
  static let shapes: [DenseShape] = [
    DenseShape(outputs: 1, inputs: 1), DenseShape(outputs: 1, inputs: 28),
    DenseShape(outputs: 3, inputs: 64), DenseShape(outputs: 16, inputs: 64),
    DenseShape(outputs: 64, inputs: 1), DenseShape(outputs: 64, inputs: 28),
    DenseShape(outputs: 64, inputs: 31), DenseShape(outputs: 7, inputs: 13),
    DenseShape(outputs: 28, inputs: 256), DenseShape(outputs: 256, inputs: 63),
    DenseShape(outputs: 256, inputs: 319), DenseShape(outputs: 128, inputs: 128),
    DenseShape(outputs: 131, inputs: 129), DenseShape(outputs: 40, inputs: 700),
    DenseShape(outputs: 127, inputs: 129),
  ]
  static let counts = [Tile.step, Tile.capacity]

  struct Layer {
    let shape: DenseShape
    let weight: Twin
    let bias: Twin
    let input: Twin
    let outputGradient: Twin

    init(_ shape: DenseShape, seed: UInt64 = 1) {
      var random = SplitMix64(seed: seed)
      self.shape = shape
      weight = Twin(shape.weightCount, &random)
      bias = Twin(shape.outputs, &random)
      input = Twin(shape.inputs * Tile.stride, &random)
      outputGradient = Twin(shape.outputs * Tile.stride, &random)
    }
  }

  @Test("forward stays within its rounding error", arguments: shapes, counts)
  func forward(shape: DenseShape, count: Int) {
    let layer = Layer(shape)
    for (hasBias, relu) in [(false, false), (true, false), (false, true), (true, true)] {
      var result = Twin(zeros: shape.outputs * Tile.stride)
      var magnitude = [Double](repeating: 0, count: shape.outputs * Tile.stride)
      FastKernels.dense(
        shape, weight: layer.weight.single, bias: hasBias ? layer.bias.single : nil,
        input: layer.input.single, output: &result.single, relu: relu, count: count)
      DoubleKernels.dense(
        shape, weight: layer.weight.double, bias: hasBias ? layer.bias.double : nil,
        input: layer.input.double, output: &result.double, relu: relu, count: count)
      DoubleKernels.dense(
        shape, weight: layer.weight.magnitudes,
        bias: hasBias ? layer.bias.magnitudes : nil, input: layer.input.magnitudes,
        output: &magnitude, relu: false, count: count)
      // One rounding per product and per sum; ReLU brings values closer together, never apart.
      let comparison = KernelComparison(
        "dense", columns(result.single, rows: shape.outputs, count: count),
        exact: columns(result.double, rows: shape.outputs, count: count),
        magnitudes: columns(magnitude, rows: shape.outputs, count: count),
        roundings: shape.inputs + 2)
      #expect(comparison.passed, "\(comparison)")
      if relu { #expect(columns(result.single, rows: shape.outputs, count: count).min() ?? 0 >= 0) }
    }
  }

  @Test("the input gradient stays within its rounding error", arguments: shapes, counts)
  func inputGradient(shape: DenseShape, count: Int) {
    let layer = Layer(shape)
    var result = Twin(zeros: shape.inputs * Tile.stride)
    var magnitude = [Double](repeating: 0, count: shape.inputs * Tile.stride)
    FastKernels.denseInputGradient(
      shape, weight: layer.weight.single, weightStride: shape.inputs,
      outputGradient: layer.outputGradient.single, activation: nil,
      inputGradient: &result.single, count: count)
    DoubleKernels.denseInputGradient(
      shape, weight: layer.weight.double, weightStride: shape.inputs,
      outputGradient: layer.outputGradient.double, activation: nil,
      inputGradient: &result.double, count: count)
    DoubleKernels.denseInputGradient(
      shape, weight: layer.weight.magnitudes, weightStride: shape.inputs,
      outputGradient: layer.outputGradient.magnitudes, activation: nil,
      inputGradient: &magnitude, count: count)
    let comparison = KernelComparison(
      "denseInputGradient", columns(result.single, rows: shape.inputs, count: count),
      exact: columns(result.double, rows: shape.inputs, count: count),
      magnitudes: columns(magnitude, rows: shape.inputs, count: count),
      roundings: shape.outputs + 2)
    #expect(comparison.passed, "\(comparison)")
  }

  /// The trunk of `mlp` asks for the right-hand columns of its widest layer, behind a ReLU.
  @Test(
    "the input gradient of some columns is zero where ReLU was, else that of all", arguments: shapes
  )
  func maskedInputGradient(shape: DenseShape) {
    let layer = Layer(shape)
    var all = Twin(zeros: shape.inputs * Tile.stride)
    let first = shape.inputs / 3
    let part = DenseShape(outputs: shape.outputs, inputs: shape.inputs - first)
    let activation = Twin(layer.input.single.map { max($0, 0) })
    var some = Twin(zeros: shape.inputs * Tile.stride)
    FastKernels.denseInputGradient(
      shape, weight: layer.weight.single, weightStride: shape.inputs,
      outputGradient: layer.outputGradient.single, activation: nil,
      inputGradient: &all.single, count: Tile.capacity)
    FastKernels.denseInputGradient(
      part, weight: Array(layer.weight.single[first...]), weightStride: shape.inputs,
      outputGradient: layer.outputGradient.single, activation: activation.single,
      inputGradient: &some.single, count: Tile.capacity)
    var expected: [Double] = []
    for row in 0..<part.inputs {
      for s in 0..<Tile.capacity {
        let passes = activation.single[row * Tile.stride + s] > 0
        expected.append(passes ? Double(all.single[(first + row) * Tile.stride + s]) : 0)
      }
    }
    // Two results, each within its bound.
    let comparison = KernelComparison(
      "denseInputGradient behind ReLU",
      columns(some.single, rows: part.inputs, count: Tile.capacity),
      exact: expected, magnitudes: expected.map { $0 == 0 ? 0 : Double(shape.outputs) },
      roundings: 2 * (shape.outputs + 2))
    #expect(comparison.passed, "\(comparison)")
  }

  /// Panels change the order of reading, not that of sums.
  @Test("packed matrices give the same bits", arguments: shapes, counts)
  func packed(shape: DenseShape, count: Int) {
    let layer = Layer(shape)
    let first = shape.inputs / 3
    let part = DenseShape(outputs: shape.outputs, inputs: shape.inputs - first)
    // NaN where nothing is packed.
    func panels(_ rows: Int, _ columns: Int) -> [Float] {
      [Float](repeating: .nan, count: FastKernels.panelCount(rows: rows, columns: columns))
    }
    var forward = panels(shape.outputs, shape.inputs)
    FastKernels.pack(
      layer.weight.single, rowStep: shape.inputs, columnStep: 1, rows: shape.outputs,
      columns: shape.inputs, into: &forward)
    var backward = panels(part.inputs, shape.outputs)
    FastKernels.pack(
      Array(layer.weight.single[first...]), rowStep: 1, columnStep: shape.inputs,
      rows: part.inputs, columns: shape.outputs, into: &backward)
    #expect(!forward.contains(where: \.isNaN) && !backward.contains(where: \.isNaN))

    var outputs = [[Float]](
      repeating: [Float](repeating: 0, count: shape.outputs * Tile.stride), count: 2)
    FastKernels.dense(
      shape, weight: layer.weight.single, bias: layer.bias.single, input: layer.input.single,
      output: &outputs[0], relu: true, count: count)
    FastKernels.dense(
      shape, panels: forward, bias: layer.bias.single, input: layer.input.single,
      next: layer.input.single, output: &outputs[1], relu: true, count: count)
    #expect(outputs[0] == outputs[1])

    var gradients = [[Float]](
      repeating: [Float](repeating: 0, count: part.inputs * Tile.stride), count: 2)
    FastKernels.denseInputGradient(
      part, weight: Array(layer.weight.single[first...]), weightStride: shape.inputs,
      outputGradient: layer.outputGradient.single, activation: layer.input.single,
      inputGradient: &gradients[0], count: count)
    FastKernels.denseInputGradient(
      part, transposedPanels: backward, outputGradient: layer.outputGradient.single,
      activation: layer.input.single, inputGradient: &gradients[1], count: count)
    #expect(gradients[0] == gradients[1])
  }

  @Test("the plain definition packs row by row", arguments: shapes)
  func packedDefinition(shape: DenseShape) {
    let layer = Layer(shape)
    var rows = [Double](repeating: 0, count: shape.weightCount)
    DoubleKernels.pack(
      layer.weight.double, rowStep: shape.inputs, columnStep: 1, rows: shape.outputs,
      columns: shape.inputs, into: &rows)
    #expect(rows == layer.weight.double)
    var transposed = rows
    DoubleKernels.pack(
      layer.weight.double, rowStep: 1, columnStep: shape.inputs, rows: shape.inputs,
      columns: shape.outputs, into: &transposed)
    var gradients = [[Double]](
      repeating: [Double](repeating: 0, count: shape.inputs * Tile.stride), count: 2)
    DoubleKernels.denseInputGradient(
      shape, weight: layer.weight.double, weightStride: shape.inputs,
      outputGradient: layer.outputGradient.double, activation: layer.input.double,
      inputGradient: &gradients[0], count: Tile.step)
    DoubleKernels.denseInputGradient(
      shape, transposedPanels: transposed, outputGradient: layer.outputGradient.double,
      activation: layer.input.double, inputGradient: &gradients[1], count: Tile.step)
    #expect(gradients[0] == gradients[1])
  }

  @Test("weight and bias gradients add to what is there", arguments: shapes, counts)
  func weightGradient(shape: DenseShape, count: Int) {
    let layer = Layer(shape)
    // A start of 1, so that a kernel that overwrites is seen.
    var weight = Twin([Float](repeating: 1, count: shape.weightCount))
    var bias = Twin([Float](repeating: 1, count: shape.outputs))
    var weightMagnitude = [Double](repeating: 1, count: shape.weightCount)
    var biasMagnitude = [Double](repeating: 1, count: shape.outputs)
    FastKernels.accumulateDenseGradients(
      shape, outputGradient: layer.outputGradient.single, input: layer.input.single,
      weightGradient: &weight.single, biasGradient: &bias.single, count: count)
    DoubleKernels.accumulateDenseGradients(
      shape, outputGradient: layer.outputGradient.double, input: layer.input.double,
      weightGradient: &weight.double, biasGradient: &bias.double, count: count)
    DoubleKernels.accumulateDenseGradients(
      shape, outputGradient: layer.outputGradient.magnitudes,
      input: layer.input.magnitudes, weightGradient: &weightMagnitude,
      biasGradient: &biasMagnitude, count: count)
    for (name, twin, magnitude) in [
      ("weight", weight, weightMagnitude), ("bias", bias, biasMagnitude),
    ] {
      let comparison = KernelComparison(
        "accumulateDenseGradients \(name)", twin.single, exact: twin.double,
        magnitudes: magnitude, roundings: count + 2)
      #expect(comparison.passed, "\(comparison)")
    }
  }

  @Test("a missing bias gradient changes no weight gradient", arguments: shapes)
  func withoutBias(shape: DenseShape) {
    let layer = Layer(shape)
    var with = [Float](repeating: 0, count: shape.weightCount)
    var without = with
    var bias = [Float](repeating: 0, count: shape.outputs)
    FastKernels.accumulateDenseGradients(
      shape, outputGradient: layer.outputGradient.single, input: layer.input.single,
      weightGradient: &with, biasGradient: &bias, count: Tile.step)
    FastKernels.accumulateDenseGradients(
      shape, outputGradient: layer.outputGradient.single, input: layer.input.single,
      weightGradient: &without, biasGradient: nil, count: Tile.step)
    #expect(with == without)
  }

  /// `⟨g, W x⟩ = ⟨Wᵀ g, x⟩ = ⟨g xᵀ, W⟩`: the three kernels are derivatives of one bilinear form.
  @Test("forward and both gradients agree as one bilinear form", arguments: shapes)
  func adjoint(shape: DenseShape) {
    let layer = Layer(shape, seed: 9)
    var output = Twin(zeros: shape.outputs * Tile.stride)
    var gradient = Twin(zeros: shape.inputs * Tile.stride)
    var weight = Twin(zeros: shape.weightCount)
    let count = Tile.capacity
    DoubleKernels.dense(
      shape, weight: layer.weight.double, bias: nil, input: layer.input.double,
      output: &output.double, relu: false, count: count)
    DoubleKernels.denseInputGradient(
      shape, weight: layer.weight.double, weightStride: shape.inputs,
      outputGradient: layer.outputGradient.double, activation: nil,
      inputGradient: &gradient.double, count: count)
    DoubleKernels.accumulateDenseGradients(
      shape, outputGradient: layer.outputGradient.double, input: layer.input.double,
      weightGradient: &weight.double, biasGradient: nil, count: count)
    func dot(_ a: [Double], _ b: [Double], _ rows: Int) -> Double {
      zip(columns(a, rows: rows, count: count), columns(b, rows: rows, count: count))
        .reduce(0) { $0 + $1.0 * $1.1 }
    }
    let forward = dot(layer.outputGradient.double, output.double, shape.outputs)
    let backward = dot(gradient.double, layer.input.double, shape.inputs)
    let weights = zip(weight.double, layer.weight.double).reduce(0) { $0 + $1.0 * $1.1 }
    let scale = Double(shape.weightCount * count)
    #expect(backward.isClose(to: forward, .reference, scale: scale))
    #expect(weights.isClose(to: forward, .reference, scale: scale))
  }

  @Test("a column's result does not depend on the other columns", arguments: shapes)
  func columnsAreIndependent(shape: DenseShape) {
    let layer = Layer(shape)
    let other = layer.input.single.enumerated().map { index, value in
      index % Tile.stride >= Tile.step ? 7 : value
    }
    let results = [layer.input.single, other].map { input in
      var output = [Float](repeating: 0, count: shape.outputs * Tile.stride)
      FastKernels.dense(
        shape, weight: layer.weight.single, bias: nil, input: input, output: &output, relu: true,
        count: Tile.capacity)
      return columns(output, rows: shape.outputs, count: Tile.step)
    }
    #expect(results[0] == results[1])
  }

  @Test("ReLU keeps NaN and maps −0 and negative numbers to +0", arguments: [3, 128])
  func reluSpecials(width: Int) {
    // The identity; rows of the input pass through.
    let shape = DenseShape(outputs: width, inputs: width)
    var identity = [Float](repeating: 0, count: shape.weightCount)
    for i in 0..<width { identity[i * width + i] = 1 }
    var input = [Float](repeating: 0, count: width * Tile.stride)
    input[0] = .nan
    input[1] = -3
    input[2] = -0.0
    input[3] = 5
    var output = [Float](repeating: 9, count: width * Tile.stride)
    FastKernels.dense(
      shape, weight: identity, bias: nil, input: input, output: &output, relu: true,
      count: Tile.step)
    #expect(output[0].isNaN)
    #expect(output[1] == 0 && output[2] == 0 && output[2].sign == .plus)
    #expect(output[3] == 5)
  }
}
