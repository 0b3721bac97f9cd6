import Foundation

/// A tensor as a file holds it: element type, shape and little-endian bytes in row-major order.
///
/// The byte count always fits the shape: initialisers check it, so accessors cannot run out of
/// bounds.
public struct StoredTensor: Equatable, Sendable {
  /// The type of every element.
  public let elementType: TensorElementType
  /// The extents, outermost axis first; empty for a scalar.
  public let shape: [Int]
  /// The elements, row-major, little-endian, without padding.
  public let bytes: [UInt8]

  /// The number of elements.
  public var count: Int { bytes.count / elementType.byteCount }

  /// Wraps bytes.
  ///
  /// - Throws: ``StoredTensorError/sizeMismatch(shape:elementType:required:actual:)`` if `bytes` does
  ///   not have exactly the size that `shape` and `elementType` need.
  public init(
    elementType: TensorElementType, shape: [Int], bytes: [UInt8]
  ) throws(StoredTensorError) {
    let required = elementType.byteCount(shape: shape)
    guard bytes.count == required else {
      throw .sizeMismatch(
        shape: shape, elementType: elementType, required: required, actual: bytes.count)
    }
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// Stores single-precision values as `F32`.
  public init(_ values: [Float], shape: [Int]) throws(StoredTensorError) {
    try self.init(
      elementType: .float32, shape: shape, bytes: littleEndianBytes(values) { $0.bitPattern })
  }

  /// Stores double-precision values as `F64`.
  public init(_ values: [Double], shape: [Int]) throws(StoredTensorError) {
    try self.init(
      elementType: .float64, shape: shape, bytes: littleEndianBytes(values) { $0.bitPattern })
  }

  /// Stores integers as `I32`.
  public init(_ values: [Int32], shape: [Int]) throws(StoredTensorError) {
    try self.init(elementType: .int32, shape: shape, bytes: littleEndianBytes(values) { $0 })
  }

  /// Stores integers as `I64`.
  public init(_ values: [Int64], shape: [Int]) throws(StoredTensorError) {
    try self.init(elementType: .int64, shape: shape, bytes: littleEndianBytes(values) { $0 })
  }

  /// Stores bytes as `U8`.
  public init(_ values: [UInt8], shape: [Int]) throws(StoredTensorError) {
    try self.init(elementType: .uint8, shape: shape, bytes: values)
  }

  /// The elements in single precision: `F32` as stored, `F16` and `BF16` widened without loss.
  ///
  /// - Throws: ``StoredTensorError/elementType(_:requested:)`` for every other type, `F64` included:
  ///   narrowing is the caller's decision.
  public func floats() throws(StoredTensorError) -> [Float] {
    switch elementType {
    case .float32: elements(UInt32.self) { Float(bitPattern: $0) }
    case .float16: elements(UInt16.self, floatFromHalf)
    case .bfloat16: elements(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
    default: throw .elementType(elementType, requested: "single-precision values")
    }
  }

  /// The elements in double precision: `F64` as stored, `F32`, `F16` and `BF16` widened without loss.
  ///
  /// - Throws: ``StoredTensorError/elementType(_:requested:)`` for integers.
  public func doubles() throws(StoredTensorError) -> [Double] {
    switch elementType {
    case .float64: elements(UInt64.self) { Double(bitPattern: $0) }
    case .float32: elements(UInt32.self) { Double(Float(bitPattern: $0)) }
    case .float16: elements(UInt16.self) { Double(floatFromHalf($0)) }
    case .bfloat16: elements(UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
    default: throw .elementType(elementType, requested: "double-precision values")
    }
  }

  /// The elements of any integer type; `BOOL` gives 0 or 1.
  ///
  /// - Throws: ``StoredTensorError/elementType(_:requested:)`` for floating-point tensors.
  public func integers() throws(StoredTensorError) -> [Int] {
    switch elementType {
    case .int64: elements(Int64.self) { Int($0) }
    case .int32: elements(Int32.self) { Int($0) }
    case .int16: elements(Int16.self) { Int($0) }
    case .int8: elements(Int8.self) { Int($0) }
    case .uint8: elements(UInt8.self) { Int($0) }
    case .bool: elements(UInt8.self) { $0 == 0 ? 0 : 1 }
    default: throw .elementType(elementType, requested: "integers")
    }
  }

  private func elements<Bits: FixedWidthInteger & BitwiseCopyable, Value>(
    _ bits: Bits.Type, _ convert: (Bits) -> Value
  ) -> [Value] {
    bytes.withUnsafeBytes { source in
      let size = MemoryLayout<Bits>.size
      return [Value](unsafeUninitializedCapacity: source.count / size) { values, filled in
        for i in 0..<(source.count / size) {
          let stored = source.loadUnaligned(fromByteOffset: i * size, as: Bits.self)
          values.initializeElement(at: i, to: convert(Bits(littleEndian: stored)))
        }
        filled = source.count / size
      }
    }
  }
}

/// A stored tensor that does not fit its shape or is of another type than was asked for.
public enum StoredTensorError: Error, Equatable, Sendable {
  /// The bytes do not fit the shape. `required` is `nil` if the shape itself is impossible.
  case sizeMismatch(shape: [Int], elementType: TensorElementType, required: Int?, actual: Int)
  /// The elements cannot be given as what was `requested` without loss.
  case elementType(TensorElementType, requested: String)
}

extension StoredTensorError: CustomStringConvertible {
  /// For example "The tensor holds I32 and was read as single-precision values. Read it as …".
  public var description: String {
    switch self {
    case .sizeMismatch(let shape, let type, .some(let required), let actual):
      "Shape \(shape) of \(type.rawValue) needs \(required) bytes, there are \(actual). "
        + "Give one element per entry of the shape."
    case .sizeMismatch(let shape, _, .none, _):
      "Shape \(shape) is not possible: an extent is negative or the size does not fit in memory."
    case .elementType(let type, let requested):
      "The tensor holds \(type.rawValue) and was read as \(requested). "
        + "Read it with the accessor for \(type.rawValue)."
    }
  }
}

private func littleEndianBytes<Value, Bits: FixedWidthInteger & BitwiseCopyable>(
  _ values: [Value], _ bits: (Value) -> Bits
) -> [UInt8] {
  let size = MemoryLayout<Bits>.size
  return [UInt8](unsafeUninitializedCapacity: values.count * size) { bytes, filled in
    let raw = UnsafeMutableRawBufferPointer(bytes)
    for (i, value) in values.enumerated() {
      raw.storeBytes(of: bits(value).littleEndian, toByteOffset: i * size, as: Bits.self)
    }
    filled = values.count * size
  }
}

/// Widens a binary16, bit by bit, because `Float16` does not exist on every platform.
private func floatFromHalf(_ half: UInt16) -> Float {
  let sign = UInt32(half & 0x8000) << 16
  let exponent = UInt32(half >> 10) & 0x1F
  let fraction = UInt32(half) & 0x3FF
  switch exponent {
  case 0:
    // Zero and subnormal: fraction · 2⁻²⁴, exact in binary32.
    let magnitude = Float(fraction) * 0x1p-24
    return Float(bitPattern: magnitude.bitPattern | sign)
  case 31:
    return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
  default:
    return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
