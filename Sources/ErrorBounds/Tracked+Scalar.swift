public import NeRFCore

/// The elements of a short vector.
public struct TrackedVector<let size: Int>: SIMDStorage, Sendable {
  public typealias Scalar = Tracked
  private var elements: InlineArray<size, Tracked>

  public init() { elements = InlineArray(repeating: .zero) }
  public var scalarCount: Int { size }
  public static var scalarCount: Int { size }
  public subscript(index: Int) -> Tracked {
    get { elements[index] }
    set { elements[index] = newValue }
  }
}

extension Tracked: SIMDScalar {
  public typealias SIMDMaskScalar = Int64
  public typealias SIMD2Storage = TrackedVector<2>
  public typealias SIMD4Storage = TrackedVector<4>
  public typealias SIMD8Storage = TrackedVector<8>
  public typealias SIMD16Storage = TrackedVector<16>
  public typealias SIMD32Storage = TrackedVector<32>
  public typealias SIMD64Storage = TrackedVector<64>
}

extension Tracked: RadianceScalar {
  public typealias Kernels = ReferenceKernels<Tracked>
  /// A backend may sum losses in single precision.
  public typealias Sum = Tracked

  /// The factor with the rounding that ``MatrixFactors/unit`` allows it.
  public static func factor(_ x: Tracked) -> Tracked {
    let unit = MatrixFactors.unit
    guard unit > 0, x.value != 0 || x.bound != 0 else { return x }
    let error = x.bound
    return Tracked(x.value, error: error + unit * (abs(x.value) + error))
  }
}

/// The unit roundoff to which hardware rounds the factors of matrix products; 0 for none.
public enum MatrixFactors {
  @TaskLocal public static var unit = 0.0
}
