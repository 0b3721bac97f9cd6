#if canImport(Glibc)
  import Glibc
#endif

/// A fixed block of memory aligned to cache lines, shared by the workers of one phase.
///
/// The one mutable reference type of the engine: parameters, gradients and activations live in
/// these. It is `Sendable` by discipline, not by type: within a parallel phase every element is
/// written by at most one work item, and phases are separated by joins.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// Number of elements.
  public let count: Int
  /// First element; valid as long as the buffer lives.
  public let base: UnsafeMutablePointer<Element>

  private static var hugePage: Int { 2 << 20 }
  /// From so many bytes on zeros go past the caches: they leave by themselves what is read meanwhile.
  private static var streamed: Int { 1 << 24 }

  /// Allocates `count` elements, each equal to `value`.
  public init(count: Int, repeating value: Element) {
    precondition(count >= 0, "AlignedBuffer: negative count \(count)")
    let bytes = Swift.max(count, 1) * MemoryLayout<Element>.stride
    // Random look-ups in tables of tens of MB spend more time on address translation than on
    // data with 4 KiB pages.
    let large = bytes >= Self.hugePage
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: bytes, alignment: large ? Self.hugePage : 64)
    #if canImport(Glibc)
      if large { _ = madvise(raw, bytes, 14 /* MADV_HUGEPAGE */) }
    #endif
    self.count = count
    self.base = raw.bindMemory(to: Element.self, capacity: Swift.max(count, 1))
    if Self.isZero(value) {
      // One call, whatever the type; element by element this is slow where the type is not known.
      raw.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    } else {
      self.base.initialize(repeating: value, count: count)
    }
  }

  private static func isZero(_ value: Element) -> Bool {
    withUnsafeBytes(of: value) { bytes in bytes.allSatisfy { $0 == 0 } }
  }

  /// Allocates a copy of `elements`.
  public convenience init(_ elements: [Element]) where Element: ExpressibleByIntegerLiteral {
    self.init(count: elements.count, repeating: 0)
    elements.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { base.update(from: start, count: count) }
    }
  }

  deinit { UnsafeMutableRawPointer(base).deallocate() }

  /// One element.
  public subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "AlignedBuffer: index \(index) of \(count)")
      return base[index]
    }
    set {
      precondition(index >= 0 && index < count, "AlignedBuffer: index \(index) of \(count)")
      base[index] = newValue
    }
  }

  /// The elements as an array.
  public var array: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// The elements, for reading and writing in place.
  public var elements: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }

  /// Sets every element to `value`.
  public func fill(_ value: Element) {
    guard Self.isZero(value) else { return base.update(repeating: value, count: count) }
    UnsafeMutableRawPointer(base).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
  }

  /// Sets every bit of the elements to zero, on the threads of `pool`.
  public func clear(_ pool: WorkerPool) {
    let bytes = count * MemoryLayout<Element>.stride
    let isStreamed = bytes >= Self.streamed && bytes.isMultiple(of: 4)
    pool.forEachRange(bytes, size: 1 << 21) { range, _ in
      let start = UnsafeMutableRawPointer(base) + range.lowerBound
      if isStreamed {
        FastKernels.clear(start, bytes: range.count)
      } else {
        start.initializeMemory(as: UInt8.self, repeating: 0, count: range.count)
      }
    }
  }
}
