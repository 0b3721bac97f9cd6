public import RealModule

/// A number type in which radiance fields can be evaluated: `Float` (ships) or `Double` (checks).
///
/// Every operation of this library is written once over this protocol. `Kernels` decides which
/// implementation of the hot loops a scalar uses: `Double` takes ``ReferenceKernels``, the plain
/// loops that define the operation; `Float` takes ``FastKernels``, which tests hold against them.
public protocol RadianceScalar:
  Real, BinaryFloatingPoint, BitwiseCopyable, SIMDScalar, Sendable, Codable,
  CustomStringConvertible
{
  /// The implementation of the hot loops for this scalar.
  associatedtype Kernels: KernelSet where Kernels.Scalar == Self

  /// The type in which sums over a whole batch are taken, those of losses and regularisers: double
  /// precision, unless a type that analyses errors sums in itself.
  associatedtype Sum: RadianceScalar = Double

  /// A factor of a product in a dense layer, as that product sees it; the number itself unless a type
  /// that analyses other hardware says otherwise.
  static func factor(_ x: Self) -> Self

  /// The number rounded towards zero, which must be in range. The standard library's conversion of a generic
  /// number takes a hundred times as long as that of a known type.
  var truncated: Int32 { get }
}

extension RadianceScalar {
  @inlinable
  public static func factor(_ x: Self) -> Self { x }

  @inlinable
  public var truncated: Int32 { Int32(self) }
}

extension Float: RadianceScalar {
  public typealias Kernels = FastKernels

  @inlinable
  public var truncated: Int32 { Int32(self) }
}

extension Double: RadianceScalar {
  public typealias Kernels = ReferenceKernels<Double>

  @inlinable
  public var truncated: Int32 { Int32(self) }
}
