import ArgumentParser
import NeRFCore

/// Which kernels a measurement uses, as the command line names them.
struct InstructionSets: ExpressibleByArgument {
  /// Every set there is a name for.
  static let known = ["base", "v3", "v4"]
  /// The sets, in the order in which they were given; nil for the one of this process.
  let names: [String]?
  /// What was given.
  let argument: String

  /// "best", "all", or names as "base,v3".
  init?(argument: String) {
    self.argument = argument
    switch argument {
    case "best": names = nil
    case "all": names = FastKernels.availableInstructionSets
    default:
      names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  /// Throws a message that names what this machine has.
  func validate() throws {
    let available = FastKernels.availableInstructionSets
    let names = names ?? []
    let have = "Use best, all, or some of \(available.joined(separator: ", "))."
    if let unknown = names.first(where: { !Self.known.contains($0) }) {
      throw ValidationError("--isa: \"\(unknown)\" is no instruction set. \(have)")
    }
    if let absent = names.first(where: { !available.contains($0) }) {
      throw ValidationError("--isa: this machine does not run \(absent). \(have)")
    }
    if Set(names).count != names.count {
      throw ValidationError("--isa is \(argument), which names a set twice. \(have)")
    }
  }
}
