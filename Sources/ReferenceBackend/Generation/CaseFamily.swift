import Foundation
public import GoldenKit
public import TensorIO

/// One kind of generated case: an operation with sizes and settings, and how its inputs are drawn.
public struct CaseFamily: Sendable {
  /// The operation.
  public let operation: String
  /// What tells it from other families of the operation.
  public let variant: String
  /// Whether its inputs are put on kinks, where a gradient is a convention and no derivative.
  public let isAtKinks: Bool
  let fill: @Sendable (inout CaseRecipe) throws -> Void

  /// The name of its case.
  public var name: String { "own_\(operation)_\(variant)" }

  /// A family.
  init(
    _ operation: String, _ variant: String, isAtKinks: Bool = false,
    _ fill: @escaping @Sendable (inout CaseRecipe) throws -> Void
  ) {
    self.operation = operation
    self.variant = variant
    self.isAtKinks = isAtKinks
    self.fill = fill
  }

  /// Draws before a family is given up: each case is drawn until no decision in it is ambiguous.
  static let attempts = 64

  /// Draws inputs until no decision of the operation can be turned by rounding and every bound is finite,
  /// and answers them in double precision with bounds.
  ///
  /// - Throws: ``GoldenKit/GoldenError`` if there is no such draw.
  public func generate(seed: UInt64) throws -> TensorFile {
    for attempt in 0..<Self.attempts {
      var recipe = CaseRecipe(
        operation, random: SplitMix64(seed: seed &+ UInt64(attempt) &* 0x5851_F42D_4C95_7F2D))
      try fill(&recipe)
      let call = OperationCall(recipe, name: name, precision: .double)
      let answer = try ReferenceBackend.bounded(call)
      guard answer.ambiguousDecisions == 0, answer.isFinite else { continue }
      return try recipe.file(
        name: name, answers: answer.result,
        source: "swift-pvd, double precision, seed \(seed), draw \(attempt)",
        profiles: try Self.wider(call))
    }
    throw GoldenError(
      "\(name): in \(Self.attempts) draws rounding could always turn a decision or reach a pole. "
        + "Use another seed.")
  }

  /// The answers with the bounds of the profiles that make a difference and turn no decision.
  private static func wider(
    _ call: OperationCall
  ) throws -> [(PrecisionProfile, OperationResult)] {
    try PrecisionProfile.allCases.compactMap { profile in
      guard profile != .fp32, !call.names("param.").isEmpty else { return nil }
      var wide = call
      wide.profile = profile
      let answer = try ReferenceBackend.bounded(wide)
      return answer.ambiguousDecisions == 0 ? (profile, answer.result) : nil
    }
  }

  /// Checks the gradients of this family's case against central differences; none at kinks.
  ///
  /// - Throws: What ``generate(seed:)`` and the backend of `check` throw.
  public func checkGradients(
    _ check: GradientCheck, seed: UInt64
  ) async throws -> [GradientReport] {
    guard !isAtKinks else { return [] }
    let golden = try GoldenCase(try generate(seed: seed), name: name)
    return try await check.run(OperationCall(golden, precision: .double)) { tensor, value in
      // The gradient of the truncated exponential is a definition beyond its clamp.
      operation == "trunc_exp" && tensor == "in.x" && abs(value) >= 12
    }
  }

  // Grids of the families have an even number of texels: fields fill their last tile with points at the
  // centre of the box, which an odd number would put on the border of a cell.

  /// All families, by operation.
  public static let all: [CaseFamily] =
    encodings + grids + networks + rendering + marching + training + fields + distillation + views

  /// The cases of all families.
  ///
  /// - Throws: What ``generate(seed:)`` throws.
  public static func cases(seed: UInt64) throws -> [GoldenCase] {
    try all.map { try GoldenCase($0.generate(seed: seed), name: $0.name) }
  }
}
