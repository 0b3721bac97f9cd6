import NeRFCore
import TestSupport
import Testing

@Suite("AdamW and its schedule")
struct AdamWTests {
  @Test("the default run's schedule has the known values, and rises again behind its end")
  func cosineValues() {
    let schedule = LearningRateSchedule.cosine(iterations: 29952, minimum: 7e-5)
    #expect(schedule.rate(initial: 0.01, after: 0) == 0.01)
    // Seven digits are given.
    #expect(Float(schedule.rate(initial: 0.01, after: 1000)).isClose(to: 0.009972714, .single))
    #expect(schedule.rate(initial: 0.01, after: 14976).isClose(to: 0.005035, .reference))
    #expect(schedule.rate(initial: 0.01, after: 29952).isClose(to: 7e-5, .reference, scale: 0.01))
    #expect(schedule.rate(initial: 0.01, after: 40000) > 7e-5)
  }

  @Test("the exponential schedule reaches its factor and stays there")
  func exponential() {
    let schedule = LearningRateSchedule.exponential(iterations: 100, factor: 0.1)
    #expect(schedule.rate(initial: 2, after: 0) == 2)
    #expect(schedule.rate(initial: 2, after: 50).isClose(to: 2 * 0.1.squareRoot(), .reference))
    #expect(schedule.rate(initial: 2, after: 100).isClose(to: 0.2, .reference))
    #expect(schedule.rate(initial: 2, after: 500).isClose(to: 0.2, .reference))
    #expect(LearningRateSchedule.constant.rate(initial: 3, after: 9) == 3)
  }

  /// With a constant gradient both bias-corrected moments are exact, so every step is lr · sign.
  @Test("the first update is one learning rate against the gradient's sign, whatever its size")
  func firstStep() {
    let values = AlignedBuffer<Double>([1, 1, 1, 1])
    let gradients = AlignedBuffer<Double>([1e-6, -5, 0, 1e3])
    AdamWState<Double>(count: 4).apply(
      AdamWUpdate(AdamWConfiguration(weightDecay: 0), learningRate: 0.25, count: 1),
      values: values, gradients: gradients, pool: WorkerPool(threads: 1))
    // ε = 1e-15 beside 1e-6 is a relative 1e-9.
    for (value, expected) in zip(values.array, [0.75, 1.25, 1, 0.75]) {
      #expect(Float(value).isClose(to: Float(expected), .single))
    }
  }

  @Test("zero gradients decay the values and nothing else")
  func decayOnly() {
    let values = AlignedBuffer<Double>([2, -4])
    let gradients = AlignedBuffer<Double>([0, 0])
    AdamWState<Double>(count: 2).apply(
      AdamWUpdate(AdamWConfiguration(), learningRate: 0.5, count: 1), values: values,
      gradients: gradients, pool: WorkerPool(threads: 1))
    let keep = 1 - 0.5 * 0.01
    #expect(values.array == [2 * keep, -4 * keep])
  }

  /// A tensor without gradients is not applied at all; its first update, whenever it comes, is number 1.
  @Test("a tensor that starts late takes the step of a fresh one")
  func lateStart() {
    func first(learningRate: Double) -> [Float] {
      let values = AlignedBuffer<Float>([0.5, -0.25, 3])
      AdamWState<Float>(count: 3).apply(
        AdamWUpdate(AdamWConfiguration(), learningRate: learningRate, count: 1), values: values,
        gradients: AlignedBuffer<Float>([0.1, 0.2, -0.3]), pool: WorkerPool(threads: 1))
      return values.array
    }
    // Counting from the start of the run instead would shrink m/(1 − β₁ᵗ) by 1 − β₁ = 0.1.
    let expected: [Float] = [0.5, -0.25, 3].enumerated().map { i, value in
      value * Float(1 - 0.01 * 0.01) + (i == 2 ? 0.01 : -0.01)
    }
    for (a, b) in zip(first(learningRate: 0.01), expected) { #expect(a.isClose(to: b, .single)) }
  }

  @Test("one, two and three threads give the same bits", arguments: [1, 1000, 600_000])
  func threads(count: Int) {
    var random = SplitMix64(seed: 3)
    let start = random.floats(count, in: -1...1)
    let gradient = random.floats(count, in: -1e-2...1e-2)
    let results = [1, 2, 3].map { threads in
      let values = AlignedBuffer(start)
      let state = AdamWState<Float>(count: count)
      for step in 1...2 {
        state.apply(
          AdamWUpdate(AdamWConfiguration(), learningRate: 0.01, count: step), values: values,
          gradients: AlignedBuffer(gradient), pool: WorkerPool(threads: threads))
      }
      return values.array + state.firstMoments.array + state.secondMoments.array
    }
    #expect(results[0] == results[1] && results[1] == results[2])
  }
}
