import Dispatch

/// The threads of the process that nobody has borrowed.
package enum HelperCrew {
  nonisolated(unsafe) private static var idle: [HelperThread] = []
  /// Threads that exist.
  nonisolated(unsafe) private static var started = 0
  /// Held while the two are in use. A semaphore, because ThreadSanitizer knows what it orders and does
  /// not know that of `Mutex` on Linux.
  private static let lock = DispatchSemaphore(value: 1)

  /// Most threads that are ever started: enough for several callers at once, and few enough that
  /// phases within phases do not flood a machine with many processors.
  package static let limit = max(64, 4 * WorkerPool.processorCount)

  /// At most `count` threads, fewer where ``limit`` is reached or the system gives no more.
  package static func borrow(_ count: Int) -> [HelperThread] {
    lock.wait()
    defer { lock.signal() }
    var borrowed = Array(idle.suffix(count))
    idle.removeLast(borrowed.count)
    while borrowed.count < count, started < limit, let helper = HelperThread() {
      borrowed.append(helper)
      started += 1
    }
    return borrowed
  }

  /// Takes back threads that have been joined.
  package static func giveBack(_ helpers: [HelperThread]) {
    lock.wait()
    idle.append(contentsOf: helpers)
    lock.signal()
  }
}
