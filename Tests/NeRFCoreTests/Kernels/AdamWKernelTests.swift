import NeRFCore
import TestSupport
import Testing

@Suite("AdamW kernel")
struct AdamWKernelTests {
  private struct State {
    var buffers: [[Float]]

    init(count: Int, seed: UInt64) {
      var random = SplitMix64(seed: seed)
      buffers = [
        random.floats(count, in: -1...1),
        random.floats(count, in: -1e-3...1e-3),
        random.floats(count, in: -1e-3...1e-3),
        random.floats(count, in: 0...1e-5),
      ]
    }

    mutating func update<K: KernelSet>(_ kernels: K.Type, step: Int) where K.Scalar == Float {
      var (values, gradients, first, second) = (buffers[0], buffers[1], buffers[2], buffers[3])
      K.adamW(
        AdamWUpdate(AdamWConfiguration(), learningRate: 0.01, count: step), values: &values,
        gradients: &gradients, firstMoments: &first, secondMoments: &second, count: values.count)
      buffers = [values, gradients, first, second]
    }
  }

  @Test("gives the bits of the definition", arguments: [0, 1, 3, 15, 16, 17, 1000])
  func sameBits(count: Int) {
    var fast = State(count: count, seed: 4)
    var plain = State(count: count, seed: 4)
    for step in 1...3 {
      fast.update(FastKernels.self, step: step)
      plain.update(ReferenceKernels<Float>.self, step: step)
    }
    for (a, b) in zip(fast.buffers, plain.buffers) { #expect(a == b) }
  }

  @Test("clears the gradients")
  func clears() {
    var state = State(count: 37, seed: 1)
    state.update(FastKernels.self, step: 1)
    #expect(state.buffers[1].allSatisfy { $0 == 0 })
  }

  /// Keep, both moments, root, quotient, step, difference: ten roundings, of magnitudes that are no
  /// larger than the old value and the step.
  @Test("stays within its rounding error")
  func roundingError() {
    var state = State(count: 200, seed: 2)
    var exact = state.buffers.map { $0.map(Double.init) }
    let old = state.buffers[0]
    state.update(FastKernels.self, step: 5)
    // The same rounded constants: they are inputs of the kernel.
    let rounded = AdamWUpdate<Float>(AdamWConfiguration(), learningRate: 0.01, count: 5)
    for i in 0..<200 {
      let m =
        Double(rounded.beta1) * exact[2][i] + Double(1 - rounded.beta1) * exact[1][i]
      let g = exact[1][i]
      let v = Double(rounded.beta2) * exact[3][i] + Double(1 - rounded.beta2) * g * g
      let root = v.squareRoot() * Double(rounded.inverseRoot) + Double(rounded.epsilon)
      let change = Double(rounded.step) * m / root
      exact[0][i] = exact[0][i] * Double(rounded.keep) - change
      // m is a difference of two terms; its error is relative to them.
      let terms = abs(exact[2][i]) + abs(exact[1][i])
      exact[1][i] = abs(Double(old[i])) + Double(rounded.step) * terms / root
    }
    let comparison = KernelComparison(
      "adamW", state.buffers[0], exact: exact[0], magnitudes: exact[1],
      roundings: 10)
    #expect(comparison.passed, "\(comparison)")
  }
}
