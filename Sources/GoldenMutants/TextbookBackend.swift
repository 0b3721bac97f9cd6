import Foundation
public import GoldenKit
import RealModule

/// A second, plain implementation of the operations, with a switch for every bug.
///
/// It shares no code with the library: without a bug it is one more independent check of the cases, with
/// one it must be caught. Single precision only, because that is what backends are written in.
public struct TextbookBackend: Backend {
  public let name: String
  let mutation: Mutation?
  let variant: HonestVariant

  /// An implementation with one bug.
  public init(_ mutation: Mutation) {
    name = mutation.rawValue
    self.mutation = mutation
    variant = .plain
  }

  /// A correct implementation.
  public init(_ variant: HonestVariant) {
    name = variant.rawValue
    mutation = nil
    self.variant = variant
  }

  /// The operations it has.
  public static let operations: Set<String> = [
    "hash_grid_encoding", "sh_encoding", "frequency_encoding", "trunc_exp", "plenoxel_field",
    "nerf_mlp_trunk", "composite_rays_train", "distill_loss", "adamw_cosine", "get_rays", "srgb",
    "morton3D", "packbits", "density_grid_update", "march_rays_train",
    "march_composite_inference",
  ]

  /// Whether a bug is one of this implementation, not of what is around the library.
  static func has(_ mutation: Mutation) -> Bool {
    operations.contains(mutation.operation) && mutation != .backgroundWithOpacity
  }

  public func supports(_ operation: String) -> Bool { Self.operations.contains(operation) }

  public func run(_ call: OperationCall) async throws -> OperationResult {
    guard call.precision == .float else {
      throw UnsupportedSetting("\(name) computes in single precision only")
    }
    var result = OperationResult(call)
    switch call.operation {
    case "hash_grid_encoding": try hashGrid(call, &result)
    case "sh_encoding": try sphericalHarmonics(call, &result)
    case "frequency_encoding": try frequencies(call, &result)
    case "trunc_exp": try truncatedExponential(call, &result)
    case "plenoxel_field": try volume(call, &result)
    case "nerf_mlp_trunk": try trunk(call, &result)
    case "composite_rays_train": try compositing(call, &result)
    case "distill_loss": try losses(call, &result)
    case "adamw_cosine": try adamW(call, &result)
    case "get_rays": try rays(call, &result)
    case "srgb": try colorSpaces(call, &result)
    case "morton3D": try morton(call, &result)
    case "packbits": try packBits(call, &result)
    case "density_grid_update": try gridUpdate(call, &result)
    case "march_rays_train": try trainingMarch(call, &result)
    case "march_composite_inference": try inferenceMarch(call, &result)
    default: throw UnsupportedSetting("\(name) does not have \(call.operation)")
    }
    return result
  }

  func has(_ bug: Mutation) -> Bool { mutation == bug }

  /// `c + a·b`, with one rounding or two.
  func add(_ a: Float, times b: Float, to c: Float) -> Float {
    variant == .fused ? c.addingProduct(a, b) : c + a * b
  }

  /// `Σ aₖ bₖ` in the order of the variant.
  func dot(_ count: Int, _ a: (Int) -> Float, _ b: (Int) -> Float) -> Float {
    var sum: Float = 0
    if variant == .reversedSums {
      for k in (0..<count).reversed() { sum = add(a(k), times: b(k), to: sum) }
    } else {
      for k in 0..<count { sum = add(a(k), times: b(k), to: sum) }
    }
    return sum
  }

  /// The value after a round trip through half precision.
  static func half(_ x: Float) -> Float {
    guard x.isFinite, x != 0 else { return x }
    // Eleven significant bits; below 2⁻¹⁴ a fixed grid of 2⁻²⁴.
    let exponent = max(Int(x.exponent), -14)
    let unit = Float(sign: .plus, exponent: exponent - 10, significand: 1)
    return (x / unit).rounded(.toNearestOrEven) * unit
  }
}
