import ArgumentParser
import BenchCommands
import CAllocator
import CommandSupport
import Foundation
import GoldenCommands
import RunCommands

/// The command `pvd`: reads arguments, prints, and exits.
///
/// Exit codes: 0 done, 1 the result is bad, 2 wrong usage or bad input, 130 interrupted after saving.
@main
struct PVD: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pvd",
    abstract: "Trains radiance fields and distils one architecture into another, on the CPU.",
    discussion: """
      Start with the built-in scene:

        pvd demo

      or step by step:

        pvd scene orb --out scene
        pvd train scene --field hash --out teacher --preset small
        pvd distill --teacher teacher --field vm --scene scene --out student --preset small
        pvd eval student --scene scene

      Exit codes: 0 done, 1 the result is bad, 2 wrong usage or bad input, 130 interrupted (after \
      saving).
      """,
    version: "0.1.0",
    subcommands: [
      DemoCommand.self, SceneCommand.self, TrainCommand.self, DistillCommand.self,
      EvalCommand.self, RenderCommand.self, PlotCommand.self, InspectCommand.self,
      AblateCommand.self,
      GoldenCommand.self,
      GradientCheckCommand.self, BenchCommand.self, BenchMeasureCommand.self,
    ])

  static func main() async {
    // A file-size limit and a closed pipe then come back as errors of the write instead of ending the
    // process in the middle of a run.
    signal(SIGXFSZ, SIG_IGN)
    signal(SIGPIPE, SIG_IGN)
    allocator_keep_memory()
    Foundation.exit(await status(of: Array(CommandLine.arguments.dropFirst())))
  }

  private static func status(of arguments: [String]) async -> Int32 {
    var command: any ParsableCommand
    do { command = try parseAsRoot(arguments) } catch {
      guard exitCode(for: error) == .success else {
        Console.complain(fullMessage(for: error))
        return CommandFailure.badInput
      }
      // Help and version are an answer, not a fault.
      print(fullMessage(for: error))
      return 0
    }
    do {
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      return 0
    } catch let code as ExitCode {
      return code.rawValue
    } catch let failure as CommandFailure {
      Console.complain("pvd: \(failure.message)")
      return failure.code
    } catch let error as ValidationError {
      Console.complain("pvd: \(error.message)")
      return CommandFailure.badInput
    } catch  where exitCode(for: error) == .success {
      // Help of a subcommand is asked for while it runs.
      print(fullMessage(for: error))
      return 0
    } catch {
      Console.complain("pvd: \(oneLine("\(error)"))")
      return CommandFailure.badInput
    }
  }
}
