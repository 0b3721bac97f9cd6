import NeRFCore
import Testing
import Workloads

/// A machine of round numbers.
private struct RoundMachine: MachineRates {
  let arithmetic = 100.0
  func bytesPerSecond(_ kind: MemoryStream.Kind, footprint: Int) -> Double {
    (kind == .updating ? 20 : 10) * (footprint > 1000 ? 1 : 4)
  }
  func randomReads(tableBytes: Int) -> Double { tableBytes > 1000 ? 5 : 50 }
}

@Suite("Bounds")
struct BoundTests {
  @Test("a bound is the sum of its parts at the rates of their sizes, the longest first")
  func sum() {
    var cost = WorkloadCost()
    cost.operations = 100  // 1 s
    cost.streams = [
      MemoryStream(.reading, bytes: 20, footprint: 2000),  // 2 s
      MemoryStream(.reading, bytes: 40, footprint: 500),  // 1 s
      MemoryStream(.updating, bytes: 10, footprint: 2000),  // 0.5 s
    ]
    cost.randomAccesses = [
      RandomAccesses(2, tableBytes: 4000), RandomAccesses(5, tableBytes: 10),  // 0.4 s and 0.1 s
    ]
    let bound = WorkloadBound(cost, on: RoundMachine())
    #expect(bound.seconds == 5)
    #expect(bound.largestPart == 3)
    #expect(
      bound.description == "reading 60 %, arithmetic 20 %, updating 10 %, random reads 10 %")
  }

  @Test("parts below half a percent have a time but no mention")
  func smallParts() {
    var cost = WorkloadCost()
    cost.operations = 1000
    cost.streams = [MemoryStream(.filling, bytes: 0.1, footprint: 2000)]
    let bound = WorkloadBound(cost, on: RoundMachine())
    #expect(bound.parts.count == 2 && bound.seconds > 10)
    #expect(bound.description == "arithmetic 100 %")
  }

  @Test("nothing takes no time")
  func nothing() {
    let bound = WorkloadBound(WorkloadCost(), on: RoundMachine())
    #expect(bound.seconds == 0 && bound.largestPart == 0 && bound.description.isEmpty)
  }

  /// The published figures: 8.59 GFLOP, and 56.7 GFLOP forward.
  @Test("dense layers cost what was published")
  func denseLayers() throws {
    func cost(_ name: String, _ mode: WorkloadMode) throws -> WorkloadCost {
      try #require(WorkloadCatalog.all.first { $0.name == name && $0.mode == mode }).cost
    }
    #expect(try cost("W11", .forward).operations == 8_589_934_592)
    let trunk = try cost("W2", .forward).operations
    #expect(abs(trunk - 56.7e9) < 0.05e9)
    let backward = try cost("W2", .backward).operations
    #expect(backward > 2.9 * trunk && backward < 3 * trunk)
    // Four reads and three writes of twelve million numbers.
    #expect(try cost("W7", .step).bytes == 7 * 4 * 12_239_728)
    // Fourteen levels of half a million rows at most, eight bytes each.
    let tables = try cost("W1", .forward).randomAccesses
    #expect(tables.count == 14 && tables.map(\.tableBytes).max() == 4 << 20)
    #expect(tables.map(\.tableBytes).min() == 8 * 4920)
    #expect(tables.allSatisfy { $0.count == 4.5 * 262_144 })
    // Four runs of 224 bytes, of which one line comes with the access.
    let volume = try cost("W4", .forward)
    #expect(volume.randomAccesses == [RandomAccesses(4 * 262_144, tableBytes: 234_881_024)])
    #expect(
      volume.streams.first
        == MemoryStream(.reading, bytes: 4 * 262_144 * 160, footprint: 234_881_024))
  }

  @Test("every workload has a cost, and backward costs more than forward")
  func order() {
    for entry in WorkloadCatalog.all {
      let bound = WorkloadBound(entry.cost, on: RoundMachine())
      #expect(bound.seconds > 0, "\(entry.name)")
      guard entry.mode == .backward,
        let forward = WorkloadCatalog.all.first(where: {
          $0.name == entry.name && $0.mode == .forward
        })
      else { continue }
      #expect(bound.seconds > WorkloadBound(forward.cost, on: RoundMachine()).seconds)
    }
  }

  @Test("the rates of this machine are plausible, and small tables are faster than large ones")
  func machine() {
    let bounds = MachineBounds(pool: WorkerPool(threads: 1))
    #expect(bounds.arithmetic > 1e8)
    for kind in MemoryStream.Kind.allCases {
      #expect(bounds.bytesPerSecond(kind, footprint: 1 << 25) > 1e8, "\(kind)")
    }
    #expect(
      bounds.bytesPerSecond(.updating, footprint: 1 << 25)
        >= bounds.bytesPerSecond(.copying, footprint: 1 << 25))
    // Places that repeat from round to round would be in the caches and hide the size of the table.
    let small = bounds.randomReads(tableBytes: 1 << 14)
    #expect(small > 2 * bounds.randomReads(tableBytes: 1 << 28))
    #expect(bounds.randomReads(tableBytes: 1 << 14) == small)
  }
}
