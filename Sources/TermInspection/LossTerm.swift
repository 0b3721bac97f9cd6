public import Distill
import Fields

/// One term of the loss of a distillation step.
public enum LossTerm: String, CaseIterable, Sendable, Codable, CodingKeyRepresentable {
  /// Feature vectors F.
  case features
  /// Log-densities S.
  case density
  /// Colours C.
  case color
  /// Rendered pixels I.
  case rgb
  /// Depths of rays; only where it has a rate.
  case depth
  /// L1 of the density factors of a `vm` student.
  case l1
}

extension LossTerms {
  /// The value of one term, before its rate.
  public subscript(term: LossTerm) -> Number {
    switch term {
    case .features: features
    case .density: density
    case .color: color
    case .rgb: rgb
    case .depth: depth
    case .l1: l1
    }
  }
}

extension LossRates {
  /// The weight of one term, where that of the features is ρ of the step.
  public func rate(of term: LossTerm, featureRate: Double) -> Double {
    switch term {
    case .features: featureRate
    case .density: density
    case .color: color
    case .rgb: rgb
    case .depth: depth
    case .l1: l1
    }
  }

  /// These rates with every term but one set to 0.
  public func keeping(only term: LossTerm) -> LossRates {
    var result = self
    if term != .features { result.features = 0 }
    if term != .density { result.density = 0 }
    if term != .color { result.color = 0 }
    if term != .rgb { result.rgb = 0 }
    if term != .depth { result.depth = 0 }
    if term != .l1 { result.l1 = 0 }
    return result
  }
}

extension DistillationStage {
  /// The terms of this stage, in the order in which they are reported.
  func terms(hasFeatures: Bool, hasFactors: Bool, hasDepth: Bool = false) -> [LossTerm] {
    LossTerm.allCases.filter { term in
      switch term {
      case .features: hasFeatures
      case .density, .color: self != .features
      case .rgb: self == .image
      case .depth: self == .image && hasDepth
      case .l1: self == .image && hasFactors
      }
    }
  }
}
