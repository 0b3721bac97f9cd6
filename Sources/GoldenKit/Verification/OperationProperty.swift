import TensorIO

/// A relation between the answers to two calls that holds whatever the right answer is.
///
/// Cases compare with stored numbers; a property needs none, so it finds what a case shares with the code
/// that made it. Scalings are by 2 and therefore hold to the last bit.
public struct OperationProperty: Sendable {
  /// A short name.
  public let name: String
  /// What must hold.
  public let statement: String
  /// The operations it speaks of.
  public let operations: Set<String>
  /// Whether sums change their order, so that answers agree only to rounding.
  let isRounded: Bool
  /// The other call; nil where the settings of a call take it out.
  let change: @Sendable (OperationCall) throws -> OperationCall?
  /// What the other call must answer; tensors that are left out are not compared.
  let expected: @Sendable (OperationCall, [String: StoredTensor]) throws -> [String: StoredTensor]

  init(
    _ name: String, _ statement: String, of operations: Set<String>, isRounded: Bool = false,
    change: @escaping @Sendable (OperationCall) throws -> OperationCall?,
    expected:
      @escaping @Sendable (OperationCall, [String: StoredTensor]) throws -> [String:
      StoredTensor]
  ) {
    self.name = name
    self.statement = statement
    self.operations = operations
    self.isRounded = isRounded
    self.change = change
    self.expected = expected
  }

  /// Whether a backend's answers to `call` and to the changed call are related as they must be.
  ///
  /// - Returns: The names of tensors that are not, or nil if the property does not speak of this call.
  /// - Throws: What the backend throws.
  public func violations(of backend: any Backend, on call: OperationCall) async throws -> [String]?
  {
    guard operations.contains(call.operation), let changed = try change(call) else { return nil }
    let answers = try await backend.run(call).tensors.filter { call.requested[$0.key] != nil }
    let expected = try expected(call, answers)
    let actual = try await backend.run(changed).tensors
    return try expected.keys.sorted().filter { name in
      guard let a = actual[name], let e = expected[name], a.shape == e.shape else { return true }
      let (x, y) = (try GoldenCase.values(a), try GoldenCase.values(e))
      // As far as two orders of a sum may differ in the precision of the call.
      let largest = y.reduce(0) { max($0, abs($1)) }
      let unit = call.precision == .double ? 0x1p-53 : 0x1p-24
      let allowed = isRounded ? 1024 * unit * largest : 0
      return !zip(x, y).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= allowed }
    }
  }
}

extension OperationCall {
  /// The same call with every element of some inputs multiplied by a power of two.
  func scaling(_ prefixes: [String], by factor: Double) throws -> OperationCall {
    var changed = self
    for name in prefixes.flatMap(names) {
      changed = changed.replacing(
        name,
        with: try StoredTensor(
          try doubles(name).map { Float($0 * factor) }, shape: try shape(name)))
    }
    return changed
  }

  /// The same call with some settings multiplied.
  func scalingSettings(_ keys: [String], by factor: Double) throws -> OperationCall {
    var changed = self
    for key in keys where config.has(key) {
      changed = changed.setting(key, to: .double(try config.double(key) * factor))
    }
    return changed
  }

  /// The same call with the rows of some inputs in reverse.
  func reversing(_ names: [String]) throws -> OperationCall {
    try names.reduce(self) { call, name in
      guard let tensor = tensors[name] else { return call }
      return call.replacing(name, with: try tensor.reversed())
    }
  }
}

extension StoredTensor {
  /// Every element multiplied by a power of two.
  func scaled(by factor: Double) throws -> StoredTensor {
    elementType == .float64
      ? try StoredTensor(try doubles().map { $0 * factor }, shape: shape)
      : try StoredTensor(try floats().map { $0 * Float(factor) }, shape: shape)
  }

  /// The rows in reverse.
  func reversed() throws -> StoredTensor {
    let width = shape.dropFirst().reduce(1, *)
    func reverse<T>(_ values: [T]) -> [T] {
      stride(from: values.count - width, through: 0, by: -width).flatMap {
        values[$0..<$0 + width]
      }
    }
    guard width > 0, count > 0 else { return self }
    return switch elementType {
    case .float64: try StoredTensor(reverse(try doubles()), shape: shape)
    case .float32: try StoredTensor(reverse(try floats()), shape: shape)
    default: try StoredTensor(reverse(try integers()).map { Int64($0) }, shape: shape)
    }
  }
}
