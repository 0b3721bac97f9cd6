import Foundation

/// How far two values may lie apart: `|a − b| ≤ relative · max(|a|, |b|, scale) + absolute`.
///
/// Tests name one of the classes below; none writes a number of its own. A purely relative class has
/// no floor, so that an error in a value of 1e-12 is seen like one in a value of 1. Where values
/// cancel, the caller gives the `scale` of the terms that did.
public struct Tolerance: Equatable, Sendable {
  /// The name, for messages.
  public let name: String
  /// The share of the larger magnitude.
  public let relative: Double
  /// The distance that is accepted at any magnitude.
  public let absolute: Double

  private init(_ name: String, relative: Double, absolute: Double = 0) {
    self.name = name
    self.relative = relative
    self.absolute = absolute
  }

  /// Equal: integers, masks, copies, and two paths that promise the same bits.
  public static let exact = Tolerance("exact", relative: 0)

  /// `Double` against a closed form or another formula in `Double`.
  ///
  /// One rounding is u = 2⁻⁵³ = 1.1e-16. A thousand of them in a row, all in one direction, are
  /// 1.1e-13; a conditioning of 8 (a transmittance exp(−x) loses x roundings) gives 1e-12.
  public static let reference = Tolerance("reference", relative: 1e-12)

  /// `Float` against the same formula in `Double`.
  ///
  /// u = 2⁻²⁴ = 6e-8. Up to 64 roundings in one direction (a ray's samples, a layer's width) are
  /// 3.8e-6, rounded up to 4e-6.
  public static let single = Tolerance("single", relative: 4e-6)

  /// An analytic gradient against central differences, both in `Double`.
  ///
  /// With step h = ε^⅓ = 6e-6 the truncation h²f‴/6f′ and the rounding εf/h are about 4e-11 for
  /// functions with f, f′, f‴ of one size. Sums over many samples have f some 10³ and f‴ up to 10⁴
  /// times f′: 1e-6.
  public static let gradient = Tolerance("gradient", relative: 1e-6)

  /// `Float` against another framework's `Float`: the same formula, another order of sums.
  ///
  /// Two sums of 1024 terms, each with an error of at most 1024 u / 2 = 3e-5 of the sum of
  /// magnitudes, lie 6e-5 apart: 1e-4.
  public static let framework = Tolerance("framework", relative: 1e-4)

  /// Values that passed through binary16.
  ///
  /// u = 2⁻¹¹ = 4.9e-4; stored parameter, stored activation and two roundings between: 2e-3.
  public static let half = Tolerance("half", relative: 2e-3)

  /// Losses and parameters after tens of optimiser steps.
  ///
  /// Adam divides by the root of a running square, so an error of 1e-4 in a gradient (``framework``)
  /// turns the step by as much; a hundred steps that add up in one direction are 1e-2.
  public static let trajectory = Tolerance("trajectory", relative: 1e-2)

  /// Colours in 0...1 of two rendered or decoded images.
  ///
  /// Rounding to 8 bits moves a value by half a level, two such values one level apart: 1/255.
  public static let image = Tolerance("image", relative: 0, absolute: 1.0 / 255)

  /// The distance that is accepted between two values.
  ///
  /// - Parameter scale: The magnitude of terms that cancelled on the way to the values.
  public func allowance(_ a: Double, _ b: Double, scale: Double = 0) -> Double {
    relative * Swift.max(Swift.abs(a), Swift.abs(b), scale) + absolute
  }
}

extension Double {
  /// Whether two values agree within `tolerance`. Equal infinities agree; a NaN agrees with nothing.
  ///
  /// - Parameter scale: The magnitude of terms that cancelled on the way to the values.
  public func isClose(to other: Double, _ tolerance: Tolerance, scale: Double = 0) -> Bool {
    if self == other { return true }
    guard isFinite, other.isFinite else { return false }
    return Swift.abs(self - other) <= tolerance.allowance(self, other, scale: scale)
  }
}

extension Float {
  /// Whether two values agree within `tolerance`. Equal infinities agree; a NaN agrees with nothing.
  ///
  /// - Parameter scale: The magnitude of terms that cancelled on the way to the values.
  public func isClose(to other: Float, _ tolerance: Tolerance, scale: Float = 0) -> Bool {
    Double(self).isClose(to: Double(other), tolerance, scale: Double(scale))
  }
}
