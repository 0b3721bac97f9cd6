import Foundation
public import GoldenKit
import TensorIO

extension GoldenCase {
  /// Reads a case of the fixtures.
  public init(named name: String) throws {
    try self.init(contentsOf: PackageFolder.golden.appendingPathComponent("\(name).safetensors"))
  }

  /// The names of all cases of the fixtures, sorted.
  ///
  /// If there is none, or the folder cannot be read, the only element is a name that no file has: a
  /// test then fails when it opens the case, instead of passing without having run.
  public static func names(operation: String? = nil) -> [String] {
    let files = (try? CaseFiles.find([PackageFolder.golden])) ?? []
    let names = files.filter { file in
      operation == nil || (try? TensorFile.readMetadata(contentsOf: file))?["op"] == operation
    }.map { $0.deletingPathExtension().lastPathComponent }
    return names.isEmpty ? ["absent case of \(operation ?? "any operation")"] : names
  }

  /// All cases of an operation, sorted by name; at least one.
  ///
  /// - Throws: As ``init(named:)``, also if there is no case.
  public static func all(operation: String) throws -> [GoldenCase] {
    try names(operation: operation).map { try GoldenCase(named: $0) }
  }
}
