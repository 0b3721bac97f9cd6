import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A thread that waits to help with one list of items after another, and never ends.
///
/// Waking a sleeping thread and being woken by one cost 20 to 100 µs on a virtual machine, as much
/// as a whole short phase. So both sides first look again and again for a while (``patience``),
/// with the processor left to whoever else wants it, and sleep only after that. A thread that
/// wakes when nothing is left to do is not waited for: its offer is taken back.
///
/// One atomic word holds what both sides know. Whoever has borrowed the thread from ``HelperCrew``
/// makes the transitions marked *b*, the thread itself those marked *t*:
/// ```
///   idle ─t─► asleep ─b─► offered ─t─► running ─t─► idle
///   idle ──────────b────► offered ─b─► idle (taken back)
///                                      running ─b─► awaited ─t─► idle
/// ```
package final class HelperThread: @unchecked Sendable {
  enum State: UInt8, AtomicRepresentable { case idle, asleep, offered, running, awaited }

  /// Nanoseconds for which a side looks before it sleeps: longer than most of what a training step
  /// does on one thread between two phases, so that hardly a thread sleeps within a step.
  package static let patience: UInt64 = 400_000

  private let state = Atomic<State>(.idle)
  private let wake = DispatchSemaphore(value: 0)
  private let finished = DispatchSemaphore(value: 0)
  /// Written before the offer, read after it was accepted. Not retained: whoever made the offer
  /// keeps the items until ``join(lookingUntil:)`` has returned.
  private var items: Unmanaged<SharedItems>?
  private var worker = 0

  /// Starts the thread; nil where the system gives no more threads.
  package init?() {
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    // Signals are for the threads of whoever uses this library, those of a fault or a profiler excepted.
    var (others, before) = (sigset_t(), sigset_t())
    sigfillset(&others)
    for own in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGPROF] {
      sigdelset(&others, own)
    }
    pthread_sigmask(SIG_BLOCK, &others, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    let retained = Unmanaged.passRetained(self)
    if pthread_create(&thread, nil, helperThreadMain, retained.toOpaque()) != 0 {
      retained.release()
      return nil
    }
  }

  /// Whether the thread sleeps until the next offer.
  package var isAsleep: Bool { state.load(ordering: .relaxed) == .asleep }

  /// End of ``patience`` that begins now, on the clock of ``join(lookingUntil:)``.
  package static var endOfPatience: UInt64 {
    DispatchTime.now().uptimeNanoseconds + patience
  }

  /// Asks the thread to take items as number `worker`. To be followed by ``join(lookingUntil:)``.
  package func offer(_ items: SharedItems, worker: Int) {
    self.items = .passUnretained(items)
    self.worker = worker
    let before = state.exchange(.offered, ordering: .acquiringAndReleasing)
    if before == .asleep { wake.signal() }
  }

  /// Returns when the thread does not work, and will not begin to work, on the items offered; looks
  /// for that until `end` and then sleeps.
  package func join(lookingUntil end: UInt64) {
    if moves(from: .offered, to: .idle) { return }
    if Self.looks(until: end, { state.load(ordering: .acquiring) == .idle }) { return }
    if moves(from: .running, to: .awaited) { finished.wait() }
  }

  /// What the thread does for ever.
  fileprivate func serve() -> Never {
    while true {
      while !moves(from: .offered, to: .running) {
        let end = Self.endOfPatience
        if Self.looks(until: end, { state.load(ordering: .relaxed) == .offered }) { continue }
        if moves(from: .idle, to: .asleep) { wake.wait() }
      }
      items?._withUnsafeGuaranteedRef { $0.work(as: worker) }
      let before = state.exchange(.idle, ordering: .acquiringAndReleasing)
      if before == .awaited { finished.signal() }
    }
  }

  private func moves(from old: State, to new: State) -> Bool {
    state.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
  }

  /// Looks until `isTrue` is, or the clock has reached `end`; returns whether it became true.
  private static func looks(until end: UInt64, _ isTrue: () -> Bool) -> Bool {
    while !isTrue() {
      if DispatchTime.now().uptimeNanoseconds >= end { return false }
      sched_yield()
    }
    return true
  }
}

/// Entry of a new thread; `argument` is the retained ``HelperThread``.
#if canImport(Darwin)
  private func helperThreadMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    pthread_detach(pthread_self())
    Unmanaged<HelperThread>.fromOpaque(argument).takeRetainedValue().serve()
  }
#else
  private func helperThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    pthread_detach(pthread_self())
    Unmanaged<HelperThread>.fromOpaque(argument).takeRetainedValue().serve()
  }
#endif
