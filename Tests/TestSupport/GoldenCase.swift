import Foundation
import TensorIO

/// A stored case of one operation: inputs, parameters, results and gradients as the original
/// implementation computed them, with the tolerance of each tensor.
///
/// Names begin with `in.`, `param.`, `out.`, `cotangent.`, `grad.` or `aux.`; `<name>.f64` is the same
/// quantity from a run of the original in double precision. `Fixtures/README.md` has the details.
public struct GoldenCase: Sendable {
  /// The case's name, which is the name of its file.
  public let name: String
  /// The operation it belongs to.
  public let operation: String
  /// The settings of the operation.
  public let config: GoldenConfig
  /// What the case's author noted about it.
  public let notes: String
  /// The tensors.
  public let file: TensorFile
  let tolerances: [String: StoredTolerance]
  /// Coarse bounds for tensors without a tolerance of their own; the absolute one counts in units of
  /// the largest entry.
  let fallback: (relative: Double, absoluteOfLargest: Double)

  /// Reads a case.
  ///
  /// - Throws: `TensorFileError` if the file is missing or damaged, ``GoldenError`` if its metadata is
  ///   incomplete.
  public init(named name: String) throws {
    let url = PackageFolder.golden.appendingPathComponent("\(name).safetensors")
    file = try TensorFile.read(contentsOf: url)
    self.name = name
    let metadata = file.metadata
    func text(_ key: String) throws(GoldenError) -> String {
      guard let text = metadata[key] else { throw GoldenError("\(name) has no metadata `\(key)`.") }
      return text
    }
    func number(_ key: String) throws(GoldenError) -> Double {
      guard let number = Double(try text(key)) else {
        throw GoldenError("\(name): metadata `\(key)` is not a number.")
      }
      return number
    }
    operation = try text("op")
    notes = metadata["notes"] ?? ""
    let decoder = JSONDecoder()
    config = GoldenConfig(
      context: name,
      values: try decoder.decode([String: ConfigValue].self, from: Data(try text("config").utf8)))
    tolerances = try decoder.decode(
      [String: StoredTolerance].self, from: Data(try text("tolerances").utf8))
    fallback = (try number("rtol"), try number("atol"))
  }

  /// The names of all cases of an operation, sorted, for `@Test(arguments:)`.
  ///
  /// If there is none, or the folder cannot be read, the only element is a name that no file has: the
  /// test then fails when it opens the case, instead of passing without having run.
  public static func names(operation: String) -> [String] {
    let absent = ["absent case of \(operation)"]
    guard
      let files = try? FileManager.default.contentsOfDirectory(atPath: PackageFolder.golden.path)
    else { return absent }
    let names = files.sorted().filter { $0.hasSuffix(".safetensors") }.filter { file in
      let url = PackageFolder.golden.appendingPathComponent(file)
      return (try? TensorFile.readMetadata(contentsOf: url))?["op"] == operation
    }
    return names.isEmpty ? absent : names.map { String($0.dropLast(".safetensors".count)) }
  }

  /// All cases of an operation, sorted by name; at least one.
  ///
  /// - Throws: As ``init(named:)``, also if there is no case.
  public static func all(operation: String) throws -> [GoldenCase] {
    try names(operation: operation).map { try GoldenCase(named: $0) }
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

/// How closely a stored tensor must be met.
struct StoredTolerance: Decodable, Sendable {
  /// `exact` or `close`.
  let kind: String
  let rtol: Double?
  let atol: Double?
  /// A mask tensor whose zero entries exclude rows.
  let rowMask: String?

  private enum CodingKeys: String, CodingKey {
    case kind, rtol, atol
    case rowMask = "row_mask"
  }
}
