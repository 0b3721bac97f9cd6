import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// One run of another program with a time limit.
struct ChildProcess: Sendable {
  enum Outcome: Equatable, Sendable {
    case exited(Int32)
    case signalled(Int32)
    case timedOut
  }

  let executable: URL
  let arguments: [String]
  /// Receives what the program writes to standard error.
  let errors: URL
  let timeLimit: Double

  /// Starts the program and waits for its end.
  func run() async throws -> Outcome {
    _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let complaints = try FileHandle(forWritingTo: errors)
    defer { try? complaints.close() }
    process.standardError = complaints
    try process.run()
    let deadline = ContinuousClock.now + .seconds(timeLimit)
    // Calls take milliseconds; the pause grows so that a long one costs nothing.
    var pause = 0.5
    while process.isRunning {
      guard ContinuousClock.now < deadline else {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return .timedOut
      }
      try? await Task.sleep(for: .milliseconds(pause))
      pause = min(1.5 * pause, 50)
    }
    let status = process.terminationStatus
    return process.terminationReason == .uncaughtSignal ? .signalled(status) : .exited(status)
  }
}
