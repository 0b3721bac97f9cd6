import ArgumentParser
import CommandSupport
import Distill
import Foundation
import NeRFCore
import SceneIO

/// Where the virtual cameras of a distillation stand, as the command line names it.
enum PoseChoice: String, CaseIterable {
  /// Random, around a small object.
  case synthetic
  /// Random, low around a large object.
  case tank
  /// Random, in the box of the training cameras.
  case forward
  /// Random, as far from an object as the training cameras.
  case syntheticFit = "synthetic-fit"
  /// Random, as far and as high as the training cameras.
  case tankFit = "tank-fit"
  /// Random, in a wider box of the training cameras, turned a little.
  case forwardTurned = "forward-turned"
  /// Those of the training photographs.
  case scene

  /// Whether they are drawn, so that those of photographs can join them.
  var isRandom: Bool { self != .scene }
  /// Whether they depend on the cameras of a scene.
  var needsScene: Bool { self != .synthetic && self != .tank }
}

/// The virtual cameras of a run: a choice, whether the photographs' cameras join every epoch, and which
/// photographs these are.
///
/// Written `synthetic`, `synthetic+scene` or `synthetic+scene@trainval`. PVD-AL's options
/// `use_real_data_for_train` (`scene`), `curri_contain_real_train` (`+scene`) and
/// `use_trainval_data_for_train` (`@trainval`).
struct PosePlan: ExpressibleByArgument, Equatable, CustomStringConvertible {
  var choice = PoseChoice.synthetic
  var addsScene = false
  var split = DatasetSplit.train

  init() {}

  init?(argument: String) {
    let halves = argument.split(separator: "@", omittingEmptySubsequences: false)
    guard let name = halves.first, halves.count <= 2 else { return nil }
    if halves.count == 2 {
      guard halves[1] == DatasetSplit.trainval.rawValue else { return nil }
      split = .trainval
    }
    addsScene = name.hasSuffix("+scene")
    guard let choice = PoseChoice(rawValue: String(addsScene ? name.dropLast(6) : name)) else {
      return nil
    }
    self.choice = choice
    guard choice.isRandom || !addsScene, needsScene || split == .train else { return nil }
  }

  static var allValueStrings: [String] {
    PoseChoice.allCases.map(\.rawValue) + ["synthetic+scene", "scene@trainval"]
  }

  var description: String {
    choice.rawValue + (addsScene ? "+scene" : "") + (split == .trainval ? "@trainval" : "")
  }

  /// Whether they depend on the cameras of a scene.
  var needsScene: Bool { addsScene || choice.needsScene }

  /// The cameras.
  ///
  /// - Parameters:
  ///   - cameras: Loads the photographs of a split; nil without a scene.
  ///   - scale: Scene units per unit of the data set.
  /// - Throws: ``CommandFailure`` without the scene they depend on.
  func source(
    scale: Double, cameras: (DatasetSplit) throws -> SceneDataset?
  ) throws -> PoseSource {
    guard needsScene else { return .random(try set(around: [], scale: scale), scale: scale) }
    guard let dataset = try cameras(split) else {
      throw CommandFailure(
        "--poses \(self)", fact: "it needs the cameras of a scene",
        fix: "Add --scene, or choose --poses synthetic.")
    }
    let poses = dataset.frames.map(\.camera.pose)
    guard choice.isRandom else { return .given(poses) }
    return .random(
      try set(around: poses.map(\.center), scale: scale), scale: scale,
      adding: addsScene ? poses : [])
  }

  private func set(around centers: [SIMD3<Double>], scale: Double) throws -> RandomPoseSet {
    switch choice {
    case .synthetic, .scene: .synthetic
    case .tank: .tank
    case .forward: .forwardFacing(trainingCenters: centers)
    case .syntheticFit: try .synthetic(around: centers, scale: scale)
    case .tankFit: try .tank(around: centers, scale: scale)
    case .forwardTurned: .forwardFacingTurned(trainingCenters: centers)
    }
  }
}
