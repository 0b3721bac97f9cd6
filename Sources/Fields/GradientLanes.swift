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
/// The number of lanes and their shares of the work are constants of the library and do not depend on the
/// number of threads, and lanes are added in order: so the bits of a gradient do not depend on who computed
/// what.
public final class GradientLanes<T: RadianceScalar>: @unchecked Sendable {
  /// Shares of the work, in 96ths: twelve of 1/16, six of 1/32, and six of 1/96.
  ///
  /// Threads take them in this order. Whoever is done first takes one of the small shares, so that at the end
  /// nobody waits for more than a hundredth of the work, even if one processor is slower than another.
  private static var parts: [Int] {
    [Int](repeating: 6, count: 12) + [Int](repeating: 3, count: 6) + [Int](repeating: 1, count: 6)
  }

  /// Most lanes of a pass; also the most threads that a pass over tiles can use.
  public static var count: Int { parts.count }

  /// Consecutive shares of so many equal pieces of work, none of them empty: one for each lane, the large ones
  /// first.
  public static func shares(of pieces: Int) -> [Range<Int>] {
    var shares: [Range<Int>] = []
    var (first, done) = (0, 0)
    for part in parts {
      done += part
      // All parts together are the whole.
      let end = pieces * done / 96
      if end > first { shares.append(first..<end) }
      first = end
    }
    return shares
  }

  private let storage: AlignedBuffer<T>
  private let width: Int
  private let offsets: [Int]
  /// Lanes that hold sums, the first ones.
  private var used = 0

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

  /// Lets sums be added to the first so many lanes, until they are reduced.
  ///
  /// Must not be called while another thread has a lane.
  public func open(_ lanes: Int) {
    precondition(lanes <= Self.count, "GradientLanes: \(lanes) of \(Self.count) lanes")
    used = max(used, lanes)
  }

  /// The sums of one lane that is open.
  public func lane(_ index: Int) -> GradientLane<T> {
    precondition(index < used, "GradientLanes: lane \(index) of \(used) is not open")
    return GradientLane(base: storage.base + index * width, offsets: offsets)
  }

  /// Adds the open lanes, in order, to the gradients, clears and closes them.
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
        piece.sums, laneWidth: width, lanes: used, to: piece.gradient, count: piece.count)
    }
    used = 0
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
