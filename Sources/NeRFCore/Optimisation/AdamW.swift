import RealModule

/// Constants of decoupled Adam (Loshchilov and Hutter 2019) with PVD's values as defaults.
public struct AdamWConfiguration: Equatable, Sendable, Codable {
  /// Decay of the first moment.
  public var beta1: Double
  /// Decay of the second moment.
  public var beta2: Double
  /// Added to the root of the second moment.
  public var epsilon: Double
  /// Decoupled weight decay per unit of learning rate.
  public var weightDecay: Double

  /// PVD's settings: 0.9, 0.99, 1e-15, 0.01.
  public init(
    beta1: Double = 0.9, beta2: Double = 0.99, epsilon: Double = 1e-15, weightDecay: Double = 0.01
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// The factors of one update, prepared in double precision and rounded once.
///
///     θ ← keep·θ,  m ← β₁ m + (1−β₁) g,  v ← β₂ v + (1−β₂) g²,
///     θ ← θ − step · m / (√v · inverseRoot + ε)
///
/// with `keep = 1 − lr·λ`, `step = lr / (1−β₁ᵗ)`, `inverseRoot = 1/√(1−β₂ᵗ)`.
public struct AdamWUpdate<Scalar: RadianceScalar>: Sendable {
  /// Factor of the old value.
  public let keep: Scalar
  /// β₁.
  public let beta1: Scalar
  /// β₂.
  public let beta2: Scalar
  /// Bias-corrected learning rate.
  public let step: Scalar
  /// Bias correction of the root.
  public let inverseRoot: Scalar
  /// ε.
  public let epsilon: Scalar

  /// - Parameters:
  ///   - count: The number t of this update for this tensor, starting at 1.
  ///   - learningRate: lr, per update.
  public init(_ configuration: AdamWConfiguration, learningRate: Double, count: Int) {
    precondition(count >= 1, "AdamWUpdate: updates are counted from 1")
    let t = Double(count)
    keep = Scalar(1 - learningRate * configuration.weightDecay)
    beta1 = Scalar(configuration.beta1)
    beta2 = Scalar(configuration.beta2)
    step = Scalar(learningRate / (1 - Double.pow(configuration.beta1, t)))
    inverseRoot = Scalar(1 / (1 - Double.pow(configuration.beta2, t)).squareRoot())
    epsilon = Scalar(configuration.epsilon)
  }
}

/// The moments of one parameter tensor and how often it has been updated.
///
/// Each tensor counts its own updates: one that has never received a gradient is left alone, it
/// neither decays nor ages, as in the PyTorch optimiser that PVD uses.
public final class AdamWState<Scalar: RadianceScalar>: Sendable {
  /// m, one number per parameter.
  public let firstMoments: AlignedBuffer<Scalar>
  /// v, one number per parameter.
  public let secondMoments: AlignedBuffer<Scalar>

  /// Zero moments for `count` parameters.
  public init(count: Int) {
    firstMoments = AlignedBuffer(count: count, repeating: 0)
    secondMoments = AlignedBuffer(count: count, repeating: 0)
  }

  /// Applies one update to `values` and clears `gradients`, in parallel.
  public func apply(
    _ update: AdamWUpdate<Scalar>, values: AlignedBuffer<Scalar>,
    gradients: AlignedBuffer<Scalar>, pool: WorkerPool
  ) {
    precondition(
      values.count == firstMoments.count && gradients.count == firstMoments.count,
      "AdamWState: \(values.count) values, \(gradients.count) gradients, "
        + "\(firstMoments.count) moments")
    // Elementwise, so the cut does not touch the result; 2¹⁸ floats take about half a millisecond.
    pool.forEachRange(values.count, size: 1 << 18) { range, _ in
      Scalar.Kernels.adamW(
        update, values: values.base + range.lowerBound,
        gradients: gradients.base + range.lowerBound,
        firstMoments: firstMoments.base + range.lowerBound,
        secondMoments: secondMoments.base + range.lowerBound, count: range.count)
    }
  }
}
