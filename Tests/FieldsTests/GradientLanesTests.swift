import Fields
import NeRFCore
import Testing

@Suite("Gradient lanes")
struct GradientLanesTests {
  @Test("shares follow each other, cover all pieces once, and none is empty", arguments: 0...300)
  func cover(pieces: Int) {
    let shares = GradientLanes<Float>.shares(of: pieces)
    #expect(shares.flatMap(Array.init) == Array(0..<pieces))
    #expect(shares.allSatisfy { !$0.isEmpty })
    #expect(shares.count <= GradientLanes<Float>.count)
  }

  @Test("twelve shares of a sixteenth, six of half of that, six of a third of that")
  func sizes() {
    let shares = GradientLanes<Float>.shares(of: 960)
    #expect(
      shares.map(\.count)
        == [Int](repeating: 60, count: 12) + [Int](repeating: 30, count: 6)
        + [Int](repeating: 10, count: 6))
    // Few pieces: one each.
    #expect(GradientLanes<Float>.shares(of: 8).map(\.count) == [Int](repeating: 1, count: 8))
  }

  /// A thread that is 1.5 times as slow as the other one waits, or lets it wait, for a hundredth of the work
  /// of both at most, in whatever order they come.
  @Test("two threads of different speed end within one small share of each other", arguments: 0..<8)
  func balance(step: Int) {
    let durations = [1.0, 1 + Double(step) / 14]
    var clock = [0.0, 0.0]
    for share in GradientLanes<Float>.shares(of: 9600) {
      let worker = clock[0] <= clock[1] ? 0 : 1
      clock[worker] += Double(share.count) * durations[worker]
    }
    #expect(abs(clock[0] - clock[1]) <= 100 * durations[1])
  }

  @Test("open lanes are added in order, cleared and closed")
  func reduce() {
    let parameter = Parameter<Float>(name: "weight", shape: [3])
    let lanes = GradientLanes([parameter])
    let pool = WorkerPool(threads: 2)
    parameter.gradient.fill(0)
    lanes.open(2)
    lanes.open(1)
    for lane in 0..<2 {
      let sum = lanes.lane(lane).sum(of: 0)
      for i in 0..<3 { sum[i] = Float(10 * lane + i + 1) }
    }
    lanes.reduce(into: [parameter], pool: pool)
    #expect(parameter.gradient.array == [12, 14, 16])
    // Nothing is open, and nothing was left behind.
    lanes.reduce(into: [parameter], pool: pool)
    lanes.open(GradientLanes<Float>.count)
    lanes.reduce(into: [parameter], pool: pool)
    #expect(parameter.gradient.array == [12, 14, 16])
  }
}
