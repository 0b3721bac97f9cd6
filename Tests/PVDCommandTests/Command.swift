import Foundation
import TestSupport
import Testing

/// The built executable, run as a process.
struct Command {
  /// How a process ended and what it said.
  struct Outcome {
    let status: Int32
    /// Whether a signal ended it; `status` is then its number.
    let signalled: Bool
    let output: String
    let errors: String

    /// The lines of `errors`.
    var errorLines: [Substring] { errors.split(separator: "\n") }
  }

  private let process = Process()
  private let outputFile: URL
  private let errorFile: URL

  /// Starts `pvd` with the given arguments.
  ///
  /// - Parameter shell: Commands that a shell runs first, for limits.
  init(_ arguments: [String], shell: String? = nil) throws {
    let pvd = try BuiltProgram.pvd()
    if let shell {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", "\(shell); exec \"$0\" \"$@\"", pvd.path] + arguments
    } else {
      process.executableURL = pvd
      process.arguments = arguments
    }
    // Files, because a pipe that nobody empties would stop the process.
    let temporary = FileManager.default.temporaryDirectory
    let name = UUID().uuidString
    outputFile = temporary.appending(path: "pvd-\(name).out")
    errorFile = temporary.appending(path: "pvd-\(name).err")
    for file in [outputFile, errorFile] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    try process.run()
  }

  /// Sends a signal.
  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Whether it still runs.
  var isRunning: Bool { process.isRunning }

  /// Waits for the end.
  func wait() throws -> Outcome {
    process.waitUntilExit()
    defer {
      for file in [outputFile, errorFile] { try? FileManager.default.removeItem(at: file) }
    }
    return Outcome(
      status: process.terminationStatus,
      signalled: process.terminationReason == .uncaughtSignal,
      output: String(decoding: try Data(contentsOf: outputFile), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self))
  }

  /// Runs `pvd` to its end.
  static func run(_ arguments: String..., shell: String? = nil) throws -> Outcome {
    try Command(arguments, shell: shell).wait()
  }

  /// Runs `pvd`, which must succeed.
  @discardableResult
  static func succeed(
    _ arguments: [String], at location: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try Command(arguments).wait()
    #expect(
      outcome.status == 0 && !outcome.signalled, "\(arguments): \(outcome.errors)",
      sourceLocation: location)
    return outcome
  }
}
