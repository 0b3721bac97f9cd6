import ArgumentParser
import CommandSupport
import Foundation

/// One of several equal parts of a list of runs.
///
/// Part i of n has the runs whose number leaves the rest i mod n, so parts may be counted from 0 or from 1.
struct Shard: ExpressibleByArgument, Equatable {
  static let whole = Shard(index: 0, count: 1)

  let index: Int
  let count: Int

  init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }

  /// Reads "2/8".
  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1],
      (1...100_000).contains(count),
      (0...count).contains(index)
    else { return nil }
    self.init(index: index % count, count: count)
  }

  /// The part of a task of a SLURM array; nil outside one.
  ///
  /// `SLURM_ARRAY_TASK_ID` is counted from `SLURM_ARRAY_TASK_MIN` (0 if absent) in steps of
  /// `SLURM_ARRAY_TASK_STEP` (1 if absent); there are `SLURM_ARRAY_TASK_COUNT` tasks.
  static func ofTask(_ environment: [String: String]) throws -> Shard? {
    func number(_ name: String) throws -> Int? {
      guard let text = environment["SLURM_ARRAY_TASK_\(name)"] else { return nil }
      guard let value = Int(text), (0...1_000_000_000).contains(value) else {
        throw CommandFailure(
          "SLURM_ARRAY_TASK_\(name)", fact: "\"\(text)\" is no number from 0",
          fix: "Unset it, or give --shard.")
      }
      return value
    }
    guard let task = try number("ID") else { return nil }
    guard let count = try number("COUNT") else {
      throw CommandFailure(
        "SLURM_ARRAY_TASK_COUNT", fact: "it is not set, but SLURM_ARRAY_TASK_ID is",
        fix: "Set both, or give --shard.")
    }
    let offset = task - (try number("MIN") ?? 0)
    let step = try number("STEP") ?? 1
    guard count >= 1, step >= 1, offset >= 0, offset.isMultiple(of: step), offset / step < count
    else {
      throw CommandFailure(
        "SLURM_ARRAY_TASK_ID", fact: "task \(task) is none of \(count) tasks",
        fix: "Give --shard i/n instead.")
    }
    return Shard(index: offset / step, count: count)
  }

  /// Its runs.
  func part<Element>(of list: [Element]) -> [Element] {
    list.enumerated().filter { $0.offset % count == index }.map(\.element)
  }
}
