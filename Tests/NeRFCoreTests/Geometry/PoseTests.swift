import NeRFCore
import TestSupport
import Testing

@Suite("Poses")
struct PoseTests {
  private func determinant(_ m: [Double]) -> Double {
    m[0] * (m[5] * m[10] - m[6] * m[9]) - m[1] * (m[4] * m[10] - m[6] * m[8])
      + m[2] * (m[4] * m[9] - m[5] * m[8])
  }

  private func length(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }

  /// Share of the optical axis of a pose that points at the origin: 1 for a camera that looks at it.
  private func aim(_ pose: CameraPose) -> Double {
    let axis = SIMD3(pose.matrix[2], pose.matrix[6], pose.matrix[10])
    return -(axis * pose.center).sum() / length(pose.center)
  }

  @Test("on a sphere, converted, equal the published example to its six digits")
  func publishedExample() {
    let pose = CameraPose.spherical(azimuth: 37, elevation: -25, radius: 4)
      .convertedFromBlender(scale: 0.8)
    let expected = [
      0.601815, 0.337518, -0.723810, 2.316191, 0, -0.906308, -0.422618, 1.352378,
      -0.798636, 0.254338, -0.545430, 1.745375,
    ]
    let comparison = Comparison(
      "pose", actual: pose.matrix, expected: expected, relative: 0, absolute: 0.5000001e-6)
    #expect(comparison.passed, "\(comparison)")
  }

  @Test("of each random set have the published number, and centres at the published distance")
  func counts() throws {
    #expect(RandomPoseSet.synthetic.count == 312)
    #expect(RandomPoseSet.tank.count == 87)
    for pose in try RandomPoseSet.synthetic.poses(seed: 3, epoch: 0, scale: 0.5) {
      #expect(length(pose.center).isClose(to: 2, .reference))
      // The elevation is never negative: the world's y axis is up.
      #expect(pose.center.y >= 0)
    }
    let tank = try RandomPoseSet.tank.poses(seed: 3, epoch: 0, scale: 1)
    #expect(length(tank[0].center).isClose(to: 4, .reference))
    for pose in tank.dropFirst() { #expect((3...4).contains(length(pose.center))) }
    #expect(Set(tank.dropFirst().map { length($0.center) }).count > 80)
  }

  @Test("of every random set are rotations that look at the origin", arguments: 0..<4)
  func rotations(epoch: Int) throws {
    let centers = [SIMD3(0.3, 0.2, -1.0), SIMD3(-0.4, 0.1, -1.2), SIMD3(0.1, -0.3, -0.9)]
    let sets: [RandomPoseSet] = [.synthetic, .tank, .forwardFacing(trainingCenters: centers)]
    for set in sets {
      for pose in try set.poses(seed: 1, epoch: epoch, scale: 0.8) {
        #expect(determinant(pose.matrix).isClose(to: 1, .single))
        #expect(aim(pose).isClose(to: 1, .single))
        // Image down points down in the world: y of column 1 is negative.
        #expect(pose.matrix[5] < 0)
      }
    }
  }

  @Test("depend on seed and epoch alone")
  func determinism() throws {
    let set = RandomPoseSet.synthetic
    let first = try set.poses(seed: 1, epoch: 2, scale: 0.8)
    #expect(try set.poses(seed: 1, epoch: 2, scale: 0.8) == first)
    #expect(try set.poses(seed: 1, epoch: 3, scale: 0.8) != first)
    #expect(try set.poses(seed: 2, epoch: 2, scale: 0.8) != first)
  }

  @Test("of the released code keep scale 0.8")
  func fixedScale() throws {
    let options = RandomPoseSet.Options(fixedRandomPoseScale: true)
    let fixed = try RandomPoseSet.synthetic.poses(seed: 1, epoch: 0, scale: 0.3, options: options)
    #expect(try fixed == RandomPoseSet.synthetic.poses(seed: 1, epoch: 0, scale: 0.8))
  }

  @Test("forward facing lie in the training box; the released flip leaves no rotation")
  func forwardFacing() throws {
    let centers = [SIMD3(0.3, 0.2, -1.0), SIMD3(-0.4, 0.1, -1.2)]
    let set = RandomPoseSet.forwardFacing(trainingCenters: centers)
    let poses = try set.poses(seed: 1, epoch: 0, scale: 1)
    #expect(poses.count == 30)
    for pose in poses {
      #expect((-0.4 - 2e-6...0.3 + 2e-6).contains(pose.center.x))
      #expect((-1.2 - 2e-6 ... -1.0 + 2e-6).contains(pose.center.z))
    }
    let options = RandomPoseSet.Options(llffElementFlip: true)
    let flipped = try set.poses(seed: 1, epoch: 0, scale: 1, options: options)
    for (pose, flip) in zip(poses, flipped) {
      // forward × (0, −1, 0) is (f_z, 0, −f_x), normalised; then its first element is negated.
      let f = SIMD3(pose.matrix[2], pose.matrix[6], pose.matrix[10])
      let norm = (f.x * f.x + f.z * f.z).squareRoot()
      #expect(flip.matrix[0].isClose(to: -f.z / norm, .single))
      #expect(flip.matrix[8].isClose(to: -f.x / norm, .single))
    }
    // A camera that looks along z is nearly unharmed; most are not.
    #expect(flipped.count { !determinant($0.matrix).isClose(to: 1, .framework) } > 20)
  }

  @Test("forward facing without training cameras are refused")
  func noCenters() {
    #expect(throws: ValueError.self) {
      try RandomPoseSet.forwardFacing(trainingCenters: []).poses(seed: 0, epoch: 0, scale: 1)
    }
  }

  @Test("looking straight down are still rotations")
  func straightDown() {
    let pose = CameraPose.looking(from: SIMD3(0, 2, 0), at: SIMD3())
    #expect(determinant(pose.matrix).isClose(to: 1, .single))
    #expect(aim(pose).isClose(to: 1, .single))
  }
}
