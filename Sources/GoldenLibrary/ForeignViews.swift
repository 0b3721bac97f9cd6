import CGoldenBackend
import Foundation
import GoldenKit
import TensorIO

extension pvd_tensor {
  /// A copy of the tensor, whatever its strides.
  ///
  /// - Throws: ``GoldenKit/GoldenError`` for an unknown type, a missing pointer or an impossible shape.
  func stored() throws -> StoredTensor {
    let title = name.map { String(cString: $0) } ?? "a tensor"
    let types: [Int32: TensorElementType] = [
      Int32(PVD_FLOAT32): .float32, Int32(PVD_FLOAT64): .float64, Int32(PVD_INT32): .int32,
      Int32(PVD_INT64): .int64, Int32(PVD_UINT8): .uint8,
    ]
    guard let type = types[element_type] else {
      throw GoldenError("`\(title)` has the unknown element type \(element_type).")
    }
    guard (0...8).contains(rank), rank == 0 || (shape != nil && strides != nil) else {
      throw GoldenError("`\(title)` has rank \(rank) or no shape.")
    }
    let extents = (0..<Int(rank)).map { Int(shape[$0]) }
    let steps = (0..<Int(rank)).map { Int(strides[$0]) }
    guard let size = type.byteCount(shape: extents), size <= 1 << 34 else {
      throw GoldenError("`\(title)` has the shape \(extents), which fits no memory.")
    }
    guard size == 0 || data != nil else { throw GoldenError("`\(title)` has no data.") }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    func copy(axis: Int, from start: UnsafeRawPointer) {
      guard axis < extents.count else {
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: type.byteCount))
        return
      }
      for index in 0..<extents[axis] { copy(axis: axis + 1, from: start + index * steps[axis]) }
    }
    if size > 0, let data { copy(axis: 0, from: UnsafeRawPointer(data)) }
    return try StoredTensor(elementType: type, shape: extents, bytes: bytes)
  }
}

extension TensorElementType {
  /// The code of the C interface; nil for types it does not have.
  var code: Int32? {
    switch self {
    case .float32: Int32(PVD_FLOAT32)
    case .float64: Int32(PVD_FLOAT64)
    case .int32: Int32(PVD_INT32)
    case .int64: Int32(PVD_INT64)
    case .uint8, .bool: Int32(PVD_UINT8)
    default: nil
    }
  }
}

/// Calls `body` with a dense view of a tensor.
func withView<R>(
  _ name: String, _ tensor: StoredTensor, _ body: (inout pvd_tensor) throws -> R
) throws -> R {
  guard let code = tensor.elementType.code else {
    throw GoldenError("`\(name)` is \(tensor.elementType.rawValue), which has no code.")
  }
  let extents = tensor.shape.map(Int64.init) + [0]
  var strides = [Int64](repeating: 0, count: tensor.shape.count + 1)
  var distance = tensor.elementType.byteCount
  for axis in tensor.shape.indices.reversed() {
    strides[axis] = Int64(distance)
    distance *= max(tensor.shape[axis], 1)
  }
  var bytes = tensor.bytes + [0]
  return try bytes.withUnsafeMutableBytes { data in
    try extents.withUnsafeBufferPointer { extents in
      try strides.withUnsafeBufferPointer { strides in
        try name.withCString { name in
          var view = pvd_tensor(
            name: name, element_type: code, rank: Int32(tensor.shape.count),
            shape: extents.baseAddress, strides: strides.baseAddress, data: data.baseAddress)
          return try body(&view)
        }
      }
    }
  }
}

/// Writes text behind a pointer with room for `capacity` bytes, cut and zero-terminated.
func write(_ text: String, to target: UnsafeMutablePointer<CChar>?, capacity: Int64) {
  guard let target, capacity > 0 else { return }
  let bytes = text.utf8.prefix(Int(capacity) - 1)
  for (index, byte) in bytes.enumerated() { target[index] = CChar(bitPattern: byte) }
  target[bytes.count] = 0
}
