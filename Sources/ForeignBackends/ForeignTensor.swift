import CGoldenBackend
import Foundation
import GoldenKit
import TensorIO

/// A tensor as the C interface shows it, in guarded memory.
final class ForeignTensor {
  let name: String
  let buffer: GuardedBuffer
  private let shape: [Int]
  private let type: TensorElementType
  private let cName: UnsafeMutablePointer<CChar>
  private let extents: UnsafeMutablePointer<Int64>
  private let strides: UnsafeMutablePointer<Int64>

  private init(_ name: String, _ type: TensorElementType, _ shape: [Int], _ buffer: GuardedBuffer) {
    self.name = name
    self.type = type
    self.shape = shape
    self.buffer = buffer
    cName = strdup(name)
    extents = .allocate(capacity: max(shape.count, 1))
    strides = .allocate(capacity: max(shape.count, 1))
    var distance = type.byteCount
    for axis in shape.indices.reversed() {
      extents[axis] = Int64(shape[axis])
      strides[axis] = Int64(distance)
      distance *= max(shape[axis], 1)
    }
  }

  deinit {
    free(cName)
    extents.deallocate()
    strides.deallocate()
  }

  /// A tensor that is given: floating-point ones in the precision of the call, others as 32 or 64-bit
  /// integers or bytes.
  convenience init(_ name: String, input tensor: StoredTensor, isDouble: Bool) throws {
    let converted: StoredTensor
    switch tensor.elementType {
    case .int32, .int64, .uint8: converted = tensor
    case .float64, .float32, .float16, .bfloat16:
      converted =
        isDouble
        ? try StoredTensor(tensor.doubles(), shape: tensor.shape)
        : try StoredTensor(tensor.floats(), shape: tensor.shape)
    default:
      converted = try StoredTensor(tensor.integers().map { Int64($0) }, shape: tensor.shape)
    }
    self.init(
      name, converted.elementType, converted.shape, GuardedBuffer(converted.bytes, isInput: true))
  }

  /// A tensor that is asked for, zero-filled.
  convenience init(_ name: String, output: ForeignCall.Requested, isDouble: Bool) throws {
    let type: TensorElementType =
      switch TensorElementType(rawValue: output.type) {
      case .int32: .int32
      case .int64: .int64
      case .uint8, .bool: .uint8
      case .float32, .float64, .float16, .bfloat16: isDouble ? .float64 : .float32
      default: .int64
      }
    guard let bytes = type.byteCount(shape: output.shape) else {
      throw GoldenError("`\(name)` has the shape \(output.shape), which fits no memory.")
    }
    self.init(
      name, type, output.shape,
      GuardedBuffer([UInt8](repeating: 0, count: bytes), isInput: false))
  }

  var view: pvd_tensor {
    pvd_tensor(
      name: cName, element_type: Int32(code), rank: Int32(shape.count), shape: extents,
      strides: strides, data: buffer.data)
  }

  private var code: Int {
    switch type {
    case .float64: Int(PVD_FLOAT64)
    case .int32: Int(PVD_INT32)
    case .int64: Int(PVD_INT64)
    case .uint8: Int(PVD_UINT8)
    default: Int(PVD_FLOAT32)
    }
  }

  func stored() throws -> StoredTensor {
    try StoredTensor(elementType: type, shape: shape, bytes: buffer.bytes)
  }
}
