public import Distill

extension Finding {
  /// Pools that a run is too short to fill, so that their levels of active learning only collect.
  ///
  /// What a pool gained in the steps so far is carried on to the end of the run.
  ///
  /// - Parameter iterations: Steps of the run.
  public static func pools(
    of record: SelectionRecord, levels: [any ActiveLevel], iterations: Int
  ) -> [Finding] {
    guard let first = record.moments.first, let last = record.moments.last else { return [] }
    let steps = last.step - first.step + 1
    let left = max(0, iterations - last.step)
    func finding(_ level: String, _ what: String, _ count: Int, _ capacity: Int) -> Finding? {
      let reached = Double(count) * (1 + Double(left) / Double(steps))
      guard reached < Double(capacity) else { return nil }
      let limit = Double(capacity) * Double(steps) / Double(max(count, 1))
      let need = count == 0 ? "it would never be full" : "full after about \(Int(limit)) steps"
      return Finding(
        kind: .unfilledPool, subject: level,
        message:
          "After \(steps) steps the pool of level \(level) has \(count) \(what) of \(capacity), and the run "
          + "ends in \(left): \(need), and none is replayed before.")
    }
    return levels.compactMap { level in
      switch level {
      case let level as HardRayReplay where !level.isFull:
        finding(HardRayReplay.name, "rays", last.pooledRays, level.settings.capacity)
      case let level as HardPoseReplay where !level.isFull:
        finding(HardPoseReplay.name, "poses", last.pooledPoses, level.settings.capacity)
      default: nil
      }
    }
  }
}
