import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Runs a fixed list of work items on a number of threads.
///
/// The items of a phase are chosen by the caller from the problem alone, never from the number of
/// threads, and each item writes memory of its own; results are joined in item order. So one
/// thread and sixty-four give the same bits. Which thread takes which item is left to chance.
public struct WorkerPool: Sendable {
  /// Number of threads that take items, at least 1.
  public let threads: Int

  /// - Parameter threads: Threads to use; nil takes one per processor that is online.
  public init(threads: Int? = nil) {
    self.threads = max(1, threads ?? Self.processorCount)
  }

  /// Processors that are online.
  public static var processorCount: Int {
    #if canImport(Glibc)
      let online = sysconf(Int32(_SC_NPROCESSORS_ONLN))
      return online > 0 ? Int(online) : 1
    #else
      return 2
    #endif
  }

  /// Calls `body(item, worker)` once for each item in `0..<count` and returns when all are done.
  ///
  /// `worker` is below ``threads``; at any time at most one call has a given worker number, so it
  /// can select scratch memory. Items should take a millisecond or more: measured efficiency falls
  /// below 50 % for items of a few microseconds.
  public func forEach(_ count: Int, _ body: (_ item: Int, _ worker: Int) -> Void) {
    let workers = min(threads, count)
    guard workers > 1 else {
      for item in 0..<max(count, 0) { body(item, 0) }
      return
    }
    let next = Atomic<Int>(0)
    withoutActuallyEscaping(body) { body in
      let shared = SharedBody(call: body)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        while true {
          let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
          if item >= count { return }
          shared.call(item, worker)
        }
      }
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

/// Carries the caller's closure to the workers. What it captures is safe by the contract of
/// ``WorkerPool``: every item writes memory of its own.
private struct SharedBody: @unchecked Sendable {
  let call: (Int, Int) -> Void
}
