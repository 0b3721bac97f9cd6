import ArgumentParser
import CommandSupport
import Distill
import Fields
import Foundation
import NeRFCore

/// One measurement of `pvd bench --end-to-end`, which runs this command as a child.
package struct BenchMeasureCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "bench-measure",
    abstract: "Take one measurement of \"pvd bench --end-to-end\" and print it as JSON.",
    shouldDisplay: false)

  package init() {}

  /// What is measured.
  enum Kind: String, ExpressibleByArgument {
    case train
    case render
    case distill
  }

  @Argument var kind: Kind
  @Option var checkpoint: String
  @Option var threads: Int
  @Option var seconds: Double
  @Option var preset: Preset
  @Option var field: Architecture = .hash
  @Option var scene = ""
  @Option var target = 0.0
  @Option var limit = 0.0
  @Option var size = 200
  @Option var stage = 1

  package func validate() throws {
    guard (1...1024).contains(threads), (0...3600).contains(seconds), (1...8192).contains(size),
      (1...3).contains(stage)
    else { throw ValidationError("This command is for \"pvd bench --end-to-end\".") }
  }

  package func run() throws {
    let console = Console(json: true)
    let measurement = EndToEndMeasurement(
      preset: preset, seconds: seconds, pool: WorkerPool(threads: threads),
      checkpoint: URL(fileURLWithPath: checkpoint))
    switch kind {
    case .train:
      console.emit(
        "train",
        try measurement.training(
          field, scene: URL(fileURLWithPath: scene), target: target, limit: limit))
    case .render: console.emit("render", try measurement.rendering(size: size, limit: limit))
    case .distill:
      guard let stage = DistillationStage(rawValue: stage) else { return }
      console.emit("distill", try measurement.distillation(field, stage: stage))
    }
  }
}
