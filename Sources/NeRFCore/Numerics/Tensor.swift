/// A dense array with a shape, stored row by row (the last axis is contiguous).
///
/// The value type of the library's surface: cases, checkpoints and results. Inner loops work on
/// ``AlignedBuffer`` instead, which does not copy.
public struct Tensor<Element: BitwiseCopyable & Sendable>: Sendable {
  /// Lengths of the axes, outermost first; empty for a single number.
  public let shape: [Int]
  /// The elements in row-major order; as many as the product of `shape`.
  public var elements: [Element]

  /// Wraps `elements`.
  ///
  /// - Throws: ``ShapeError`` if the number of elements is not the product of `shape`.
  public init(shape: [Int], elements: [Element]) throws(ShapeError) {
    let count = shape.reduce(1, *)
    guard count == elements.count, shape.allSatisfy({ $0 >= 0 }) else {
      throw ShapeError(
        in: "Tensor.init", "elements", expected: shape, actual: [elements.count],
        fix: "Pass \(count) elements in row-major order.")
    }
    self.shape = shape
    self.elements = elements
  }

  /// A tensor with every element equal to `value`.
  public init(shape: [Int], repeating value: Element) {
    self.shape = shape
    self.elements = [Element](repeating: value, count: shape.reduce(1, *))
  }

  /// Number of elements.
  public var count: Int { elements.count }
}

extension Tensor: Equatable where Element: Equatable {}
