import ArgumentParser
import Distill
import Foundation

/// Options that only distillations have, whether one or a sweep of them.
struct DistillationFlags: ParsableArguments {
  // Unconditional, because a first of -1 looks like an option.
  @Option(
    parsing: .unconditional,
    help: "First steps of stages 2 and 3, as 2000,5000; a first of -1 leaves out stage 1.")
  var stages: StageBorders?

  @Option(help: "How values are compared: normL2, L2, normL1, L1 or smoothL1.")
  var lossType: LossKind?

  @Option(help: "Behaviour where the released program differs: reference or original.")
  var compat: Compatibility?

  @Option(
    help: "Constants of active learning: published (default), or cpu for runs of some minutes.")
  var activeScale: ActiveLearningSettings.Scale?

  @Option(
    help: ArgumentHelp(
      "A constant of a level, such as ray.capacity=8192 or point.share=0.5.",
      valueName: "name=value"))
  var activeSet: [String] = []

  @Option(help: "Weight of the depths of rays; 0 for no such term.")
  var depthRate: Double?

  @Option(
    help: """
      Where virtual cameras stand: synthetic, tank, forward, scene, or as PVD-AL has them from the scene's cameras \
      synthetic-fit, tank-fit, forward-turned. NAME+scene adds those of the photographs to every epoch; @trainval \
      behind it takes the photographs of train and val.
      """)
  var poses: PosePlan?

  @Flag(inversion: .prefixedNo, help: "Start with the tensors both fields have by name.")
  var inherit: Bool?

  func validate() throws {
    if let depthRate, !(depthRate.isFinite && depthRate >= 0) {
      throw ValidationError("--depth-rate is \(depthRate). Use a number from 0 on.")
    }
  }

  /// A preset of ``Distill/CompatibilityOptions``.
  enum Compatibility: String, ExpressibleByArgument, CaseIterable {
    case reference
    case original

    var options: CompatibilityOptions { self == .original ? .original : .reference }
  }

  /// Everything but the levels of active learning.
  var options: DistillationOptions {
    DistillationOptions(
      stages: stages?.schedule, lossKind: lossType, compatibility: compat?.options,
      depthRate: depthRate, poses: poses, inherits: inherit)
  }
}

extension ActiveLearningSettings.Scale: ExpressibleByArgument {}
