/// Memory for one tensor between words that nobody may change.
final class GuardedBuffer {
  /// Bytes of the guards on either side; also the alignment.
  static let guardBytes = 256
  private static let pattern: UInt8 = 0xA5

  let count: Int
  private let base: UnsafeMutableRawPointer
  /// First byte of the tensor.
  var data: UnsafeMutableRawPointer { base + Self.guardBytes }
  private let original: [UInt8]?

  /// - Parameter isInput: The bytes must stay as they are.
  init(_ bytes: [UInt8], isInput: Bool) {
    count = bytes.count
    base = .allocate(byteCount: count + 2 * Self.guardBytes, alignment: Self.guardBytes)
    base.initializeMemory(
      as: UInt8.self, repeating: Self.pattern, count: count + 2 * Self.guardBytes)
    (base + Self.guardBytes).copyMemory(from: bytes, byteCount: count)
    original = isInput ? bytes : nil
  }

  deinit { base.deallocate() }

  /// The bytes of the tensor.
  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: data, count: count)) }

  /// What was written where nothing may be written; nil if all is well.
  var violation: String? {
    func changed(_ start: UnsafeMutableRawPointer) -> Int {
      UnsafeRawBufferPointer(start: start, count: Self.guardBytes).count { $0 != Self.pattern }
    }
    let (before, behind) = (changed(base), changed(data + count))
    if before > 0 { return "\(before) bytes in front of it were written" }
    if behind > 0 { return "\(behind) bytes behind it were written" }
    if let original, original != bytes { return "it is an input and was written" }
    return nil
  }
}
