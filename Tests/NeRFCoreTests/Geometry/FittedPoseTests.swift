import NeRFCore
import RealModule
import TestSupport
import Testing

@Suite("Poses like those of training cameras")
struct FittedPoseTests {
  private func length(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }

  private func elevation(_ pose: CameraPose) -> Double {
    Double.asin(pose.center.y / length(pose.center)) * 180 / .pi
  }

  /// Centres at a distance and a height above the horizon, in degrees.
  private func center(_ distance: Double, _ elevation: Double) -> SIMD3<Double> {
    let e = elevation * Double.pi / 180
    return SIMD3(distance * Double.cos(e), distance * Double.sin(e), 0)
  }

  @Test("around an object have their radii, widened by a hundredth")
  func synthetic() throws {
    let centers = [center(1.5, 10), center(2.1, 40), center(1.8, 70)]
    let set = try RandomPoseSet.synthetic(around: centers, scale: 0.5)
    guard case .syntheticAt(let radii) = set else {
      Issue.record("\(set)")
      return
    }
    #expect(radii.lowerBound.isClose(to: 2.99, .reference))
    #expect(radii.upperBound.isClose(to: 4.21, .reference))
    #expect(set.count == 312)
    let fixed = RandomPoseSet.Options(fixedRandomPoseScale: true)
    let poses = try set.poses(seed: 3, epoch: 0, scale: 0.5)
    // The scale of the cameras is known, whatever the switch says.
    #expect(try set.poses(seed: 3, epoch: 0, scale: 0.5, options: fixed) == poses)
    let distances = poses.map { length($0.center) }
    #expect(distances.allSatisfy { (0.5 * 2.99 - 1e-9...0.5 * 4.21 + 1e-9).contains($0) })
    #expect((distances.max() ?? 0) - (distances.min() ?? 0) > 0.55)
    #expect(poses.allSatisfy { $0.center.y >= 0 })
    // Directions are those of the set with one radius.
    let plain = try RandomPoseSet.synthetic.poses(seed: 3, epoch: 0, scale: 0.5)
    for (a, b) in zip(poses, plain) {
      let (x, y) = (a.center / length(a.center), b.center / length(b.center))
      #expect(length(x - y) < 1e-9)
    }
  }

  @Test("around a large object have their elevations, from the 5th to the 95th percentile")
  func tank() throws {
    // 21 elevations 10, 11, …, 30: the percentiles are 11 and 29.
    let centers = (10...30).map { center(2, Double($0) + 1e-7) }
    let set = try RandomPoseSet.tank(around: centers, scale: 1)
    guard case .tankAt(let radii, 20, 10..<30) = set else {
      Issue.record("\(set)")
      return
    }
    #expect(radii.lowerBound.isClose(to: 1.99, .reference))
    #expect(radii.upperBound.isClose(to: 2.01, .reference))
    // (90 − a) div 15 + 1 for a from 10 to 29, and the first: 6 for 10…15, 5 for 16…29.
    #expect(set.count == 1 + 6 * 6 + 14 * 5)
    let poses = try set.poses(seed: 1, epoch: 4, scale: 1)
    #expect(poses.count == set.count)
    // Down to 5 − a in the released parametrisation: from the horizon's side of each band.
    #expect(poses.allSatisfy { (0...30).contains(elevation($0)) })
    // Between two cameras the percentile is interpolated.
    let two = try RandomPoseSet.tank(
      around: [center(2, 10 + 1e-7), center(2, 30 + 1e-7)], scale: 1)
    guard case .tankAt(_, 20, 10..<30) = two else {
      Issue.record("\(two)")
      return
    }
  }

  @Test("facing forward stand in a wider box, look at (0, 0, −½), and are turned a little")
  func forward() throws {
    let centers = [SIMD3(0.3, 0.2, -1.0), SIMD3(-0.7, 0.1, -1.2), SIMD3(0, 0.05, -1.1)]
    let set = RandomPoseSet.forwardFacingTurned(trainingCenters: centers)
    let poses = try set.poses(seed: 1, epoch: 0, scale: 1)
    #expect(poses.count == 30 && set.count == 30)
    var angles: [Double] = []
    for pose in poses {
      // Extent 1, so 0.1 above and 0.11 below; 0.2 in z.
      #expect((-0.81 - 1e-9...0.4 + 1e-9).contains(pose.center.x))
      #expect((-1.2 - 0.022 - 1e-9 ... -1.0 + 0.02 + 1e-9).contains(pose.center.z))
      let axis = SIMD3(pose.matrix[2], pose.matrix[6], pose.matrix[10])
      let aim = SIMD3(0, 0, -0.5) - pose.center
      angles.append(Double.acos(min(1, (axis * aim).sum() / length(aim))) * 180 / .pi)
    }
    // Three turns of at most 9 degrees.
    #expect(angles.allSatisfy { $0 < 16 } && (angles.max() ?? 0) > 5)
    let options = RandomPoseSet.Options(llffElementFlip: true)
    let released = try set.poses(seed: 1, epoch: 0, scale: 1, options: options)
    for (pose, mirrored) in zip(poses, released) {
      #expect(pose.center == mirrored.center)
      // diag(−1, 1, 1) from the left, and the first axis the other way round.
      for (i, sign) in [1, -1, -1, 0, -1, 1, 1, 0, -1, 1, 1].enumerated() where sign != 0 {
        #expect(mirrored.matrix[i].isClose(to: Double(sign) * pose.matrix[i], .single))
      }
    }
  }

  @Test("need a camera")
  func noCenters() {
    #expect(throws: ValueError.self) { try RandomPoseSet.synthetic(around: [], scale: 1) }
    #expect(throws: ValueError.self) { try RandomPoseSet.tank(around: [], scale: 1) }
    #expect(throws: ValueError.self) {
      try RandomPoseSet.forwardFacingTurned(trainingCenters: []).poses(seed: 0, epoch: 0, scale: 1)
    }
  }
}
