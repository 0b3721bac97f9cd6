import Distill
import NeRFCore

/// What active learning chooses in one step: rays and samples.
public struct StepSelection: Sendable, Codable, Equatable {
  /// A ray among the hardest.
  public struct HardRay: Sendable, Codable, Equatable {
    /// Number of the ray in the batch.
    public var ray: Int
    /// Σ ∣I_s − I_t∣ over its channels.
    public var error: Double
    /// Whether it was replayed.
    public var isReplayed: Bool
  }

  /// Samples, opaque rays and chosen samples in the eyes of one field.
  public struct Choice: Sendable, Codable, Equatable {
    /// Rays that are opaque enough to choose samples of.
    public var rays: Int
    public var samples: Int
  }

  /// Rays from images, and rays that were replayed behind them.
  public var drawnRays: Int
  public var replayedRays: Int
  /// The rays that go into the pool, the worst first; empty without the level of rays.
  public var hardest: [HardRay] = []
  /// Samples of the step; nil without the level of samples, as are the next four.
  public var samples: Int?
  public var teacher: Choice?
  public var student: Choice?
  /// Samples that are compared: those that either chose.
  public var compared: Int?
  /// For every ray, how many of its samples are compared; empty without the level of samples.
  public var comparedOfRay: [Int] = []

  /// nil before stage 3 and without a level that chooses in a step.
  init?<T: RadianceScalar>(
    _ fields: TracedFields<T>, selection: SampleSelection?, ray: HardRayReplay.Settings?,
    pool: WorkerPool
  ) throws {
    let batch = fields.input.batch
    guard fields.isActive, selection != nil || ray != nil else { return nil }
    let drawn = min(fields.input.drawnRays ?? batch.rayCount, batch.rayCount)
    drawnRays = drawn
    replayedRays = batch.rayCount - drawn
    if let ray {
      let student = try fields.studentRays.pixels(over: fields.input.background)
      let teacher = try fields.teacherRays.pixels(over: fields.input.background)
      hardest = HardRays.hardest(
        share: ray.share, of: drawn, student: student, teacher: teacher
      ).map { ray in
        let error = (3 * ray..<3 * ray + 3).reduce(0.0) {
          $0 + abs(student[$1].double - teacher[$1].double)
        }
        return HardRay(ray: ray, error: error, isReplayed: ray >= drawn)
      }
    }
    guard let selection, let rows = fields.selected else { return }
    func choice(_ rays: CompositedRays<T>) throws -> Choice {
      Choice(
        rays: batch.spans.indices.count {
          batch.spans[$0].count > 0 && rays.opacity[$0].double >= selection.opacity
        },
        samples: try batch.weightiestRows(
          [rays], share: selection.share, opacity: T(selection.opacity), pool: pool
        ).count)
    }
    samples = batch.usedCount
    teacher = try choice(fields.teacherRays)
    student = try choice(fields.studentRays)
    compared = rows.count
    let isCompared = Set(rows)
    comparedOfRay = batch.spans.map { span in
      (span.offset..<span.offset + span.count).count { isCompared.contains($0) }
    }
  }
}
