import ArgumentParser
import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore
import SceneIO

/// Distils with every variant and seed: what `pvd ablate` does.
///
/// Runs that are done are not repeated, and one that was cut short goes on where it was saved, so the same call
/// again continues a sweep.
struct AblationSweep {
  /// What all runs share; its folder and seed do not count.
  var base: DistillationRun
  var folder: AblationFolder
  var variants: [AblationPlan.Variant]
  var seeds: Int
  var shard: Shard

  private var console: Console { base.console }

  /// - Throws: ExitCode 130 when interrupted, 1 if a run had no result.
  func perform() throws {
    // A sweep goes on with what is there; only foreign files are in the way.
    try folder.output.check(overwrite: true)
    let plan = AblationPlan(setup: try setup(), variants: variants, seeds: seeds)
    if let earlier = try folder.plan() {
      try plan.requireSameSetup(as: earlier, in: folder.url)
    }
    try folder.output.make()
    try folder.write(plan)
    let own = shard.part(of: plan.runs)
    announce(plan, own: own.count)
    var failures = 0
    for (number, run) in own.enumerated() {
      let title = "run \(number + 1) of \(own.count): \(run.variant.name), seed \(run.seed)"
      console.emit("run", ["variant": run.variant.name, "seed": "\(run.seed)"])
      if try folder.result(of: run) != nil {
        console.say("\(title) is done already")
        continue
      }
      console.say("\n" + console.bold(title))
      do {
        guard try distillation(run).perform() != .interrupted else {
          Console.complain("pvd: interrupted; the same call goes on")
          throw ExitCode(CommandFailure.interrupted)
        }
      } catch let failure as CommandFailure where failure.code == CommandFailure.badResult {
        // The other runs can still tell something.
        Console.complain("pvd: \(failure.message)")
        failures += 1
      }
    }
    console.say()
    try AblationReport(plan, folder).finish(console)
    if failures > 0 { throw ExitCode(CommandFailure.badResult) }
  }

  private func announce(_ plan: AblationPlan, own: Int) {
    var text = "\(plan.variants.count) variants, \(plan.seeds) seeds"
    if own < plan.runs.count {
      text += "; \(own) of \(plan.runs.count) runs are in part \(shard.index) of \(shard.count)"
    }
    console.say(text)
    if let psnr = plan.setup.teacherPSNR {
      console.say("the teacher has PSNR \(decimal(psnr)) dB on the test views")
    }
  }

  private func distillation(_ run: AblationPlan.Run) -> DistillationRun {
    var distillation = base
    distillation.request.out = folder.folder(of: run)
    distillation.request.mode = .resume
    distillation.request.seed = run.seed
    distillation.options.activeLearning = .some(run.variant.activeLearning)
    return distillation
  }

  private func setup() throws -> AblationPlan.Setup {
    let loaded = try Checkpoint.load(base.teacher)
    var settings = base.request.distillerSettings(base.architecture, saved: nil)
    base.options.apply(to: &settings)
    settings.seed = 0
    settings.activeLearning = nil
    let configuration = base.chosenConfiguration(saved: nil, settings: settings)
    _ = try configuration.parameterShapes(frame: loaded.field.frame)
    var inputs = [
      "teacher": Fingerprint.of(loaded.field),
      "poses": (base.options.poses ?? PosePlan()).description,
      "inherit": "\(base.options.inherits ?? true)",
      "eval-every": base.request.evalEvery.map { "\($0)" } ?? "default",
    ]
    var psnr: Double?
    if let views = try base.testViews(scale: base.scale(loaded, saved: nil)) {
      inputs["test views"] = Fingerprint.of(views.dataset)
      inputs["eval-views"] = "\(views.set.views.count)"
      let teacher = FieldRenderer(
        FieldEvaluator(loaded.field, pool: base.pool), grid: loaded.grid,
        minimumNear: Float(settings.minimumNear))
      psnr = MeanScore(try teacher.scores(views.set)).psnr
    }
    return AblationPlan.Setup(
      settings: settings, configuration: configuration, seconds: base.request.seconds,
      inputs: inputs, teacherPSNR: psnr)
  }
}
