import Distill
import NeRFCore
import RealModule
import TestSupport
import Testing

@Suite("Replay of hard poses")
struct HardPoseReplayTests {
  private let epochs = 60

  /// Poses that are told apart by their centres.
  private func poses(_ epoch: Int, count: Int = 30) -> [CameraPose] {
    (0..<count).map {
      CameraPose.spherical(azimuth: Double($0), elevation: -20, radius: Double(epoch) + 1)
    }
  }

  private func moment(_ epoch: Int) -> ActiveMoment {
    ActiveMoment(seed: 3, step: epoch, epoch: epoch, epochs: epochs, drawnRays: 4)
  }

  /// One image: the error of pose v is v, and poses are visited backwards.
  private func rendered(_ epoch: Int, order: Int, of poses: [CameraPose]) throws -> RenderedStep {
    let view = poses.count - 1 - order
    let zeros = [[Float]](repeating: [0, 0], count: 3)
    return RenderedStep(
      moment: moment(epoch), rays: try RayBatch(origins: zeros, directions: zeros),
      student: [Float](repeating: Float(view), count: 6),
      teacher: [Float](repeating: 0, count: 6),
      views: [
        ActiveView(
          epoch: epoch, order: order, pose: poses[view], poseInStorage: poses[order], rays: 0..<2)
      ])
  }

  /// Runs epochs, and gives the poses of each as they were rendered.
  private func run(_ level: inout HardPoseReplay, _ range: ClosedRange<Int>) throws
    -> [Int: [CameraPose]]
  {
    var result: [Int: [CameraPose]] = [:]
    for epoch in range {
      var poses = poses(epoch)
      level.prepare(&poses, at: moment(epoch))
      result[epoch] = poses
      for order in poses.indices {
        level.observe(try rendered(epoch, order: order, of: poses))
      }
    }
    return result
  }

  @Test(
    "collects the worst of the epoch before, from the fourth epoch on, until there are more than 100"
  )
  func filling() throws {
    var level = HardPoseReplay()
    _ = try run(&level, 1...3)
    #expect(level.pool.isEmpty)
    let third = poses(3)
    var fourth = poses(4)
    level.prepare(&fourth, at: moment(4))
    // 3 of 30, the largest error first; nothing is replayed.
    #expect(level.pool == [third[29], third[28], third[27]] && fourth == poses(4))

    var whole = HardPoseReplay()
    let seen = try run(&whole, 1...38)
    // Published: with 30 poses full at epoch 37 (102 poses), replay from epoch 38.
    var short = HardPoseReplay()
    _ = try run(&short, 1...36)
    #expect(!short.isFull && short.pool.count == 99)
    _ = try run(&short, 37...37)
    #expect(short.isFull && short.pool.count == 102 && short.replayed.isEmpty)
    #expect(seen[37] == poses(37))
    #expect(whole.replayed.count == 3 && whole.pool.count == 102)
    let changed = (0..<30).filter { seen[38]?[$0] != poses(38)[$0] }
    #expect(Set(changed) == Set(whole.replayed.keys))
  }

  @Test(
    "counts replayed rays for an image only as the released code does", arguments: [false, true])
  func replayedRays(counted: Bool) throws {
    var settings = HardPoseReplay.Settings()
    settings.share = 0.5
    settings.firstEpoch = 2
    settings.countsReplayedRays = counted
    var level = HardPoseReplay(settings)
    let poses = poses(1, count: 2)
    for (order, errors) in [[0.2, 0.2, 0], [0.1, 0.1, 0.9]].enumerated() {
      let zeros = [[Float]](repeating: [0, 0, 0], count: 3)
      var moment = moment(1)
      moment.drawnRays = 2
      level.observe(
        RenderedStep(
          moment: moment, rays: try RayBatch(origins: zeros, directions: zeros),
          student: errors.flatMap { [Float](repeating: Float($0), count: 3) },
          teacher: [Float](repeating: 0, count: 9),
          views: [
            ActiveView(
              epoch: 1, order: order, pose: poses[order], poseInStorage: poses[order], rays: 0..<2)
          ]))
    }
    var next = self.poses(2, count: 2)
    level.prepare(&next, at: moment(2))
    #expect(level.pool == [counted ? poses[1] : poses[0]])
  }

  @Test("replays poses of the pool at their centres, turned by at most the angle")
  func replaying() throws {
    var level = HardPoseReplay()
    _ = try run(&level, 1...37)
    let pool = level.pool
    let previous = poses(37)
    var next = poses(38)
    level.prepare(&next, at: moment(38))
    for (place, pose) in level.replayed {
      #expect(next[place] == pose)
      let source = try #require(pool.first { $0.center == pose.center })
      // The trace of Rᵀ R' is 1 + 2 cos of the angle between them: three turns of π/20 at most.
      var trace = 0.0
      for i in 0..<3 {
        for j in 0..<3 { trace += source.matrix[4 * i + j] * pose.matrix[4 * i + j] }
      }
      let angle = Double.acos(min(1, (trace - 1) / 2))
      #expect(angle > 0 && angle < 3 * Double.pi / 20)
    }
    // What was taken from the pool gave way to the worst of the epoch before.
    let fresh = level.pool.filter { !pool.contains($0) }
    #expect(Set(fresh.map(\.center)) == Set(previous[27...].map(\.center)))
    #expect(level.pool.count == pool.count)
    // The same run gives the same poses.
    var again = HardPoseReplay()
    _ = try run(&again, 1...37)
    var same = poses(38)
    again.prepare(&same, at: moment(38))
    #expect(same == next && again == level)
  }

  @Test("pairs errors with other poses as the released code does, if told to")
  func mispairing() throws {
    var settings = HardPoseReplay.Settings()
    settings.pairsInStorageOrder = true
    var level = HardPoseReplay(settings)
    _ = try run(&level, 1...3)
    var fourth = poses(4)
    level.prepare(&fourth, at: moment(4))
    // The worst are seen first, and poses are visited backwards: so the first poses are blamed.
    #expect(level.pool == Array(poses(3)[0..<3]))
  }

  @Test("does nothing in epochs that its interval leaves out, and without a past")
  func interval() throws {
    var settings = HardPoseReplay.Settings()
    settings.interval = 3
    var level = HardPoseReplay(settings)
    _ = try run(&level, 1...5)
    #expect(level.pool.isEmpty)
    _ = try run(&level, 6...8)
    #expect(level.pool.count == 3)
    // An epoch of a stage without pixels shows nothing: the released code crashes there.
    var blind = HardPoseReplay()
    var poses = poses(9)
    blind.prepare(&poses, at: moment(9))
    #expect(poses == self.poses(9) && blind.pool.isEmpty)
  }

  @Test("continues from its state as if nothing had happened", arguments: [3, 37, 40])
  func state(epoch: Int) throws {
    var level = HardPoseReplay()
    _ = try run(&level, 1...epoch)
    var other = HardPoseReplay()
    try other.restore(level.state)
    #expect(other == level)
    let (a, b) = (try run(&level, epoch + 1...epoch + 3), try run(&other, epoch + 1...epoch + 3))
    #expect(a == b && level == other)
    for (name, values) in [("pool", [1.0]), ("observed", [Double](repeating: 0.5, count: 14))] {
      var bad = level.state
      bad.numbers[name] = values
      #expect(throws: ValueError.self) { try other.restore(bad) }
    }
  }

  @Test("turns axes as the product of its matrices does")
  func turning() throws {
    let plain = try CameraPose(matrix: [1, 0, 0, 5, 0, 1, 0, 6, 0, 0, 1, 7])
    let half = Double.pi / 2
    func axes(_ pose: CameraPose) -> [Double] {
      (0..<9).map { (pose.matrix[4 * ($0 / 3) + $0 % 3]).rounded() + 0 }
    }
    #expect(axes(plain.turned(roll: half, pitch: 0, yaw: 0)) == [1, 0, 0, 0, 0, -1, 0, 1, 0])
    #expect(axes(plain.turned(roll: 0, pitch: half, yaw: 0)) == [0, 0, 1, 0, 1, 0, -1, 0, 0])
    #expect(axes(plain.turned(roll: 0, pitch: 0, yaw: half)) == [0, -1, 0, 1, 0, 0, 0, 0, 1])
    // R_y first, then R_x, then R_z.
    #expect(
      axes(plain.turned(roll: half, pitch: half, yaw: half))
        == [-1, 0, 0, 0, 0, 1, 0, 1, 0].map { $0 })
    #expect(plain.turned(roll: 0.3, pitch: 0.2, yaw: 0.1).center == plain.center)
  }
}
