import Foundation
public import TensorIO

/// A stored call of one operation: inputs, parameters, results and gradients, with the tolerance of
/// each tensor.
///
/// Names begin with `in.`, `param.`, `cotangent.` (given to a backend), `out.`, `grad.` (expected from
/// it) or `aux.` (diagnostics). `<name>.f64` is the same quantity in double precision, `bound.<name>`
/// how far each element of a correct single-precision result may be off. One safetensors file a case;
/// the metadata has `case`, `op`, `config` (JSON), `source`, `tolerances` (JSON) and the coarse
/// fallbacks `rtol` and `atol`.
public struct GoldenCase: Sendable {
  /// The case's name.
  public let name: String
  /// The operation it belongs to.
  public let operation: String
  /// The settings of the operation.
  public let config: CaseConfiguration
  /// What made the numbers.
  public let source: String
  /// What the case's author noted about it.
  public let notes: String
  /// The tensors.
  public let file: TensorFile
  /// The tolerance of each tensor that has one.
  public let tolerances: [String: CaseTolerance]
  /// Bounds of tensors without a tolerance; the absolute one counts in units of the largest entry.
  public let fallback: (relative: Double, absoluteOfLargest: Double)

  /// Reads a case from disk.
  ///
  /// - Throws: `TensorFileError` if the file is missing or damaged, ``GoldenError`` if it is a tensor
  ///   file but not a case.
  public init(contentsOf url: URL) throws {
    try self.init(
      try TensorFile.read(contentsOf: url), name: url.deletingPathExtension().lastPathComponent)
  }

  /// Takes a tensor file as a case.
  ///
  /// - Parameter name: The name if the metadata has none.
  /// - Throws: ``GoldenError`` if the metadata is incomplete or a bound in it is no number.
  public init(_ file: TensorFile, name fallbackName: String) throws(GoldenError) {
    self.file = file
    let metadata = file.metadata
    let name = metadata["case"] ?? fallbackName
    self.name = name
    func text(_ key: String) throws(GoldenError) -> String {
      guard let text = metadata[key] else {
        throw GoldenError("\(name) has no metadata `\(key)`: it is not a golden case.")
      }
      return text
    }
    func bound(_ key: String) throws(GoldenError) -> Double {
      guard let text = metadata[key] else { return 0 }
      guard let number = Double(text), number.isFinite, number >= 0 else {
        throw GoldenError("\(name): metadata `\(key)` is `\(text.prefix(40))`, not a bound.")
      }
      return number
    }
    func json<Value: Decodable>(_ key: String, _ type: Value.Type) throws(GoldenError) -> Value {
      do {
        return try JSONDecoder().decode(type, from: Data(try text(key).utf8))
      } catch let error as GoldenError {
        throw error
      } catch {
        throw GoldenError("\(name): metadata `\(key)` is not JSON of the expected form: \(error)")
      }
    }
    operation = try text("op")
    source = metadata["source"] ?? ""
    notes = metadata["notes"] ?? ""
    config = CaseConfiguration(
      context: name, values: try json("config", [String: ConfigValue].self))
    tolerances =
      metadata["tolerances"] == nil ? [:] : try json("tolerances", [String: CaseTolerance].self)
    fallback = (try bound("rtol"), try bound("atol"))
  }

  /// Whether a tensor of that name is stored.
  public func has(_ tensor: String) -> Bool { file[tensor] != nil }

  /// The names that begin with `prefix`, in the order of the file, without double twins.
  public func tensorNames(_ prefix: String) -> [String] {
    file.names.filter { $0.hasPrefix(prefix) && !$0.hasSuffix(".f64") }
  }

  /// The extents of a tensor, outermost axis first.
  public func shape(_ tensor: String) throws(TensorFileError) -> [Int] {
    try file.tensor(named: tensor, in: name).shape
  }

  /// A tensor in single precision.
  public func floats(_ tensor: String) throws(TensorFileError) -> [Float] {
    try file.floats(tensor, in: name)
  }

  /// A tensor in double precision; a single-precision one is widened. Twins are asked for by their
  /// full name, `out.y.f64`.
  public func doubles(_ tensor: String) throws(TensorFileError) -> [Double] {
    try file.doubles(tensor, in: name)
  }

  /// An integer or mask tensor.
  public func integers(_ tensor: String) throws(TensorFileError) -> [Int] {
    try file.integers(tensor, in: name)
  }
}

extension GoldenCase: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
