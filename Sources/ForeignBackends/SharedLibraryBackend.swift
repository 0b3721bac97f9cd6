public import Foundation
public import GoldenKit
import TensorIO

/// A backend in a shared library behind the C interface of `pvd_backend.h`.
///
/// Every call runs in a process of its own: a backend that crashes or hangs loses its case, not the run.
public struct SharedLibraryBackend: Backend {
  public let name: String
  private let library: URL
  /// What runs the calls.
  public let child: ChildProgram
  private let timeLimit: Double

  /// The program that loads the library and answers one call; see ``ForeignCall/answer(_:)``.
  public struct ChildProgram: Sendable {
    /// Its file.
    public let executable: URL
    /// What comes before the arguments of the call.
    public let arguments: [String]

    /// A program.
    public init(executable: URL, arguments: [String]) {
      self.executable = executable
      self.arguments = arguments
    }
  }

  /// - Parameter timeLimit: Seconds after which a call is ended.
  public init(_ library: URL, child: ChildProgram, timeLimit: Double = 60) {
    self.library = library
    self.child = child
    self.timeLimit = timeLimit
    name = library.lastPathComponent
  }

  /// Always true: whether the library has an operation is asked in the child.
  public func supports(_ operation: String) -> Bool { true }

  public func run(_ call: OperationCall) async throws -> OperationResult {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "pvd-call-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let question = folder.appending(path: "call.safetensors")
    let answer = folder.appending(path: "answer.safetensors")
    let complaint = folder.appending(path: "complaint.txt")
    try ForeignCall.file(of: call).write(to: question)
    let outcome = try await ChildProcess(
      executable: child.executable,
      arguments: child.arguments + [library.path, question.path, answer.path],
      errors: complaint, timeLimit: timeLimit
    ).run()
    let text = (try? String(contentsOf: complaint, encoding: .utf8)) ?? ""
    let message = text.split(separator: "\n").last.map(String.init) ?? "without a word"
    switch outcome {
    case .exited(0): break
    case .exited(ForeignCall.unsupportedCode): throw UnsupportedSetting(message)
    case .exited(let code) where code == ForeignCall.failedCode: throw GoldenError(message)
    case .exited(let code):
      throw GoldenError("\(name) ended its process with exit code \(code): \(message)")
    case .signalled(let signal):
      throw GoldenError("\(name) crashed with signal \(signal) in \(call.caseName)")
    case .timedOut:
      throw GoldenError("\(name) did not answer \(call.caseName) within \(timeLimit) s")
    }
    let tensors = try TensorFile.read(contentsOf: answer)
    var result = OperationResult(call)
    for tensor in tensors.names { result.set(tensor, try tensors.tensor(named: tensor, in: name)) }
    return result
  }
}
