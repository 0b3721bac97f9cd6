import NeRFCore

/// The samples of a dump as a batch, and where its rows and rays stand in the dump.
///
/// Programs that hand out rows with atomic counters list rays in the order in which they arrived. A batch has
/// its rays in the order of their rows; rays without rows, and those that the buffer had no room for, come last.
struct DumpedSamples {
  let batch: SampleBatch
  /// For every ray of the batch, its row in arrays of the dump.
  let rays: [Int]
  /// Rays whose rows the buffer had no room for.
  let dropped: Set<Int>

  /// - Throws: ``ShapeError`` or ``ValueError`` naming the array that is missing or does not fit.
  init(_ dump: StepDump) throws {
    func needed(_ name: String, _ columns: Int, count: Int? = nil) throws -> [[Double]] {
      guard let values = try dump.columns(name, columns, count: count) else {
        throw ValueError(
          in: "StepDump", name, expected: "an array beside in.xyzs", actual: "nothing",
          fix: "Dump in.xyzs, in.dirs, in.deltas and in.rays together, or none of them.")
      }
      return values
    }
    let positions = try needed("in.xyzs", 3)
    let count = positions[0].count
    let directions = try needed("in.dirs", 3, count: count)
    let deltas = try needed("in.deltas", 2, count: count)
    let spans = try Self.spans(try needed("in.rays", 3), rows: count)
    rays = spans.map(\.ray)
    dropped = Set(spans.filter(\.isDropped).map(\.ray))
    func floats(_ values: [Double]) -> [Float] { values.map { Float($0) } }
    batch = try SampleBatch(
      positions: positions.map(floats), directions: directions.map(floats),
      deltas: floats(deltas[0]), gaps: floats(deltas[1]),
      spans: spans.map { RaySpan(offset: $0.offset, count: $0.count) })
  }

  private struct Span {
    var ray: Int
    var offset: Int
    var count: Int
    var isDropped = false
  }

  private static func spans(_ columns: [[Double]], rows: Int) throws -> [Span] {
    let number = columns[0].count
    var spans: [Span] = []
    var seen = Set<Int>()
    for index in 0..<number {
      let values = columns.map { Int(exactly: $0[index]) }
      guard let ray = values[0], let offset = values[1], let count = values[2],
        (0..<number).contains(ray), seen.insert(ray).inserted, offset >= 0, count >= 0
      else {
        throw ValueError(
          in: "StepDump", "in.rays[\(index)]",
          expected: "a ray from 0 to \(number - 1), named once, an offset and a count",
          actual: "\(columns.map { $0[index] })",
          fix: "Dump the array that the march filled, as integers.")
      }
      // Compared this way round, because offset + count may overflow.
      let isDropped = count > 0 && (offset > rows || count > rows - offset)
      spans.append(
        Span(ray: ray, offset: offset, count: isDropped ? 0 : count, isDropped: isDropped))
    }
    return spans.sorted {
      ($0.count == 0 ? 1 : 0, $0.count == 0 ? $0.ray : $0.offset)
        < ($1.count == 0 ? 1 : 0, $1.count == 0 ? $1.ray : $1.offset)
    }
  }
}
