public import NeRFCore

/// The gradient sums of one lane: a contiguous share of the tiles, whoever computes it.
public struct GradientLane<T: RadianceScalar> {
  fileprivate let base: UnsafeMutablePointer<T>
  fileprivate let offsets: [Int]

  /// The lane's sum for one parameter, by its index in the field.
  public func sum(of parameter: Int) -> UnsafeMutablePointer<T> {
    precondition(offsets[parameter] >= 0, "GradientLane: parameter \(parameter) has no lane sums")
    return base + offsets[parameter]
  }
}

/// Separate gradient sums for a fixed number of lanes.
///
/// The number of lanes is a constant of the library, not the number of threads, and lanes are added
/// in order: so the bits of a gradient do not depend on who computed what.
public final class GradientLanes<T: RadianceScalar>: @unchecked Sendable {
  /// Lanes in every run; also the most threads that a pass over tiles can use.
  public static var count: Int { 16 }

  private let storage: AlignedBuffer<T>
  private let width: Int
  private let offsets: [Int]

  /// Room for the parameters that lanes sum.
  public init(_ parameters: [Parameter<T>]) {
    var next = 0
    var offsets: [Int] = []
    for parameter in parameters {
      guard parameter.owner == .lanes else {
        offsets.append(-1)
        continue
      }
      offsets.append(next)
      next += (parameter.count + 15) / 16 * 16
    }
    self.offsets = offsets
    self.width = next
    self.storage = AlignedBuffer(count: max(1, next * Self.count), repeating: 0)
  }

  /// The sums of one lane.
  public func lane(_ index: Int) -> GradientLane<T> {
    GradientLane(base: storage.base + index * width, offsets: offsets)
  }

  /// Adds all lanes, in order, to the gradients, and clears them.
  public func reduce(into parameters: [Parameter<T>], pool: WorkerPool) {
    // In pieces of all parameters at once: most are too small to be divided alone.
    let size = 1 << 13
    let pieces = parameters.indices.filter { offsets[$0] >= 0 }.flatMap { index in
      let (sums, gradient) = (storage.base + offsets[index], parameters[index].gradient.base)
      return stride(from: 0, to: parameters[index].count, by: size).map { first in
        Piece(
          sums: sums + first, gradient: gradient + first,
          count: min(size, parameters[index].count - first))
      }
    }
    pool.forEach(pieces.count) { item, _ in
      let piece = pieces[item]
      addLanes(
        piece.sums, laneWidth: width, lanes: Self.count, to: piece.gradient, count: piece.count)
    }
  }
}

/// Consecutive numbers of one parameter: the first lane's sums and the gradient.
private struct Piece<T: RadianceScalar> {
  let sums: UnsafeMutablePointer<T>
  let gradient: UnsafeMutablePointer<T>
  let count: Int
}

@specialized(where T == Float)
private func addLanes<T: RadianceScalar>(
  _ sums: UnsafeMutablePointer<T>, laneWidth: Int, lanes: Int, to gradient: UnsafeMutablePointer<T>,
  count: Int
) {
  for lane in 0..<lanes {
    let sum = sums + lane * laneWidth
    for i in 0..<count {
      gradient[i] += sum[i]
      sum[i] = 0
    }
  }
}
