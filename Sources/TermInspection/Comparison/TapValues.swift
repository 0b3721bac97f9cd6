import Distill
import Fields
import NeRFCore

/// Taps of one field in double precision, channel by channel.
struct TapValues {
  var logDensity: [Double]
  var colors: [[Double]]
  var features: [[Double]]

  init<T: RadianceScalar>(_ taps: FieldTaps<T>) {
    logDensity = taps.logDensities.map(\.double)
    colors = taps.colors.map { $0.map(\.double) }
    features = taps.features.map { $0.map(\.double) }
  }

  /// Taps at the samples of `batch`; without colours that mean something unless `detail` is full.
  init<T: RadianceScalar>(
    _ field: FieldEvaluator<T>, at batch: SampleBatch, detail: TapDetail = .full
  ) {
    let taps = FieldTaps<T>()
    field.forward(batch, detail: detail, into: taps)
    self.init(taps)
  }

  /// Kinds of taps, as a dump names them.
  enum Kind: String, CaseIterable {
    case features = "feature_sigma_color"
    case logDensity = "sigma_l"
    case color = "color_l"
  }

  subscript(kind: Kind) -> [[Double]] {
    get {
      switch kind {
      case .features: features
      case .logDensity: [logDensity]
      case .color: colors
      }
    }
    set {
      switch kind {
      case .features: features = newValue
      case .logDensity: logDensity = newValue[0]
      case .color: colors = newValue
      }
    }
  }

  /// The kinds that a stage compares.
  static func kinds(in stage: DistillationStage, hasFeatures: Bool) -> [Kind] {
    (hasFeatures ? [.features] : []) + (stage == .features ? [] : [.logDensity, .color])
  }

  /// With S, which is the first feature too, in a range, as an edited target is.
  func clamped(to frame: FieldFrame) -> TapValues {
    func clamp(_ x: Double) -> Double {
      min(max(x, frame.logDensityMinimum), frame.logDensityMaximum)
    }
    var result = self
    result.logDensity = logDensity.map(clamp)
    if !features.isEmpty { result.features[0] = features[0].map(clamp) }
    return result
  }
}
