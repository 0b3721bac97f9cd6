import Dispatch
import NeRFCore
import Synchronization
import Testing

/// What ``WorkerPool`` rests on: threads that are lent, help, sleep and wake.
@Suite("Helper threads")
struct HelperThreadTests {
  private static let pause = DispatchTimeInterval.nanoseconds(
    3 * Int(HelperThread.patience))

  /// Longer than both sides look before they sleep.
  private static func sleepLonger() {
    _ = DispatchSemaphore(value: 0).wait(timeout: .now() + pause)
  }

  @Test("a thread that has gone to sleep wakes for the next offer")
  func wakes() throws {
    let helper = try #require(HelperThread())
    for round in 0..<20 {
      for _ in 0..<5000 where !helper.isAsleep { Self.sleepLonger() }
      #expect(helper.isAsleep, "round \(round)")
      let done = Atomic<Int>(0)
      withoutActuallyEscaping({ (item: Int, worker: Int) in
        done.add(worker == 7 ? item + 1 : 1000, ordering: .relaxed)
      }) { body in
        let items = SharedItems(count: 3, body: body)
        helper.offer(items, worker: 7)
        // Nobody else takes items, so the helper must have woken; seconds are for busy machines.
        for _ in 0..<5000 where done.load(ordering: .relaxed) < 6 { Self.sleepLonger() }
        helper.join(lookingUntil: HelperThread.endOfPatience)
      }
      #expect(done.load(ordering: .relaxed) == 6, "round \(round)")
    }
  }

  @Test("joining waits for an item that takes longer than anybody looks")
  func waits() throws {
    let helper = try #require(HelperThread())
    for _ in 0..<20 {
      let begun = Atomic<Int>(0)
      let ended = Atomic<Int>(0)
      withoutActuallyEscaping({ (_: Int, _: Int) in
        begun.add(1, ordering: .relaxed)
        // Longer than the caller needs to find out that it has begun and to lose patience.
        for _ in 0..<8 { Self.sleepLonger() }
        ended.add(1, ordering: .relaxed)
      }) { body in
        let items = SharedItems(count: 1, body: body)
        helper.offer(items, worker: 1)
        for _ in 0..<5000 where begun.load(ordering: .relaxed) == 0 { Self.sleepLonger() }
        helper.join(lookingUntil: HelperThread.endOfPatience)
      }
      #expect(ended.load(ordering: .relaxed) == 1)
    }
  }

  @Test("after joining, no item of the offer begins any more")
  func takenBack() throws {
    let helper = try #require(HelperThread())
    let late = Atomic<Int>(0)
    for round in 0..<3000 {
      if round % 50 == 0 { Self.sleepLonger() }
      let joined = Atomic<Bool>(false)
      withoutActuallyEscaping({ (_: Int, _: Int) in
        if joined.load(ordering: .relaxed) { late.add(1, ordering: .relaxed) }
      }) { body in
        let items = SharedItems(count: 2000, body: body)
        helper.offer(items, worker: 1)
        if round % 3 == 0 { items.work(as: 0) }
        helper.join(lookingUntil: HelperThread.endOfPatience)
        joined.store(true, ordering: .relaxed)
        // A helper that came late would still find items here.
        for _ in 0..<200 { _ = joined.load(ordering: .sequentiallyConsistent) }
      }
    }
    #expect(late.load(ordering: .relaxed) == 0)
  }

  @Test("phases within items and phases from many threads at once finish, each item once")
  func nestedAndAtOnce() {
    let pool = WorkerPool(threads: 2)
    let (outer, inner) = (6, 40)
    let counts = AlignedBuffer<Int32>(count: 4 * outer * inner, repeating: 0)
    DispatchQueue.concurrentPerform(iterations: 4) { caller in
      for _ in 0..<50 {
        pool.forEach(outer) { item, _ in
          pool.forEach(inner) { part, _ in
            counts.base[(caller * outer + item) * inner + part] += 1
          }
        }
      }
    }
    #expect(counts.array.allSatisfy { $0 == 50 })
  }

  @Test("what one phase wrote, the next one reads, whichever threads they ran on")
  func phasesAreOrdered() {
    let pool = WorkerPool(threads: 2)
    let values = AlignedBuffer<Int32>(count: 64 * 16, repeating: 0)
    for _ in 0..<2000 {
      pool.forEach(64) { item, _ in
        // Items of the next phase read what a neighbour wrote in this one.
        values.base[16 * item] = values.base[16 * ((item + 1) % 64) + 1] + 1
      }
      pool.forEach(64) { item, _ in values.base[16 * item + 1] = values.base[16 * item] }
    }
    #expect((0..<64).allSatisfy { values.base[16 * $0 + 1] == 2000 })
  }

  @Test("a phase runs on two threads at a time")
  func twoAtATime() {
    let begun = Atomic<Int>(0)
    let together = Atomic<Int>(0)
    WorkerPool(threads: 2).forEach(2) { _, _ in
      begun.add(1, ordering: .relaxed)
      // Each item waits for the other one; seconds are for busy machines.
      for _ in 0..<5000 where begun.load(ordering: .relaxed) < 2 { Self.sleepLonger() }
      if begun.load(ordering: .relaxed) == 2 { together.add(1, ordering: .relaxed) }
    }
    #expect(together.load(ordering: .relaxed) == 2)
  }

  @Test("a crew lends no thread twice, takes threads back, and starts no more than its limit")
  func lends() {
    let first = HelperCrew.borrow(2)
    let second = HelperCrew.borrow(2)
    #expect(!first.isEmpty && first.count <= 2 && second.count <= 2)
    #expect(Set((first + second).map(ObjectIdentifier.init)).count == first.count + second.count)
    HelperCrew.giveBack(first)
    HelperCrew.giveBack(second)
    var seen = Set<ObjectIdentifier>()
    for _ in 0..<1000 {
      let borrowed = HelperCrew.borrow(1)
      seen.formUnion(borrowed.map(ObjectIdentifier.init))
      HelperCrew.giveBack(borrowed)
    }
    #expect(!seen.isEmpty && seen.count <= HelperCrew.limit)
    #expect(HelperCrew.borrow(0).isEmpty)
  }
}
