import Distill
import TestSupport
import Testing

@Suite("Stage schedule")
struct StageScheduleTests {
  @Test(
    "changes stage at the published steps",
    arguments: [
      (1, DistillationStage.features), (1999, .features), (2000, .volume), (4999, .volume),
      (5000, .image), (30_000, .image),
    ])
  func published(step: Int, stage: DistillationStage) {
    #expect(StageSchedule.published.stage(of: step, comparesFeatures: true) == stage)
  }

  @Test("has no feature stage where features are not compared")
  func withoutFeatures() {
    let schedule = StageSchedule.published
    #expect(schedule.stage(of: 1, comparesFeatures: false) == .volume)
    #expect(schedule.stage(of: 4999, comparesFeatures: false) == .volume)
    #expect(schedule.stage(of: 5000, comparesFeatures: false) == .image)
  }

  @Test("has no feature stage for a border of −1, as released")
  func negativeBorder() {
    let schedule = StageSchedule(first: -1, second: 5000)
    #expect(schedule.stage(of: 1, comparesFeatures: true) == .volume)
  }

  @Test("of a short run gives a fifteenth to the features and the last fifth to the image")
  func shortRun() {
    let schedule = StageSchedule.short(iterations: 600)
    let stages = (1...600).map { schedule.stage(of: $0, comparesFeatures: true) }
    #expect(stages.count { $0 == .features } == 39)
    #expect(stages.count { $0 == .image } == 120)
    #expect(stages.last == .image)
  }

  @Test("keeps at least one step of every stage in a short run", arguments: [3, 10, 45, 600])
  func veryShortRun(iterations: Int) {
    let schedule = StageSchedule.short(iterations: iterations)
    let seen = Set((1...iterations).map { schedule.stage(of: $0, comparesFeatures: true) })
    #expect(seen == Set(DistillationStage.allCases))
  }

  @Test("evaluates fields up to the features in stage 1 only")
  func detail() {
    #expect(DistillationStage.features.detail == .features)
    #expect(DistillationStage.volume.detail == .full)
    #expect(DistillationStage.image.detail == .full)
  }
}

@Suite("Loss rates")
struct LossRatesTests {
  @Test("are the published ones")
  func published() {
    let rates = LossRates()
    #expect(rates.rgb == 1)
    #expect([rates.features, rates.color, rates.density] == [0.002, 0.002, 0.002])
    #expect(rates.l1 == 1e-4)
  }

  @Test("decay the feature term once per step, before use", arguments: [1, 500, 1000, 1999, 5000])
  func decay(step: Int) {
    var expected = 0.002
    for _ in 0..<step { expected *= 0.995 }
    // The loop rounds once per step: 5000 roundings are 5000 · 1.1e-16.
    #expect(LossRates().featureRate(at: step).isClose(to: expected, .reference))
  }

  /// Both round down to the printed digits.
  @Test("start and end where the released program prints them")
  func printed() {
    #expect(LossRates().featureRate(at: 1).isClose(to: 0.00199, .reference))
    #expect(LossRates().featureRate(at: 5000) < 2.65e-14)
    #expect(LossRates().featureRate(at: 5000) > 2.55e-14)
  }
}
