public import NeRFCore
import Synchronization

/// One named tensor of a field that training changes.
///
/// Names and outer shapes are those of PVD's checkpoints. Inside, grids keep their channels
/// innermost, because a look-up reads all channels of a texel.
public final class Parameter<T: RadianceScalar>: Sendable {
  /// How elements are stored.
  public enum Layout: Sendable {
    /// As in ``shape``, row by row.
    case plain
    /// Outer shape `[1, C, rest…]`, stored `[rest…, C]`.
    case channelsLast
  }

  /// Who adds to the gradient.
  public enum GradientOwner: Sendable {
    /// Every lane sums over its own tiles; lanes are added in order.
    case lanes
    /// The field's final pass writes it, each part by one work item.
    case field
  }

  /// PVD's name, for example `sigma_net.0.weight`.
  public let name: String
  /// PVD's shape.
  public let shape: [Int]
  /// Order of the elements in ``values``.
  public let layout: Layout
  /// Who adds to the gradient.
  public let owner: GradientOwner
  /// The elements, in `layout` order.
  public let values: AlignedBuffer<T>
  private let gradientStorage = Mutex<AlignedBuffer<T>?>(nil)

  /// A tensor of zeros.
  public init(
    name: String, shape: [Int], layout: Layout = .plain, owner: GradientOwner = .lanes
  ) {
    self.name = name
    self.shape = shape
    self.layout = layout
    self.owner = owner
    self.values = AlignedBuffer(count: shape.reduce(1, *), repeating: 0)
  }

  /// Number of elements.
  public var count: Int { values.count }

  /// The gradient in `layout` order; allocated, as zeros, on first use by whichever thread asks first.
  /// Fields that only render never pay for it.
  public var gradient: AlignedBuffer<T> {
    gradientStorage.withLock { storage in
      if let storage { return storage }
      let fresh = AlignedBuffer<T>(count: count, repeating: 0)
      storage = fresh
      return fresh
    }
  }

  /// The place in the order of ``shape`` of an element that is stored at `index`.
  public func outerIndex(of index: Int) -> Int {
    guard layout == .channelsLast else { return index }
    let channels = shape[1]
    return index % channels * (count / channels) + index / channels
  }

  /// The elements in the order of ``shape``.
  public func exported() -> [T] { permuted(values, toStorage: false) }

  /// The gradient in the order of ``shape``.
  public func exportedGradient() -> [T] { permuted(gradient, toStorage: false) }

  /// Replaces the elements by `source`, given in the order of ``shape``.
  ///
  /// - Throws: ``ShapeError`` if the count differs.
  public func load(_ source: [T]) throws(ShapeError) {
    guard source.count == count else {
      throw ShapeError(
        in: "Parameter.load", name, expected: shape, actual: [source.count],
        fix: "Load a checkpoint of the same architecture and sizes.")
    }
    let ordered = permuted(AlignedBuffer(source), toStorage: true)
    ordered.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { values.base.update(from: start, count: count) }
    }
  }

  /// Copies the elements of a parameter with the same shape.
  public func copy(from other: Parameter) {
    precondition(other.shape == shape, "Parameter.copy: \(name) \(other.shape) into \(shape)")
    values.base.update(from: other.values.base, count: count)
  }

  @specialized(where T == Float)
  @specialized(where T == Double)
  private func permuted(_ source: AlignedBuffer<T>, toStorage: Bool) -> [T] {
    guard layout == .channelsLast else { return source.array }
    let channels = shape[1]
    let texels = count / max(channels, 1)
    var result = [T](repeating: 0, count: count)
    for texel in 0..<texels {
      for channel in 0..<channels {
        let outer = channel * texels + texel
        let inner = texel * channels + channel
        if toStorage {
          result[inner] = source.base[outer]
        } else {
          result[outer] = source.base[inner]
        }
      }
    }
    return result
  }

  /// Fills with uniform numbers in −limit...limit; the stream separates tensors of one field.
  @specialized(where T == Float)
  @specialized(where T == Double)
  public func initialise(uniform limit: Double, seed: UInt64, stream: Int) {
    let random = CounterRandom(seed: seed, purpose: .initialisation, stream: stream)
    for block in 0..<(count + 3) / 4 {
      let four = random.uniform4(at: block)
      for lane in 0..<min(4, count - 4 * block) {
        values.base[4 * block + lane] = T((Double(four[lane]) * 2 - 1) * limit)
      }
    }
  }

  /// Fills with normal numbers of the given deviation.
  @specialized(where T == Float)
  @specialized(where T == Double)
  public func initialise(normal deviation: Double, seed: UInt64, stream: Int) {
    let random = CounterRandom(seed: seed, purpose: .initialisation, stream: stream)
    for pair in 0..<(count + 1) / 2 {
      let two = random.normal2(at: pair)
      for lane in 0..<min(2, count - 2 * pair) {
        values.base[2 * pair + lane] = T(two[lane] * deviation)
      }
    }
  }
}
