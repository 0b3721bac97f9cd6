import NeRFCore
import Testing
import Workloads

@Suite("Workloads")
struct WorkloadsTests {
  @Test("the generator gives the published numbers")
  func generator() {
    let random = WorkloadRandom(seed: 101)
    #expect((0..<4).map(random.unit) == [0.7306378, 0.6988131, 0.9145151, 0.4269609])
    let directions = WorkloadRandom(seed: 402).directions(2)
    for (axis, expected) in [
      [0.66990405, -0.5519176], [0.67456764, 0.412214], [0.31014037, 0.7248907],
    ].enumerated() {
      for (value, number) in zip(directions[axis], expected) {
        #expect(abs(Double(value) - number) < 1e-7)
      }
    }
  }

  @Test("a timing is the median of its repetitions")
  func timing() {
    let timing = Timing(durations: [3, 1, 2, 10])
    #expect(timing.median == 2.5 && timing.minimum == 1 && timing.spread == 9 / 2.5)
    var calls = 0
    let measured = Timing(seconds: 0) { calls += 1 }
    #expect(measured.durations.count == 7 && calls > 9)
  }

  @Test("a training step takes the same loss down with one thread and two")
  func step() throws {
    var losses: [[Double]] = []
    for threads in [1, 2] {
      let workload = try HashTrainingStep<Float>(
        .step, size: .full, pool: WorkerPool(threads: threads))
      losses.append(
        try (0..<3).map { _ in
          try workload.run()
          return workload.loss
        })
    }
    #expect(losses[0] == losses[1])
    #expect(losses[0][2] < losses[0][0] && losses[0][0] < 0.5)
  }

  @Test("fast and generic paths agree on every workload", arguments: WorkloadCatalog.all)
  func agreement(entry: WorkloadEntry) throws {
    let check = try entry.check(pool: WorkerPool(threads: 2))
    #expect(check.passes, "\(entry.name) \(entry.mode): \(check)")
    #expect(!check.worst.isEmpty)
  }

  @Test("every published workload is there, in its modes")
  func catalog() {
    let names = WorkloadCatalog.all.map { "\($0.name) \($0.mode.rawValue)" }
    #expect(
      names == [
        "W1 fwd", "W1 bwd", "W2 fwd", "W2 bwd", "W3 fwd", "W3 bwd", "W4 fwd", "W4 bwd", "W5 fwd",
        "W5 bwd", "W6 fwd", "W6 bwd", "W7 step", "W8 step", "W9vm step", "W9mlp step", "W10 fwd",
        "W11 fwd",
      ])
  }
}
