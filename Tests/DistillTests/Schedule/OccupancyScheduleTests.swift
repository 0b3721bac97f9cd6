import Distill
import Testing

@Suite("Occupancy schedule")
struct OccupancyScheduleTests {
  @Test("as published updates every 16 steps, the first sixteen times in full")
  func published() {
    for step in 1...600 {
      let update = OccupancySchedule.published.update(before: step)
      let isDue = (step - 1) % 16 == 0
      #expect(update == (isDue ? step <= 241 ? .full : .partial : nil), "step \(step)")
    }
  }

  @Test("in its sparse form makes five full updates, then one every 64 steps")
  func sparse() {
    let steps = (1...300).filter { OccupancySchedule.sparse.update(before: $0) != nil }
    #expect(steps == [1, 17, 33, 49, 65, 129, 193, 257])
    let full = steps.filter { OccupancySchedule.sparse.update(before: $0) == .full }
    #expect(full == [1, 17, 33, 49, 65])
  }

  @Test(
    "the interval is what lies between two updates", arguments: [(3, 1, 5), (2, 4, 7), (16, 5, 64)])
  func interval(full: Int, count: Int, partial: Int) {
    let schedule = OccupancySchedule(
      fullInterval: full, fullCount: count, partialInterval: partial)
    let updates = (1...600).filter { schedule.update(before: $0) != nil }
    for (update, next) in zip(updates, updates.dropFirst()) {
      // The update comes before the step of its number.
      #expect(schedule.interval(after: update - 1) == next - update, "update before step \(update)")
    }
  }
}
