import Dispatch
import Foundation

/// The process that started this one.
package enum ParentProcess {
  nonisolated(unsafe) private static var watch: (any DispatchSourceTimer)?

  /// Ends this process within a second of its parent's end, however that came about.
  ///
  /// A child that runs foreign code may never return; nobody is left to stop it when its parent was killed.
  package static func endWithParent() {
    let parent = getppid()
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + 0.5, repeating: 0.5)
    timer.setEventHandler {
      // An orphan belongs to another process from then on.
      if getppid() != parent { _exit(1) }
    }
    timer.resume()
    watch = timer
  }
}
