import NeRFCore
import RealModule

/// How two blocks of numbers are compared.
///
/// With e = student − teacher over all elements of a block:
///
/// | kind | value | gradient per element |
/// | --- | --- | --- |
/// | `normL2` | √Σe² (neither squared nor averaged) | e / √Σe², 0 at norm 0 |
/// | `L2` | mean e² | 2e / n |
/// | `normL1` | Σ∣e∣ | sign e |
/// | `L1` | mean ∣e∣ | sign e / n |
/// | `smoothL1` | mean of e²/(2β) if ∣e∣ < β else ∣e∣ − β/2, β = 0.05 | e/(βn) or sign e / n |
///
/// sign 0 is 0. Sums are taken in double precision over fixed ranges that are added in order.
public enum LossKind: String, CaseIterable, Sendable, Codable {
  case normL2
  case meanL2 = "L2"
  case normL1
  case meanL1 = "L1"
  case smoothL1

  package static let smoothWidth = 0.05
}

/// One block of a comparison: rows of two equally shaped arrays, and where its gradient goes.
struct LossBlock<T: RadianceScalar> {
  let kind: LossKind
  let student: [UnsafePointer<T>]
  let teacher: [UnsafePointer<T>]
  /// Elements of each row that count.
  let count: Int

  private static var rangeSize: Int { 1 << 14 }
  private var elements: T.Sum { T.Sum(count * student.count) }

  /// The loss, before any rate.
  func value(pool: WorkerPool) -> T.Sum {
    let ranges = (count + Self.rangeSize - 1) / Self.rangeSize
    let parts = AlignedBuffer<T.Sum>(count: max(ranges, 1), repeating: 0)
    pool.forEachRange(count, size: Self.rangeSize) { range, _ in
      var sum: T.Sum = 0
      for row in student.indices {
        sum += partialSum(
          kind, student[row] + range.lowerBound, teacher[row] + range.lowerBound,
          count: range.count)
      }
      parts.base[range.lowerBound / Self.rangeSize] = sum
    }
    let sum = parts.elements.reduce(0, +)
    switch kind {
    case .normL2: return sum.squareRoot()
    case .normL1: return sum
    case .meanL2, .meanL1, .smoothL1: return count == 0 ? 0 : sum / elements
    }
  }

  /// Adds `rate · ∂loss/∂student` to the rows of `gradients`.
  ///
  /// - Parameter value: What ``value(pool:)`` returned.
  func accumulateGradient(
    rate: T.Sum, value: T.Sum, into gradients: [UnsafeMutablePointer<T>], pool: WorkerPool
  ) {
    let scale: T.Sum
    switch kind {
    case .normL2: scale = value > 0 ? rate / value : 0
    case .meanL2: scale = count == 0 ? 0 : 2 * rate / elements
    case .normL1: scale = rate
    case .meanL1, .smoothL1: scale = count == 0 ? 0 : rate / elements
    }
    pool.forEachRange(count, size: Self.rangeSize) { range, _ in
      for row in student.indices {
        addGradient(
          kind, scale: T(scale), student[row] + range.lowerBound, teacher[row] + range.lowerBound,
          to: gradients[row] + range.lowerBound, count: range.count)
      }
    }
  }
}

@specialized(where T == Float)
@specialized(where T == Double)
private func partialSum<T: RadianceScalar>(
  _ kind: LossKind, _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, count: Int
) -> T.Sum {
  var sum: T.Sum = 0
  switch kind {
  case .normL2, .meanL2:
    for i in 0..<count {
      let e = T.Sum(a[i]) - T.Sum(b[i])
      sum += e * e
    }
  case .normL1, .meanL1:
    for i in 0..<count { sum += abs(T.Sum(a[i]) - T.Sum(b[i])) }
  case .smoothL1:
    let width = T.Sum(LossKind.smoothWidth)
    for i in 0..<count {
      let e = abs(T.Sum(a[i]) - T.Sum(b[i]))
      sum += e < width ? e * e / (2 * width) : e - width / 2
    }
  }
  return sum
}

@specialized(where T == Float)
@specialized(where T == Double)
private func addGradient<T: RadianceScalar>(
  _ kind: LossKind, scale: T, _ a: UnsafePointer<T>, _ b: UnsafePointer<T>,
  to gradient: UnsafeMutablePointer<T>, count: Int
) {
  switch kind {
  case .normL2, .meanL2:
    for i in 0..<count { gradient[i] += scale * (a[i] - b[i]) }
  case .normL1, .meanL1:
    for i in 0..<count {
      let e = a[i] - b[i]
      gradient[i] += e > 0 ? scale : e < 0 ? -scale : 0
    }
  case .smoothL1:
    let width = T(LossKind.smoothWidth)
    for i in 0..<count {
      let e = a[i] - b[i]
      gradient[i] += abs(e) < width ? scale * e / width : e > 0 ? scale : -scale
    }
  }
}
