public import TensorIO

/// What a backend returns: tensors by name.
public struct OperationResult: Sendable {
  /// The tensors.
  public private(set) var tensors: [String: StoredTensor] = [:]
  private let requested: [String: [Int]]

  /// An empty answer to `call`.
  public init(_ call: OperationCall) { requested = call.requested }

  /// Adds a floating-point tensor, stored in the precision of its elements.
  ///
  /// - Parameter shape: By default the requested one if it has as many elements, else `[count]`,
  ///   which a comparison reports as a wrong shape.
  public mutating func set<T: BinaryFloatingPoint>(
    _ name: String, _ values: [T], shape: [Int]? = nil
  ) throws {
    let shape = shape ?? self.shape(name, count: values.count)
    tensors[name] =
      T.self == Double.self
      ? try StoredTensor(values.map { Double($0) }, shape: shape)
      : try StoredTensor(values.map { Float($0) }, shape: shape)
  }

  /// Adds an integer tensor.
  public mutating func set(_ name: String, _ values: [Int], shape: [Int]? = nil) throws {
    let shape = shape ?? self.shape(name, count: values.count)
    tensors[name] = try StoredTensor(values.map { Int64($0) }, shape: shape)
  }

  /// Adds a tensor as it is.
  public mutating func set(_ name: String, _ tensor: StoredTensor) { tensors[name] = tensor }

  private func shape(_ name: String, count: Int) -> [Int] {
    guard let expected = requested[name], expected.reduce(1, *) == count else { return [count] }
    return expected
  }
}
