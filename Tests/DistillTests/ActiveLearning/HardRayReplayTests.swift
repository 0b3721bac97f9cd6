import Distill
import NeRFCore
import TestSupport
import Testing

@Suite("Replay of hard rays")
struct HardRayReplayTests {
  private func level(share: Double = 0.5, capacity: Int = 6, start: Double = 0) -> HardRayReplay {
    var settings = HardRayReplay.Settings()
    settings.share = share
    settings.capacity = capacity
    settings.start = start
    return HardRayReplay(settings)
  }

  private func moment(_ step: Int, rays: Int, epoch: Int = 1) -> ActiveMoment {
    ActiveMoment(seed: 7, step: step, epoch: epoch, epochs: 10, drawnRays: rays)
  }

  /// A step whose ray i starts at (step, i, 0) and has the error of its place.
  private func rendered(
    _ step: Int, errors: [Float], drawn: Int? = nil, epoch: Int = 1,
    replayed: RayBatch<Float>? = nil
  ) throws -> RenderedStep {
    let count = errors.count
    var origins = [[Float]](repeating: [Float](repeating: 0, count: count), count: 3)
    origins[0] = [Float](repeating: Float(step), count: count)
    origins[1] = (0..<count).map { Float($0) }
    if let replayed {
      for axis in 0..<3 {
        origins[axis].replaceSubrange(count - replayed.count..<count, with: replayed.origins[axis])
      }
    }
    let up = [[Float](repeating: 0, count: count), [Float](repeating: 0, count: count)]
    return RenderedStep(
      moment: moment(step, rays: drawn ?? count, epoch: epoch),
      rays: try RayBatch(
        origins: origins, directions: up + [[Float](repeating: 1, count: count)]),
      student: errors.flatMap { [$0, 0, 0] }, teacher: [Float](repeating: 0, count: 3 * count),
      views: [])
  }

  private func origins(_ level: HardRayReplay) -> [[Float]] {
    (0..<level.count).map { Array(level.pool[6 * $0..<6 * $0 + 2]) }
  }

  @Test("collects the worst of every step, and draws nothing until the pool is full")
  func filling() throws {
    var level = level()
    var added = level.replay(at: moment(1, rays: 4))
    #expect(added == nil)
    level.observe(try rendered(1, errors: [0.1, 0.4, 0.2, 0.3]))
    #expect(origins(level) == [[1, 1], [1, 3]] && !level.isFull)
    added = level.replay(at: moment(2, rays: 4))
    #expect(added == nil)
    level.observe(try rendered(2, errors: [0.1, 0.1, 0.1, 0.1]))
    level.observe(try rendered(3, errors: [0, 0, 0, 1]))
    #expect(level.isFull && level.count == 6)
    #expect(origins(level)[2...] == [[2, 0], [2, 1], [3, 3], [3, 0]])
  }

  @Test("replaces exactly the rays that were drawn")
  func replacing() throws {
    var level = level()
    for step in 1...3 { level.observe(try rendered(step, errors: [0.1, 0.4, 0.2, 0.3])) }
    let before = origins(level)
    let replayed = level.replay(at: moment(4, rays: 4))
    let added = try #require(replayed)
    let drawn = level.drawn
    #expect(added.count == 2 && Set(drawn).count == 2)
    for (ray, place) in drawn.enumerated() {
      #expect([added.origins[0][ray], added.origins[1][ray]] == before[place])
      #expect(added.directions[2][ray] == 1)
    }
    // Ray 4, a replayed one, is the worst but one.
    level.observe(
      try rendered(4, errors: [0.1, 0.1, 0.9, 0.1, 0.8, 0.2], drawn: 4, replayed: added))
    let after = origins(level)
    #expect(after[drawn[0]] == [4, 2] && after[drawn[1]] == before[drawn[0]])
    for place in 0..<6 where !drawn.contains(place) { #expect(after[place] == before[place]) }
    #expect(level.count == 6)
    // A step that replays nothing changes nothing in a full pool.
    var idle = level
    idle.observe(try rendered(5, errors: [1, 1, 1, 1]))
    #expect(idle.pool == level.pool)
  }

  @Test("draws by seed and step, and starts with the epoch it is told")
  func draws() throws {
    var level = level(capacity: 200)
    for step in 1...100 { level.observe(try rendered(step, errors: [1, 2, 3, 4])) }
    var (first, again) = (level, level)
    let rays = [first.replay(at: moment(9, rays: 40)), again.replay(at: moment(9, rays: 40))]
    #expect(rays[0] == rays[1])
    #expect(first.drawn.count == 20 && Set(first.drawn).count == 20)
    _ = again.replay(at: moment(10, rays: 40))
    #expect(first.drawn != again.drawn)
    // Over many steps every place has its turn.
    var seen = Set<Int>()
    for step in 1...200 {
      _ = again.replay(at: moment(step, rays: 40))
      seen.formUnion(again.drawn)
    }
    #expect(seen.count == 200)

    var late = self.level(start: 0.5)
    late.observe(try rendered(1, errors: [1, 2, 3, 4], epoch: 4))
    #expect(late.count == 0)
    late.observe(try rendered(2, errors: [1, 2, 3, 4], epoch: 5))
    #expect(late.count == 2)
  }

  @Test("continues from its state as if nothing had happened")
  func state() throws {
    var level = level()
    for step in 1...3 { level.observe(try rendered(step, errors: [0.1, 0.4, 0.2, 0.3])) }
    var other = self.level()
    try other.restore(level.state)
    #expect(other == level)
    let rays = [other.replay(at: moment(4, rays: 4)), level.replay(at: moment(4, rays: 4))]
    #expect(rays[0] == rays[1] && rays[0] != nil)
    var bad = level.state
    bad.arrays["rays"]?.append(1)
    #expect(throws: ValueError.self) { try other.restore(bad) }
    bad.arrays["rays"] = [.nan, 1, 2, 3, 4, 5]
    #expect(throws: ValueError.self) { try other.restore(bad) }
  }

  @Test("has the published size: full after 1503 steps of 4096 rays")
  func published() throws {
    let level = HardRayReplay()
    let number = Int(level.settings.share * 4096)
    #expect(number == 409 && (level.settings.capacity + number - 1) / number == 1503)
    #expect(level.memoryLimit(drawnRays: 4096) == (614_400 + 409) * 24)
  }
}
