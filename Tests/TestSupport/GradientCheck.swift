import Foundation
import GoldenKit

/// Holds an analytic gradient against central differences of the function itself, in `Double`.
///
/// Along a direction d the derivative is estimated as
///
///     ∂f/∂d ≈ (f(p + h d) − f(p − h d)) / 2h,    error h²f‴/6 + εf/h
///
/// and compared with `Σᵢ gᵢ dᵢ`. Single parameters find a wrong entry, random directions see all
/// entries at once. The caller keeps parameters away from kinks by more than the step.
public struct GradientCheck: Sendable {
  /// Where an estimate was made.
  public enum Probe: Equatable, Sendable {
    /// Along one parameter.
    case parameter(Int)
    /// Along the random direction of that number, which moves every parameter.
    case direction(Int)
  }

  /// The largest relative error, `|numeric − analytic| / max(|numeric|, |analytic|, floor)`.
  public let worstError: Double
  /// Where it was found; `nil` if nothing was probed.
  public let worstProbe: Probe?
  /// The analytic derivative there.
  public let analytic: Double
  /// The estimated derivative there.
  public let numeric: Double
  /// How many probes were made.
  public let probes: Int

  /// The default step relative to the magnitude of a parameter: ε^⅓, where truncation and rounding
  /// are of one size.
  public static let defaultStep = cbrt(Double.ulpOfOne)

  /// Checks a gradient.
  ///
  /// - Parameters:
  ///   - gradient: The analytic gradient at `parameters`, one entry per parameter.
  ///   - parameters: Where to check.
  ///   - step: Step for a parameter of magnitude up to 1; larger ones are scaled with their magnitude.
  ///     Choose it smaller for functions that oscillate fast.
  ///   - indices: Which parameters to probe; by default all up to 24, of more 24 at random.
  ///   - directions: How many random directions to probe.
  ///   - seed: Chooses indices and directions.
  ///   - floor: The magnitude below which derivatives are not compared relatively, because the
  ///     function's rounding drowns them; by default a thousandth of the largest analytic entry.
  ///   - function: The scalar function.
  /// - Throws: ``GoldenError`` if counts do not fit; what `function` throws.
  public init(
    of gradient: [Double], at parameters: [Double], step: Double = defaultStep,
    indices: [Int]? = nil, directions: Int = 4, seed: UInt64 = 1, floor: Double? = nil,
    function: ([Double]) throws -> Double
  ) throws {
    guard gradient.count == parameters.count else {
      throw GoldenError("\(gradient.count) gradient entries for \(parameters.count) parameters.")
    }
    var random = SplitMix64(seed: seed)
    let chosen = indices ?? Array(parameters.indices.shuffled(using: &random).prefix(24))
    guard chosen.allSatisfy(parameters.indices.contains) else {
      throw GoldenError("An index to probe is not below \(parameters.count).")
    }
    let largest = gradient.reduce(0) { max($0, abs($1)) }
    let floor = floor ?? largest * 1e-3
    var worst = (error: -1.0, probe: Probe?.none, analytic: 0.0, numeric: 0.0)
    func record(_ probe: Probe, analytic: Double, numeric: Double) {
      let difference = abs(numeric - analytic)
      var error = difference / max(abs(numeric), abs(analytic), floor)
      // 0/0 is agreement; anything else that is not a number is not.
      if difference == 0 { error = 0 } else if error.isNaN { error = .infinity }
      if error > worst.error { worst = (error, probe, analytic, numeric) }
    }
    for index in chosen {
      var moved = parameters
      let h = step * max(1, abs(parameters[index]))
      moved[index] = parameters[index] + h
      let upper = moved[index]
      let above = try function(moved)
      moved[index] = parameters[index] - h
      let below = try function(moved)
      // The step that was really taken, after rounding of p ± h.
      record(
        .parameter(index), analytic: gradient[index],
        numeric: (above - below) / (upper - moved[index]))
    }
    if !parameters.isEmpty {
      let scale = parameters.reduce(1) { max($0, abs($1)) }
      for number in 0..<directions {
        let signs = random.doubles(parameters.count, in: -1...1)
        let length = signs.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let direction = signs.map { $0 / max(length, .leastNormalMagnitude) }
        let h = step * scale
        let above = try function(zip(parameters, direction).map { $0 + h * $1 })
        let below = try function(zip(parameters, direction).map { $0 - h * $1 })
        record(
          .direction(number), analytic: zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 },
          numeric: (above - below) / (2 * h))
      }
    }
    worstError = max(worst.error, 0)
    worstProbe = worst.probe
    analytic = worst.analytic
    numeric = worst.numeric
    probes = chosen.count + (parameters.isEmpty ? 0 : directions)
  }

  /// Whether something was probed and every error is within `tolerance`.
  public func passes(_ tolerance: Tolerance = .gradient) -> Bool {
    worstProbe != nil && worstError <= tolerance.relative
  }
}

extension GradientCheck: CustomStringConvertible {
  /// For example "relative error 0.1 at parameter(3): analytic 1.1, numeric 1.0 (28 probes)".
  public var description: String {
    guard let worstProbe else { return "nothing was probed" }
    return
      "relative error \(worstError) at \(worstProbe): analytic \(analytic), numeric \(numeric) "
      + "(\(probes) probes)"
  }
}
