import NeRFCore
import Synchronization
import Testing

@Suite("Worker pool")
struct WorkerPoolTests {
  @Test(
    "every item is done once, by a worker below the number of threads", arguments: [1, 2, 3, 8])
  func everyItem(threads: Int) {
    let pool = WorkerPool(threads: threads)
    for count in [0, 1, 2, 7, 1000] {
      let done = AlignedBuffer<Int32>(count: max(count, 1), repeating: 0)
      let outOfRange = Atomic<Int>(0)
      pool.forEach(count) { item, worker in
        if worker < 0 || worker >= pool.threads { outOfRange.add(1, ordering: .relaxed) }
        done.base[item] += 1
      }
      #expect(done.array.prefix(count).allSatisfy { $0 == 1 })
      #expect(outOfRange.load(ordering: .relaxed) == 0)
    }
  }

  @Test("two items never share a worker number at a time")
  func workersAreExclusive() {
    let pool = WorkerPool(threads: 3)
    let busy = (0..<3).map { _ in AlignedBuffer<Int32>(count: 16, repeating: 0) }
    let clashes = Atomic<Int>(0)
    pool.forEach(2000) { item, worker in
      // Each item marks its worker's slot and finds its own mark after some work.
      busy[worker].base[0] = Int32(item)
      var sum = 0.0
      for i in 0..<200 { sum += Double(i * item).squareRoot() }
      if busy[worker].base[0] != Int32(item) || sum < 0 { clashes.add(1, ordering: .relaxed) }
    }
    #expect(clashes.load(ordering: .relaxed) == 0)
  }

  @Test("ranges cover everything without overlap", arguments: [0, 1, 99, 100, 101, 1000])
  func ranges(count: Int) {
    let covered = AlignedBuffer<Int32>(count: max(count, 1), repeating: 0)
    WorkerPool(threads: 2).forEachRange(count, size: 100) { range, _ in
      for i in range { covered.base[i] += 1 }
    }
    #expect(covered.array.prefix(count).allSatisfy { $0 == 1 })
  }

  @Test("no number of threads means one per processor; fewer than one means one")
  func threadCounts() {
    #expect(WorkerPool().threads == WorkerPool.processorCount)
    #expect(WorkerPool(threads: 0).threads == 1 && WorkerPool(threads: -3).threads == 1)
  }
}
