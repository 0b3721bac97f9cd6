import NeRFCore

/// The elements of a long array that are not zero, in order.
///
/// A step reaches few entries of a table or a volume: gradients of every term at once fit into memory this way.
struct SparseArray<T: RadianceScalar>: Sendable {
  /// Elements, zeros included.
  let count: Int
  let indices: [Int32]
  let values: [T]

  /// NaN is not zero.
  init(_ source: UnsafePointer<T>, count: Int) {
    precondition(count <= Int(Int32.max), "SparseArray: \(count) elements")
    self.count = count
    (indices, values) = nonzeros(source, count: count)
  }

  /// All elements, each at the place that `place` gives it.
  func dense(_ place: (Int) -> Int) -> [T] { scattered(self, place) }

  /// Σ aᵢ bᵢ in double precision, in the order of the elements.
  func dot<U: RadianceScalar>(_ other: SparseArray<U>) -> Double { merged(self, other).product }

  /// Σ (aᵢ − bᵢ)².
  func squaredDistance<U: RadianceScalar>(_ other: SparseArray<U>) -> Double {
    merged(self, other).distance
  }
}

@specialized(where T == Float)
@specialized(where T == Double)
private func scattered<T: RadianceScalar>(
  _ array: SparseArray<T>, _ place: (Int) -> Int
) -> [T] {
  var result = [T](repeating: 0, count: array.count)
  for i in array.indices.indices { result[place(Int(array.indices[i]))] = array.values[i] }
  return result
}

/// Σ aᵢ bᵢ and Σ (aᵢ − bᵢ)² over all elements, in order.
@specialized(where T == Float, U == Float)
@specialized(where T == Float, U == Double)
@specialized(where T == Double, U == Double)
private func merged<T: RadianceScalar, U: RadianceScalar>(
  _ a: SparseArray<T>, _ b: SparseArray<U>
) -> (product: Double, distance: Double) {
  var (product, distance) = (0.0, 0.0)
  var (i, j) = (0, 0)
  while i < a.indices.count || j < b.indices.count {
    let first = i < a.indices.count ? a.indices[i] : .max
    let second = j < b.indices.count ? b.indices[j] : .max
    var (x, y) = (0.0, 0.0)
    if first <= second {
      x = Double(a.values[i])
      i += 1
    }
    if second <= first {
      y = Double(b.values[j])
      j += 1
    }
    product += x * y
    distance += (x - y) * (x - y)
  }
  return (product, distance)
}

@specialized(where T == Float)
@specialized(where T == Double)
private func nonzeros<T: RadianceScalar>(
  _ source: UnsafePointer<T>, count: Int
) -> (indices: [Int32], values: [T]) {
  var number = 0
  for i in 0..<count where source[i] != 0 { number += 1 }
  var indices: [Int32] = []
  var values: [T] = []
  indices.reserveCapacity(number)
  values.reserveCapacity(number)
  for i in 0..<count where source[i] != 0 {
    indices.append(Int32(i))
    values.append(source[i])
  }
  return (indices, values)
}
