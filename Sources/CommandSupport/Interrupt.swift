import Foundation
import Synchronization

/// Interruptions by Ctrl-C (SIGINT) and SIGTERM, which a run answers between two steps.
package enum Interrupt {
  private static let signals = Atomic<Int>(0)

  /// Whether the user asked to stop.
  package static var isRequested: Bool { signals.load(ordering: .relaxed) > 0 }

  /// From now on the first signal is noted and the second ends the process at once.
  ///
  /// The handler only counts and calls `_exit`, which are safe at any moment.
  package static func watch() {
    _ = isRequested  // Makes sure that the counter exists before a handler needs it.
    for number in [SIGINT, SIGTERM] {
      // Long writes go on after the handler: `signal` restarts system calls.
      signal(number) { _ in
        if Interrupt.signals.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
      }
    }
    // A parent that starts this program from a worker thread may have blocked them.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }
}
