import CNeRFKernels

/// Dense layers.
extension FastKernels {
  public static func dense(
    _ shape: DenseShape, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, relu: Bool, count: Int
  ) {
    table.pointee.dense_forward(
      weight, bias, input, output, Int32(shape.outputs), Int32(shape.inputs), Int32(count),
      relu ? 1 : 0)
  }

  public static func denseInputGradient(
    _ shape: DenseShape, weight: UnsafePointer<Float>, weightStride: Int,
    outputGradient: UnsafePointer<Float>, activation: UnsafePointer<Float>?,
    inputGradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.dense_input_gradient(
      weight, Int32(weightStride), outputGradient, inputGradient, activation,
      Int32(shape.outputs), Int32(shape.inputs), Int32(count))
  }

  public static func accumulateDenseGradients(
    _ shape: DenseShape, outputGradient: UnsafePointer<Float>, input: UnsafePointer<Float>,
    weightGradient: UnsafeMutablePointer<Float>, biasGradient: UnsafeMutablePointer<Float>?,
    count: Int
  ) {
    table.pointee.dense_weight_gradient(
      outputGradient, input, weightGradient, biasGradient, Int32(shape.outputs),
      Int32(shape.inputs), Int32(count))
  }

  public static func panelCount(rows: Int, columns: Int) -> Int {
    let height = Int(table.pointee.panel_rows)
    return (rows + height - 1) / height * height * columns
  }

  public static func pack(
    _ matrix: UnsafePointer<Float>, rowStep: Int, columnStep: Int, rows: Int, columns: Int,
    into panels: UnsafeMutablePointer<Float>
  ) {
    table.pointee.dense_pack(
      matrix, Int64(rowStep), Int64(columnStep), Int32(rows), Int32(columns), panels)
  }

  public static func dense(
    _ shape: DenseShape, panels: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    input: UnsafePointer<Float>, next: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, relu: Bool, count: Int
  ) {
    table.pointee.dense_forward_packed(
      panels, bias, input, next, output, Int32(shape.outputs), Int32(shape.inputs), Int32(count),
      relu ? 1 : 0)
  }

  public static func denseInputGradient(
    _ shape: DenseShape, transposedPanels: UnsafePointer<Float>,
    outputGradient: UnsafePointer<Float>, activation: UnsafePointer<Float>?,
    inputGradient: UnsafeMutablePointer<Float>, count: Int
  ) {
    table.pointee.dense_input_gradient_packed(
      transposedPanels, outputGradient, inputGradient, activation, Int32(shape.outputs),
      Int32(shape.inputs), Int32(count))
  }
}
