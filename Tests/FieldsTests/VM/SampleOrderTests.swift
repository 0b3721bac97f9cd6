import Fields
import NeRFCore
import Testing

@Suite("Samples in the order of the rows they fall in")
struct SampleOrderTests {
  /// Across, along, key, for a plane of 3 rows and 8 columns in 4 parts: texels 0...2 across, parts of two
  /// columns along.
  private static let cells: [(Float, Float, Int32)] = [
    // The centre is row 1 and column 3.5.
    (0, 0, 4 + 1),
    (-1, -1, 0),
    (-0.01, -1, 0),
    (1, 1, 2 * 4 + 3),
    // Column 2 of 0...7, the first of part 1, is at −3/7.
    (-1, -0.428, 1),
    (-1, -0.429, 0),
    // Outside is the border; what is no number is the first texel.
    (-5, 7, 3),
    (.infinity, -.infinity, 2 * 4),
    (.nan, .nan, 0),
  ]

  @Test("keys are row times parts plus part", arguments: cells)
  func keys(across: Float, along: Float, key: Int32) {
    var result: Int32 = -7
    withUnsafePointer(to: across) { across in
      withUnsafePointer(to: along) { along in
        texelKeys(
          rows: across, height: 3, columns: along, width: 8, parts: 4, into: &result, count: 1)
      }
    }
    #expect(result == key)
  }

  @Test(
    "every sample with a key has one place, by key and then by number",
    arguments: [1, 2, 3], [1, 37, 64, 65, 1000, 4097])
  func order(threads: Int, keyCount: Int) {
    let random = CounterRandom(seed: 5, purpose: .initialisation)
    let keys = (0..<5000).map { Int32(random.uniformDouble(at: $0) * Double(keyCount + 3)) - 3 }
    let expected = keys.indices.filter { keys[$0] >= 0 }.sorted {
      (keys[$0], $0) < (keys[$1], $1)
    }
    let places = UnsafeMutablePointer<Int32>.allocate(capacity: 3 * keys.count)
    defer { places.deallocate() }
    let order = SampleOrder(
      keys: keys, keyCount: keyCount, count: keys.count, into: places, room: places + keys.count,
      pool: WorkerPool(threads: threads))
    #expect(order.count == expected.count)
    #expect((0..<order.count).map { Int(order.samples[$0]) } == expected)
    let first = (0...keyCount).map { key in expected.firstIndex { keys[$0] >= key } }
    #expect(order.starts == first.map { $0 ?? expected.count })
  }

  @Test("no samples, or none with a key, are in order", arguments: [0, 5])
  func nothing(count: Int) {
    let keys = [Int32](repeating: -1, count: 8)
    var places = [Int32](repeating: 7, count: 24)
    places.withUnsafeMutableBufferPointer { places in
      let order = SampleOrder(
        keys: keys, keyCount: 100, count: count, into: places.baseAddress!,
        room: places.baseAddress! + 8, pool: WorkerPool(threads: 2))
      #expect(order.count == 0 && order.starts == [Int](repeating: 0, count: 101))
    }
    #expect(places.prefix(8).allSatisfy { $0 == 7 })
  }

  /// Two shares must not write to one row, so a row may not be cut.
  @Test("shares are whole rows and have every sample once", arguments: [1, 3, 16, 100])
  func shares(number: Int) {
    let parts = 4
    let keys = (0..<1000).map { Int32($0 * $0 % 40) }
    let places = UnsafeMutablePointer<Int32>.allocate(capacity: 3 * keys.count)
    defer { places.deallocate() }
    let order = SampleOrder(
      keys: keys, keyCount: 40, count: keys.count, into: places, room: places + keys.count,
      pool: WorkerPool(threads: 1))
    let shares = order.shares(number, of: parts)
    #expect(shares.count <= number)
    #expect(shares.first?.lowerBound == 0 && shares.last?.upperBound == 40)
    for (share, next) in zip(shares, shares.dropFirst()) {
      #expect(share.upperBound == next.lowerBound && share.upperBound.isMultiple(of: parts))
    }
    #expect(shares.reduce(0) { $0 + order.places(of: $1).count } == keys.count)
  }
}
