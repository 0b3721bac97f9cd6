import RealModule

/// The definition of every hot loop: plain Swift over any scalar, one statement per formula.
///
/// Sums run in index order, in the precision of the scalar.
public enum ReferenceKernels<Scalar: RadianceScalar>: KernelSet {
  @specialized(where Scalar == Double)
  public static func dense(
    _ shape: DenseShape, weight: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    input: UnsafePointer<Scalar>, output: UnsafeMutablePointer<Scalar>, relu: Bool, count: Int
  ) {
    for o in 0..<shape.outputs {
      let y = output + o * Tile.stride
      let start = bias.map { $0[o] } ?? 0
      for s in 0..<count { y[s] = start }
      for i in 0..<shape.inputs {
        let factor = Scalar.factor(weight[o * shape.inputs + i])
        let x = input + i * Tile.stride
        for s in 0..<count { y[s] += factor * Scalar.factor(x[s]) }
      }
      // Written so that NaN stays NaN.
      if relu { for s in 0..<count where y[s] <= 0 { y[s] = 0 } }
    }
  }

  @specialized(where Scalar == Double)
  public static func denseInputGradient(
    _ shape: DenseShape, weight: UnsafePointer<Scalar>, weightStride: Int,
    outputGradient: UnsafePointer<Scalar>, activation: UnsafePointer<Scalar>?,
    inputGradient: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for i in 0..<shape.inputs {
      let gx = inputGradient + i * Tile.stride
      for s in 0..<count { gx[s] = 0 }
      for o in 0..<shape.outputs {
        let factor = Scalar.factor(weight[o * weightStride + i])
        let gy = outputGradient + o * Tile.stride
        for s in 0..<count { gx[s] += factor * Scalar.factor(gy[s]) }
      }
      guard let activation else { continue }
      let a = activation + i * Tile.stride
      for s in 0..<count where a[s] <= 0 { gx[s] = 0 }
    }
  }

  @specialized(where Scalar == Double)
  public static func accumulateDenseGradients(
    _ shape: DenseShape, outputGradient: UnsafePointer<Scalar>, input: UnsafePointer<Scalar>,
    weightGradient: UnsafeMutablePointer<Scalar>, biasGradient: UnsafeMutablePointer<Scalar>?,
    count: Int
  ) {
    for o in 0..<shape.outputs {
      let gy = outputGradient + o * Tile.stride
      for i in 0..<shape.inputs {
        let x = input + i * Tile.stride
        var sum: Scalar = 0
        for s in 0..<count { sum += Scalar.factor(gy[s]) * Scalar.factor(x[s]) }
        weightGradient[o * shape.inputs + i] += sum
      }
      if let biasGradient {
        var sum: Scalar = 0
        for s in 0..<count { sum += gy[s] }
        biasGradient[o] += sum
      }
    }
  }

  /// None: the definition reads matrices as they are.
  public static func panelCount(rows: Int, columns: Int) -> Int { 0 }

  /// Row by row.
  public static func pack(
    _ matrix: UnsafePointer<Scalar>, rowStep: Int, columnStep: Int, rows: Int, columns: Int,
    into panels: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<rows {
      for column in 0..<columns {
        panels[row * columns + column] = matrix[row * rowStep + column * columnStep]
      }
    }
  }

  public static func dense(
    _ shape: DenseShape, panels: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    input: UnsafePointer<Scalar>, next: UnsafePointer<Scalar>?,
    output: UnsafeMutablePointer<Scalar>, relu: Bool, count: Int
  ) {
    dense(
      shape, weight: panels, bias: bias, input: input, output: output, relu: relu, count: count)
  }

  public static func denseInputGradient(
    _ shape: DenseShape, transposedPanels: UnsafePointer<Scalar>,
    outputGradient: UnsafePointer<Scalar>, activation: UnsafePointer<Scalar>?,
    inputGradient: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    let shape = DenseShape(outputs: shape.inputs, inputs: shape.outputs)
    dense(
      shape, weight: transposedPanels, bias: nil, input: outputGradient, output: inputGradient,
      relu: false, count: count)
    guard let activation else { return }
    for i in 0..<shape.outputs {
      for s in 0..<count where activation[i * Tile.stride + s] <= 0 {
        inputGradient[i * Tile.stride + s] = 0
      }
    }
  }

  @specialized(where Scalar == Double)
  public static func tileToSamples(
    _ x: UnsafePointer<Scalar>, rows: Int, into y: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for s in 0..<count {
      for row in 0..<rows { y[s * rows + row] = x[row * Tile.stride + s] }
    }
  }

  @specialized(where Scalar == Double)
  public static func samplesToTile(
    _ x: UnsafePointer<Scalar>, rows: Int, into y: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for s in 0..<count {
      for row in 0..<rows { y[row * Tile.stride + s] = x[s * rows + row] }
    }
  }

  public static func exponential(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for s in 0..<count { y[s] = Scalar.exp(x[s]) }
  }

  public static func sigmoid(
    _ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for s in 0..<count { y[s] = 1 / (1 + Scalar.exp(-x[s])) }
  }

  public static func sphericalHarmonics(
    degree: Int, directions: PointPointers<Scalar>, output: UnsafeMutablePointer<Scalar>,
    count: Int
  ) {
    let harmonics = SphericalHarmonics(degree: degree)
    for s in 0..<count {
      let values = harmonics.values(x: directions.x[s], y: directions.y[s], z: directions.z[s])
      for (index, value) in values.enumerated() { output[index * Tile.stride + s] = value }
    }
  }

  public static func sphericalHarmonicsRows(
    directions: PointPointers<Scalar>, output: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    let harmonics = SphericalHarmonics(degree: 4)
    for s in 0..<count {
      let values = harmonics.values(x: directions.x[s], y: directions.y[s], z: directions.z[s])
      for (index, value) in values.enumerated() { output[16 * s + index] = value }
    }
  }

  public static func frequencyBands(
    _ bands: Int, points: PointPointers<Scalar>, output: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    var frequency: Scalar = 1
    for k in 0..<bands {
      for axis in 0..<3 {
        let x = points[axis]
        let sine = output + (6 * k + axis) * Tile.stride
        let cosine = output + (6 * k + 3 + axis) * Tile.stride
        for s in 0..<count {
          sine[s] = Scalar.sin(x[s] * frequency)
          cosine[s] = Scalar.cos(x[s] * frequency)
        }
      }
      frequency *= 2
    }
  }

  @specialized(where Scalar == Double)
  public static func adamW(
    _ update: AdamWUpdate<Scalar>, values: UnsafeMutablePointer<Scalar>,
    gradients: UnsafeMutablePointer<Scalar>, firstMoments: UnsafeMutablePointer<Scalar>,
    secondMoments: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    for i in 0..<count {
      let g = gradients[i]
      let m = update.beta1 * firstMoments[i] + (1 - update.beta1) * g
      let v = update.beta2 * secondMoments[i] + (1 - update.beta2) * g * g
      let root = v.squareRoot() * update.inverseRoot + update.epsilon
      values[i] = values[i] * update.keep - update.step * (m / root)
      firstMoments[i] = m
      secondMoments[i] = v
      gradients[i] = 0
    }
  }
}
