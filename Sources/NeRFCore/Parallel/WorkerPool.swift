import CNeRFKernels
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs a fixed list of work items on a number of threads.
///
/// The items of a phase are chosen by the caller from the problem alone, never from the number of
/// threads, and each item writes memory of its own; results are joined in item order. So one
/// thread and sixty-four give the same bits. Which thread takes which item is left to chance.
public struct WorkerPool: Sendable {
  /// Number of threads that take items, at least 1. No more than there are processors (or two) do
  /// so at a time.
  public let threads: Int

  /// - Parameter threads: Threads to use; nil takes one per processor that the process may use.
  public init(threads: Int? = nil) {
    self.threads = max(1, threads ?? Self.processorCount)
  }

  /// Processors that this process may use.
  public static let processorCount: Int = {
    let allowed = Int(pvd_allowed_processors())
    if allowed > 0 { return allowed }
    return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }()

  /// Calls `body(item, worker)` once for each item in `0..<count` and returns when all are done.
  ///
  /// `worker` is below ``threads``; at any time at most one call has a given worker number, so it
  /// can select scratch memory. Starting and joining costs a few microseconds as long as phases
  /// follow each other within ``HelperThread/patience``, up to 100 µs after a pause.
  public func forEach(_ count: Int, _ body: (_ item: Int, _ worker: Int) -> Void) {
    let workers = min(threads, count, max(Self.processorCount, 2))
    guard workers > 1 else {
      for item in 0..<max(count, 0) { body(item, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      let items = SharedItems(count: count, body: body)
      let helpers = HelperCrew.borrow(workers - 1)
      for (index, helper) in helpers.enumerated() { helper.offer(items, worker: index + 1) }
      items.work(as: 0)
      let end = HelperThread.endOfPatience
      for helper in helpers { helper.join(lookingUntil: end) }
      withExtendedLifetime(items) {}
      HelperCrew.giveBack(helpers)
    }
  }

  /// Calls `body(range, worker)` for consecutive ranges of `size` indices that cover `0..<count`.
  public func forEachRange(
    _ count: Int, size: Int, _ body: (_ range: Range<Int>, _ worker: Int) -> Void
  ) {
    precondition(size > 0, "WorkerPool: range size \(size) must be positive")
    forEach((count + size - 1) / size) { item, worker in
      body(item * size..<min(count, (item + 1) * size), worker)
    }
  }
}

/// The items of one phase, of which each worker takes the next until none is left.
///
/// What the caller's closure captures is safe by the contract of ``WorkerPool``: every item writes
/// memory of its own.
package final class SharedItems: @unchecked Sendable {
  private let next = Atomic<Int>(0)
  private let count: Int
  private let body: (Int, Int) -> Void

  package init(count: Int, body: @escaping (Int, Int) -> Void) {
    self.count = count
    self.body = body
  }

  /// Takes items as number `worker`. Not inlined, so that nothing of the closure is held by a
  /// thread that has said it is done.
  @inline(never)
  package func work(as worker: Int) {
    while true {
      let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if item >= count { return }
      body(item, worker)
    }
  }
}
