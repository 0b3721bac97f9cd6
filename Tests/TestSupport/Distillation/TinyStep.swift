import Distill
import NeRFCore

/// Steps small enough to take apart in a test.
package enum TinyStep {
  package static func input<T: RadianceScalar>(
    _ stage: DistillationStage, as scalar: T.Type = T.self, rays: Int = 16, pool: WorkerPool
  ) throws -> StepInput<T> {
    StepInput(
      stage: stage, featureRate: 0.0017,
      batch: try TinyScene.probe(
        grid: TinyScene.grid(), rays: rays, marchSteps: 16, pool: pool), background: [1, 0.5, 0.25])
  }
}
