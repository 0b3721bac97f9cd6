/// What a backend computes in, beside plain single precision: its bounds are wider by a stated amount.
///
/// | profile | what is rounded | unit roundoff |
/// | --- | --- | --- |
/// | `fp32` | nothing beyond single precision | 2⁻²⁴ |
/// | `fp16-storage` | every `param.` tensor, once, to binary16 | 2⁻¹¹ |
/// | `bf16-storage` | every `param.` tensor, once, to bfloat16 | 2⁻⁸ |
/// | `tf32-matmul` | both factors of every product in a dense layer, to 11 bits | 2⁻¹¹ |
///
/// Everything else stays single precision.
public enum PrecisionProfile: String, Sendable, Codable, CaseIterable {
  case fp32
  case fp16Storage = "fp16-storage"
  case bf16Storage = "bf16-storage"
  case tf32Matmul = "tf32-matmul"

  /// How far a stored parameter may be from the one of the case.
  public func storageError(_ value: Double) -> Double {
    guard value != 0 else { return 0 }
    return switch self {
    case .fp32, .tf32Matmul: 0
    // Below 2⁻¹⁴ binary16 has a fixed grid of 2⁻²⁴.
    case .fp16Storage: max(0x1p-11 * abs(value), 0x1p-25)
    case .bf16Storage: 0x1p-8 * abs(value)
    }
  }

  /// Unit roundoff of the factors of products in dense layers; 0 for single precision.
  public var factorUnit: Double { self == .tf32Matmul ? 0x1p-11 : 0 }

  /// The tensor with the bounds of a result.
  func boundName(_ tensor: String) -> String {
    self == .fp32 ? "bound." + tensor : "bound-\(rawValue).\(tensor)"
  }
}
