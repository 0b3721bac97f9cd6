import ArgumentParser
import CommandSupport
import Foundation
import Synchronization

/// This program, run as a process of its own.
///
/// A process has one set of kernels and one high-water mark of memory; measurements that must not share
/// them are taken in children. What a child complains about goes to this process's standard error.
enum OwnProgram {
  private static let child = Atomic<Int32>(0)
  private static let signals = Atomic<Int>(0)

  /// Runs `pvd` with `arguments` and hands on each line that it prints, as soon as it is there.
  ///
  /// A signal to stop ends the child too.
  ///
  /// - Parameter instructionSet: The set of kernels; nil leaves the choice as it is.
  /// - Throws: ExitCode with the child's status if that is not 0, or 130 after a signal to stop, and what
  ///   `line` throws.
  static func run(
    _ arguments: [String], instructionSet: String? = nil, line: (String) throws -> Void
  ) throws {
    guard let executable = Bundle.main.executableURL else {
      throw CommandFailure(
        CommandLine.arguments[0], fact: "the program cannot find itself",
        fix: "Start it with its full path.")
    }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment
    if let instructionSet { environment["PVD_ISA"] = instructionSet }
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    let pipe = Pipe()
    process.standardOutput = pipe
    stopWithParent()
    guard signals.load(ordering: .relaxed) == 0 else {
      throw ExitCode(CommandFailure.interrupted)
    }
    try process.run()
    child.store(process.processIdentifier, ordering: .relaxed)
    defer { child.store(0, ordering: .relaxed) }
    do { try forEachLine(of: pipe.fileHandleForReading, line) } catch {
      process.terminate()
      process.waitUntilExit()
      throw error
    }
    process.waitUntilExit()
    if signals.load(ordering: .relaxed) > 0 { throw ExitCode(CommandFailure.interrupted) }
    if process.terminationReason == .uncaughtSignal {
      throw CommandFailure(
        arguments.joined(separator: " "),
        fact: "signal \(process.terminationStatus) ended the measurement",
        fix: "It may need more memory than there is.", code: CommandFailure.badResult)
    }
    if process.terminationStatus != 0 { throw ExitCode(process.terminationStatus) }
  }

  private static func forEachLine(
    of handle: FileHandle, _ line: (String) throws -> Void
  ) throws {
    var rest = Data()
    while true {
      let piece = handle.availableData
      if piece.isEmpty { break }
      rest += piece
      while let end = rest.firstIndex(of: 10) {
        try line(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
        rest = Data(rest[(end + 1)...])
      }
    }
    if !rest.isEmpty { try line(String(decoding: rest, as: UTF8.self)) }
  }

  /// The child is in a process group of its own, which Ctrl-C does not reach. The first signal ends the
  /// child, so that this process can clean up; the second ends this process.
  ///
  /// The handler counts and calls `kill` and `_exit`, which are safe at any moment.
  private static func stopWithParent() {
    _ = (child.load(ordering: .relaxed), signals.load(ordering: .relaxed))
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number) { _ in
        let running = OwnProgram.child.load(ordering: .relaxed)
        if running > 0 { kill(running, SIGKILL) }
        if OwnProgram.signals.add(1, ordering: .relaxed).oldValue > 0 {
          _exit(CommandFailure.interrupted)
        }
      }
    }
  }
}

/// A line that a child printed, read back.
struct PrintedEvent {
  /// Its name.
  let event: String
  private let line: Data

  /// nil for a line that is no event.
  init?(_ line: String) {
    struct Name: Decodable { let event: String }
    self.line = Data(line.utf8)
    guard let name = try? JSONDecoder().decode(Name.self, from: self.line) else { return nil }
    event = name.event
  }

  /// Its fields.
  func fields<Fields: Decodable>(as type: Fields.Type = Fields.self) throws -> Fields {
    try JSONDecoder().decode(Fields.self, from: line)
  }
}
