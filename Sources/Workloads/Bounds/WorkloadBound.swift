/// What a machine can do at most.
public protocol MachineRates {
  /// Operations a second of the instruction set in use.
  var arithmetic: Double { get }
  /// Bytes a second of a stream within a working set.
  func bytesPerSecond(_ kind: MemoryStream.Kind, footprint: Int) -> Double
  /// Reads a second of eight bytes at random places of a table.
  func randomReads(tableBytes: Int) -> Double
}

/// The shortest time a machine needs for a cost, and what it is made of.
///
///     t = Σ operations / arithmetic + Σ bytes / rate of the stream + Σ reads / rate of random reads
///
/// one after another: a program that overlaps them can be faster than `t`, never faster than the largest
/// part.
public struct WorkloadBound: Equatable, Sendable {
  /// One part of the time.
  public struct Part: Equatable, Sendable {
    /// For example "arithmetic".
    public let name: String
    /// Its time, in seconds.
    public let seconds: Double
  }

  /// The parts that take time, the longest first.
  public let parts: [Part]

  /// Divides a cost by rates.
  public init(_ cost: WorkloadCost, on machine: some MachineRates) {
    var times: [(name: String, seconds: Double)] = []
    func add(_ name: String, _ seconds: Double) {
      if let index = times.firstIndex(where: { $0.name == name }) {
        times[index].seconds += seconds
      } else if seconds > 0 {
        times.append((name, seconds))
      }
    }
    if cost.operations > 0 { add(Self.arithmetic, cost.operations / machine.arithmetic) }
    for stream in cost.streams where stream.bytes > 0 {
      add(
        stream.kind.rawValue,
        stream.bytes / machine.bytesPerSecond(stream.kind, footprint: stream.footprint))
    }
    for access in cost.randomAccesses where access.count > 0 {
      add("random reads", access.count / machine.randomReads(tableBytes: access.tableBytes))
    }
    // Parts of equal length keep their order.
    parts = times.enumerated()
      .sorted { ($1.element.seconds, $0.offset) < ($0.element.seconds, $1.offset) }
      .map { Part(name: $0.element.name, seconds: $0.element.seconds) }
  }

  /// All parts one after another, in seconds.
  public var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }

  /// The same where arithmetic takes `slowdown` times as long, because others use the processors too.
  public func seconds(slowdown: Double) -> Double {
    parts.reduce(0) { $0 + $1.seconds * ($1.name == Self.arithmetic ? slowdown : 1) }
  }

  private static let arithmetic = "arithmetic"

  /// The longest part, which no overlap can hide, in seconds.
  public var largestPart: Double { parts.first?.seconds ?? 0 }

  /// For example "arithmetic 82 %, copying 18 %"; parts below half a percent are left out.
  public var description: String {
    let total = seconds
    return parts.filter { $0.seconds >= 0.005 * total }
      .map { "\($0.name) \(Int((100 * $0.seconds / total).rounded())) %" }
      .joined(separator: ", ")
  }
}
