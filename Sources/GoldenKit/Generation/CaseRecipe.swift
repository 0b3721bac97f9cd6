import Foundation
public import TensorIO

/// The inputs of a case that does not have answers yet.
///
/// Numbers are drawn from one generator in the order of the calls, so a recipe gives the same bytes for
/// the same seed.
public struct CaseRecipe: Sendable {
  /// The operation.
  public let operation: String
  /// The settings.
  public var config: [String: ConfigValue] = [:]
  /// `in.`, `param.` and `cotangent.` tensors.
  public private(set) var inputs: [(name: String, tensor: StoredTensor)] = []
  /// The tensors that are asked for, with their shapes.
  public private(set) var requested: [(name: String, shape: [Int])] = []
  /// What a reader should know.
  public var notes = ""
  /// Where numbers come from.
  public var random: SplitMix64

  /// A recipe without inputs.
  public init(_ operation: String, random: SplitMix64) {
    self.operation = operation
    self.random = random
  }

  /// Adds an input of given numbers; doubles are rounded to single precision.
  public mutating func set(_ name: String, _ values: [Float], shape: [Int]) throws {
    inputs.append((name, try StoredTensor(values, shape: shape)))
  }

  /// Adds an input of given whole numbers.
  public mutating func set(_ name: String, integers: [Int], shape: [Int]) throws {
    inputs.append((name, try StoredTensor(integers.map { Int32($0) }, shape: shape)))
  }

  /// Adds an input of uniform numbers, and returns them.
  @discardableResult
  public mutating func draw(
    _ name: String, shape: [Int], in range: ClosedRange<Float>
  ) throws -> [Float] {
    let values = random.floats(shape.reduce(1, *), in: range)
    try set(name, values, shape: shape)
    return values
  }

  /// Asks for a tensor; and for a cotangent of it, drawn from −1...1.
  public mutating func ask(_ name: String, shape: [Int], cotangent: String? = nil) throws {
    requested.append((name, shape))
    if let cotangent { try draw(cotangent, shape: shape, in: -1...1) }
  }
}

extension OperationCall {
  /// The call that a recipe makes.
  public init(_ recipe: CaseRecipe, name: String, precision: Precision) {
    self.init(
      operation: recipe.operation, caseName: name,
      config: CaseConfiguration(context: name, values: recipe.config), precision: precision,
      tensors: Dictionary(recipe.inputs.map { ($0.name, $0.tensor) }) { $1 },
      requested: Dictionary(recipe.requested.map { ($0.name, $0.shape) }) { $1 })
  }
}

extension CaseRecipe {
  /// The case file of this recipe and its answers.
  ///
  /// Every floating-point answer is stored rounded to single precision, in double as `<name>.f64`, and
  /// with its bound as `bound.<name>`, rounded up.
  ///
  /// - Parameters:
  ///   - answers: Computed in double precision, with bounds.
  ///   - source: How they were computed.
  ///   - profiles: The same answers with the bounds of other profiles.
  /// - Throws: ``GoldenError`` if an asked-for tensor is missing, has another shape, or is not finite.
  public func file(
    name: String, answers: OperationResult, source: String,
    profiles: [(PrecisionProfile, OperationResult)] = []
  ) throws -> TensorFile {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var file = TensorFile(metadata: [
      "case": name, "op": operation, "source": source,
      "config": String(decoding: try encoder.encode(config), as: UTF8.self),
    ])
    if !notes.isEmpty { file.metadata["notes"] = notes }
    for (name, tensor) in inputs { file.set(tensor, for: name) }
    for (tensor, shape) in requested {
      guard let answer = answers.tensors[tensor] else {
        throw GoldenError("\(name): nothing computes `\(tensor)`.")
      }
      guard answer.shape == shape else {
        throw GoldenError("\(name): `\(tensor)` has shape \(answer.shape), asked for \(shape).")
      }
      guard answer.elementType == .float64 else {
        file.set(answer, for: tensor)
        continue
      }
      guard let bounds = answers.bounds[tensor] else {
        throw GoldenError("\(name): `\(tensor)` has no bound.")
      }
      let values = try answer.doubles()
      guard values.allSatisfy(\.isFinite), bounds.allSatisfy(\.isFinite) else {
        throw GoldenError("\(name): `\(tensor)` or its bound is not finite.")
      }
      file.set(try StoredTensor(values.map { Float($0) }, shape: shape), for: tensor)
      file.set(answer, for: tensor + ".f64")
      file.set(
        try StoredTensor(bounds.map(Self.roundedUp), shape: shape),
        for: PrecisionProfile.fp32.boundName(tensor))
      for (profile, wider) in profiles {
        guard let bounds = wider.bounds[tensor], bounds.allSatisfy(\.isFinite) else { continue }
        file.set(
          try StoredTensor(bounds.map(Self.roundedUp), shape: shape),
          for: profile.boundName(tensor))
      }
    }
    return file
  }

  private static func roundedUp(_ value: Double) -> Float {
    let nearest = Float(value)
    return Double(nearest) < value ? nearest.nextUp : nearest
  }
}
