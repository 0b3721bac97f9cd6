public import TensorIO

/// A number type that knows how far a single-precision result may be from it.
public protocol ErrorCarrying {
  /// The value.
  var value: Double { get }
  /// What a correct single-precision computation of it may differ by.
  var bound: Double { get }
  /// A value with an error.
  init(_ value: Double, error: Double)
}

/// What a backend returns: tensors by name.
public struct OperationResult: Sendable {
  /// The tensors.
  public private(set) var tensors: [String: StoredTensor] = [:]
  /// The forward-error bounds of tensors that were computed with an ``ErrorCarrying`` type.
  public private(set) var bounds: [String: [Double]] = [:]
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
    if T.self is any ErrorCarrying.Type {
      let carriers = values.compactMap { $0 as? any ErrorCarrying }
      tensors[name] = try StoredTensor(carriers.map(\.value), shape: shape)
      bounds[name] = carriers.map(\.bound)
      return
    }
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

  /// Replaces bounds by larger ones, element by element: those of another way to compute the tensor.
  public mutating func widen(_ name: String, to other: [Double]) {
    guard let old = bounds[name], old.count == other.count else { return }
    bounds[name] = zip(old, other).map { max($0, $1) }
  }

  /// Gives a tensor that was computed without bounds one for each element.
  public mutating func bound(_ name: String, by bounds: [Double]) throws {
    guard let tensor = tensors[name], tensor.count == bounds.count else { return }
    tensors[name] = try StoredTensor(tensor.doubles(), shape: tensor.shape)
    self.bounds[name] = bounds
  }

  /// Gives every element of a tensor that was computed without bounds the same one.
  public mutating func bound(_ name: String, by bound: Double) throws {
    let count = tensors[name]?.count ?? 0
    try self.bound(name, by: [Double](repeating: bound, count: count))
  }

  /// Adds a tensor as it is.
  public mutating func set(_ name: String, _ tensor: StoredTensor) { tensors[name] = tensor }

  private func shape(_ name: String, count: Int) -> [Int] {
    guard let expected = requested[name], expected.reduce(1, *) == count else { return [count] }
    return expected
  }
}
