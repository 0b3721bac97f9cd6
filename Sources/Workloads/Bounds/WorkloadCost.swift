import NeRFCore

/// Bytes that a piece of work moves in the order in which they lie.
public struct MemoryStream: Equatable, Sendable {
  /// What is done with them.
  public enum Kind: String, Sendable, CaseIterable {
    /// They are read.
    case reading
    /// They are written over, whatever they were.
    case filling
    /// Half of them are read, the other half written over.
    case copying
    /// Four arrays are read, and three of them written back in place, as by an optimiser.
    case updating
  }

  /// What is done with the bytes.
  public var kind: Kind
  /// How many there are, reads plus writes.
  public var bytes: Double
  /// Bytes that take turns in the caches while the work repeats; decides which memory is met.
  public var footprint: Int

  /// A stream within a working set.
  public init(_ kind: Kind, bytes: Double, footprint: Double) {
    self.kind = kind
    self.bytes = bytes
    self.footprint = Int(footprint)
  }
}

/// Reads at random places of one table, eight bytes each.
public struct RandomAccesses: Equatable, Sendable {
  /// How many.
  public var count: Double
  /// The size of the table in bytes.
  public var tableBytes: Int

  /// Reads of a table.
  public init(_ count: Double, tableBytes: Int) {
    self.count = count
    self.tableBytes = tableBytes
  }
}

/// What one call of a workload costs, counted from its shapes.
///
/// Only what the task needs is counted, not what this program happens to do: intermediate results may
/// stay in registers, an interpolated value is read once for both directions, and a gradient that is
/// added to costs no more than its read.
public struct WorkloadCost: Equatable, Sendable {
  /// Floating-point operations, two per multiply-add.
  public var operations = 0.0
  /// What is read and written in order.
  public var streams: [MemoryStream] = []
  /// What is read anywhere.
  public var randomAccesses: [RandomAccesses] = []

  /// Nothing yet.
  public init() {}

  /// Bytes of all streams.
  public var bytes: Double { streams.reduce(0) { $0 + $1.bytes } }

  /// Adds bytes that are moved in order.
  public mutating func add(_ kind: MemoryStream.Kind, bytes: Double, footprint: Double) {
    streams.append(MemoryStream(kind, bytes: bytes, footprint: footprint))
  }

  /// Adds reads of contiguous runs at random places of a table.
  ///
  /// A run costs one random access, which brings a cache line of 64 bytes; what is left of the run is
  /// read at the pace of reading that table in order.
  public mutating func add(runs: Double, ofBytes length: Double, inTableOf tableBytes: Int) {
    randomAccesses.append(RandomAccesses(runs, tableBytes: tableBytes))
    let rest = max(0, length - 64)
    guard rest > 0 else { return }
    add(.reading, bytes: runs * rest, footprint: Double(tableBytes))
  }

  /// Both, one after the other.
  public static func + (a: WorkloadCost, b: WorkloadCost) -> WorkloadCost {
    var sum = a
    sum.operations += b.operations
    sum.streams += b.streams
    sum.randomAccesses += b.randomAccesses
    return sum
  }

  /// The same work `factor` times, in the same memory.
  public static func * (factor: Double, cost: WorkloadCost) -> WorkloadCost {
    var product = cost
    product.operations *= factor
    for index in product.streams.indices { product.streams[index].bytes *= factor }
    for index in product.randomAccesses.indices { product.randomAccesses[index].count *= factor }
    return product
  }
}
