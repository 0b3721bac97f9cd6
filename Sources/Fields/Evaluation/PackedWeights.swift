public import NeRFCore

/// A weight matrix `[outputs, inputs]` of a field, to be copied for the length of a pass.
public struct PackedMatrix: Equatable, Sendable {
  /// Its index in the field's parameters.
  public let parameter: Int
  /// Its size.
  public let shape: DenseShape
  /// The first column whose input needs a gradient; those before belong to inputs without parameters.
  public let firstGradientColumn: Int

  /// All of it.
  public init(parameter: Int, shape: DenseShape, firstGradientColumn: Int = 0) {
    self.parameter = parameter
    self.shape = shape
    self.firstGradientColumn = firstGradientColumn
  }
}

/// Copies of weight matrices in the order in which kernels read them.
///
/// A copy costs as much as a few per cent of a tile's layer, so one is made for every pass, which has
/// many tiles, and is good for no longer: parameters may change between passes. Bits do not depend on it.
public final class PackedWeights<T: RadianceScalar>: @unchecked Sendable {
  /// What a pass reads.
  struct Directions: OptionSet {
    let rawValue: Int
    /// W, for outputs.
    static var outputs: Directions { Directions(rawValue: 1) }
    /// Wᵀ, for gradients of inputs.
    static var gradients: Directions { Directions(rawValue: 2) }
  }

  private struct Copy {
    let matrix: PackedMatrix
    let isTransposed: Bool
    let offset: Int
  }

  /// Passes with fewer tiles do without.
  static var fewestTiles: Int { 6 }

  private let copies: [Copy]
  private let storage: AlignedBuffer<T>
  /// By parameter; -1 for none.
  private var offsets: [Int]
  private var transposedOffsets: [Int]
  private var current: Directions = []

  /// Room for a field's matrices; nil if it has none, or the kernels of `T` gain nothing.
  init?(_ field: any RadianceField<T>) {
    var copies: [Copy] = []
    var next = 0
    offsets = [Int](repeating: -1, count: field.parameters.count)
    transposedOffsets = offsets
    for matrix in field.packedMatrices {
      let (outputs, inputs) = (matrix.shape.outputs, matrix.shape.inputs)
      offsets[matrix.parameter] = next
      copies.append(Copy(matrix: matrix, isTransposed: false, offset: next))
      next += T.Kernels.panelCount(rows: outputs, columns: inputs)
      transposedOffsets[matrix.parameter] = next
      copies.append(Copy(matrix: matrix, isTransposed: true, offset: next))
      next += T.Kernels.panelCount(
        rows: inputs - matrix.firstGradientColumn, columns: outputs)
    }
    guard next > 0 else { return nil }
    self.copies = copies
    storage = AlignedBuffer(count: next, repeating: 0)
  }

  /// Copies the parameters' present values for a pass of so many tiles.
  func prepare(
    _ directions: Directions, of parameters: [Parameter<T>], tiles: Int, pool: WorkerPool
  ) {
    current = tiles < Self.fewestTiles ? [] : directions
    let wanted = copies.filter { current.contains($0.isTransposed ? .gradients : .outputs) }
    pool.forEach(wanted.count) { index, _ in
      let (matrix, target) = (wanted[index].matrix, storage.base + wanted[index].offset)
      let (outputs, inputs) = (matrix.shape.outputs, matrix.shape.inputs)
      let values = parameters[matrix.parameter].values.base
      if wanted[index].isTransposed {
        T.Kernels.pack(
          values + matrix.firstGradientColumn, rowStep: 1, columnStep: inputs,
          rows: inputs - matrix.firstGradientColumn, columns: outputs, into: target)
      } else {
        T.Kernels.pack(
          values, rowStep: inputs, columnStep: 1, rows: outputs, columns: inputs, into: target)
      }
    }
  }

  /// Panels of W; nil if this pass has none.
  func panels(of parameter: Int) -> UnsafePointer<T>? {
    guard current.contains(.outputs), offsets[parameter] >= 0 else { return nil }
    return UnsafePointer(storage.base + offsets[parameter])
  }

  /// Panels of the rows of Wᵀ from ``PackedMatrix/firstGradientColumn`` on; nil if this pass has none.
  func transposedPanels(of parameter: Int) -> UnsafePointer<T>? {
    guard current.contains(.gradients), transposedOffsets[parameter] >= 0 else { return nil }
    return UnsafePointer(storage.base + transposedOffsets[parameter])
  }
}
