public import TensorIO

/// What a backend is told about a case: all but the answers.
public struct OperationCall: Sendable {
  /// The operation.
  public let operation: String
  /// The case, for messages.
  public let caseName: String
  /// The settings.
  public private(set) var config: CaseConfiguration
  /// The precision of the answer.
  public let precision: Precision
  /// What bounds are computed for; ``ErrorCarrying`` types read parameters with the error it allows.
  public var profile = PrecisionProfile.fp32
  /// `in.`, `param.` and `cotangent.` tensors by name. In both precisions these are the stored
  /// values; a run in double widens them.
  public let tensors: [String: StoredTensor]
  /// The expected `out.`, `grad.` and `aux.` tensors: their shapes, without values.
  public let requested: [String: [Int]]
  /// The element types of the stored ones among them.
  public let requestedTypes: [String: TensorElementType]

  /// The call that a case makes.
  public init(_ golden: GoldenCase, precision: Precision) {
    operation = golden.operation
    caseName = golden.name
    config = golden.config
    self.precision = precision
    var tensors: [String: StoredTensor] = [:]
    var requested: [String: [Int]] = [:]
    var types: [String: TensorElementType] = [:]
    for name in golden.file.names where !name.hasSuffix(".f64") {
      guard let tensor = golden.file[name] else { continue }
      if ["in.", "param.", "cotangent."].contains(where: name.hasPrefix) {
        tensors[name] = tensor
      } else if ["out.", "grad.", "aux."].contains(where: name.hasPrefix) {
        requested[name] = tensor.shape
        types[name] = tensor.elementType
      }
    }
    self.tensors = tensors
    self.requested = requested
    requestedTypes = types
  }

  /// A call that no case makes.
  ///
  /// - Parameter requested: Shapes of the results; empty to ask for everything there is.
  public init(
    operation: String, caseName: String, config: CaseConfiguration, precision: Precision,
    tensors: [String: StoredTensor], requested: [String: [Int]],
    requestedTypes: [String: TensorElementType] = [:]
  ) {
    self.operation = operation
    self.caseName = caseName
    self.config = config
    self.precision = precision
    self.tensors = tensors
    self.requested = requested
    self.requestedTypes = requestedTypes
  }

  /// The same call with one setting changed: what if?
  public func setting(_ key: String, to value: ConfigValue) -> OperationCall {
    var changed = self
    var values = config.values
    values[key] = value
    changed.config = CaseConfiguration(context: config.context, values: values)
    return changed
  }

  /// Whether an input of that name is given.
  public func has(_ name: String) -> Bool { tensors[name] != nil }

  /// Whether a result of that name, or one that begins with it, is expected.
  public func wants(prefix: String) -> Bool {
    requested.isEmpty || requested.keys.contains { $0.hasPrefix(prefix) }
  }

  /// The names of inputs that begin with `prefix`, sorted.
  public func names(_ prefix: String) -> [String] {
    tensors.keys.filter { $0.hasPrefix(prefix) }.sorted()
  }

  /// An input as it is stored.
  ///
  /// - Throws: ``GoldenError`` if the case has none of that name.
  public func tensor(_ name: String) throws(GoldenError) -> StoredTensor {
    if let tensor = tensors[name] { return tensor }
    throw GoldenError("\(caseName) has no tensor `\(name)`, which \(operation) needs.")
  }

  /// The extents of an input.
  public func shape(_ name: String) throws(GoldenError) -> [Int] { try tensor(name).shape }

  /// An input in single precision.
  public func floats(_ name: String) throws(GoldenError) -> [Float] {
    try values(name) { (tensor) throws(StoredTensorError) in try tensor.floats() }
  }

  /// An input in double precision, widened where it is stored in single.
  public func doubles(_ name: String) throws(GoldenError) -> [Double] {
    try values(name) { (tensor) throws(StoredTensorError) in try tensor.doubles() }
  }

  /// An input in the precision of a generic implementation.
  public func scalars<T: BinaryFloatingPoint>(_ name: String) throws(GoldenError) -> [T] {
    let values = try doubles(name)
    guard profile != .fp32, name.hasPrefix("param."), let type = T.self as? any ErrorCarrying.Type
    else { return values.map { T($0) } }
    return values.map { value in
      let carrier = type.init(value, error: profile.storageError(value))
      return carrier as? T ?? T(value)
    }
  }

  /// An integer or mask input.
  public func integers(_ name: String) throws(GoldenError) -> [Int] {
    try values(name) { (tensor) throws(StoredTensorError) in try tensor.integers() }
  }

  private func values<Value>(
    _ name: String, _ read: (StoredTensor) throws(StoredTensorError) -> [Value]
  ) throws(GoldenError) -> [Value] {
    let tensor = try tensor(name)
    do throws(StoredTensorError) { return try read(tensor) } catch {
      throw GoldenError("\(caseName): `\(name)`: \(error)")
    }
  }
}
