import NeRFCore

extension MachineBounds {
  /// Working sets above this are cut into one part per thread; smaller ones stand for a table that every
  /// thread reads as a whole.
  private static var sharedBytes: Int { 4 << 20 }

  /// Bytes a second of all threads together.
  func measureStream(_ kind: MemoryStream.Kind, footprint: Int) -> Double {
    let parts = footprint > Self.sharedBytes ? pool.threads : 1
    let bytes = footprint / parts
    // What each thread touches in one round.
    let moved = Double(pool.threads * bytes)
    switch kind {
    case .reading:
      let lines = MemoryStream.lines(in: bytes, arrays: 1)
      let memory = AlignedBuffer<UInt64>(count: parts * lines * 8, repeating: 1)
      return measure(Double(pool.threads * lines * 64)) { thread in
        sumInOrder(memory.base + thread % parts * lines * 8, lines: lines)
      }
    case .filling:
      // Memory of its own for every thread: two must not write the same lines.
      let memory = AlignedBuffer<UInt8>(count: pool.threads * bytes, repeating: 1)
      let whole = measure(moved) { thread in
        (memory.base + thread * bytes).update(repeating: 2, count: bytes)
        return 0
      }
      let plain = measure(moved) { thread in
        fillInOrder(memory.base + thread * bytes, bytes: bytes)
        return 0
      }
      let streamed = measure(moved) { thread in
        FastKernels.clear(memory.base + thread * bytes, bytes: bytes)
        return 0
      }
      return max(whole, plain, streamed)
    case .copying:
      let half = bytes / 2
      let memory = AlignedBuffer<UInt8>(count: pool.threads * 2 * half, repeating: 1)
      // One call for all, which may write around the caches, and calls for pieces, which do not.
      return [half, 1 << 18].map { piece in
        measure(moved) { thread in
          let target = memory.base + 2 * thread * half
          for first in stride(from: 0, to: half, by: piece) {
            (target + first).update(
              from: target + half + first, count: min(piece, half - first))
          }
          return 0
        }
      }.max() ?? 0
    case .updating:
      let lines = MemoryStream.lines(in: bytes, arrays: 4)
      let memory = AlignedBuffer<Float>(count: pool.threads * 4 * 16 * lines, repeating: 0)
      // Seven of eight accesses: the gradient is not written.
      return measure(Double(pool.threads * 7 * 64 * lines)) { thread in
        updateInOrder(memory.base + thread * 4 * 16 * lines, lines: lines)
        return 0
      }
    }
  }

  /// Reads a second of all threads together, from one table that they share.
  func measureRandomReads(tableBytes: Int) -> Double {
    let rows = max(1, tableBytes / 8)
    let table = AlignedBuffer<UInt64>(count: rows, repeating: 1)
    let reads = 1 << 16
    // Every round goes on where the last one stopped: places that repeat would be in the caches.
    let states = AlignedBuffer<UInt64>(count: 8 * pool.threads, repeating: 0)
    for index in 0..<states.count {
      states.base[index] = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
    }
    return measure(Double(pool.threads * reads)) { thread in
      sumRandomly(table.base, rows: UInt64(rows), reads: reads, from: states.base + 8 * thread)
    }
  }

  /// Runs a loop on every thread; its number keeps the compiler from dropping it.
  private func measure(_ amount: Double, _ loop: (Int) -> UInt64) -> Double {
    let sums = AlignedBuffer<UInt64>(count: 8 * pool.threads, repeating: 0)
    return fastestRate(amount) { [pool] rounds in
      pool.forEach(pool.threads) { thread, _ in
        for _ in 0..<rounds { sums.base[8 * thread] &+= loop(thread) }
      }
    }
  }
}

extension MemoryStream {
  /// Cache lines per array if so many arrays share the bytes, at least one.
  static func lines(in bytes: Int, arrays: Int) -> Int { max(1, bytes / (64 * arrays)) }
}

/// Reads two lines at a time into sixteen sums.
private func sumInOrder(_ memory: UnsafePointer<UInt64>, lines: Int) -> UInt64 {
  let words = UnsafeRawPointer(memory)
  var sums = SIMD16<UInt64>()
  for pair in 0..<lines / 2 {
    sums &+= words.load(fromByteOffset: 128 * pair, as: SIMD16<UInt64>.self)
  }
  return sums.wrappedSum()
}

private func fillInOrder(_ memory: UnsafeMutablePointer<UInt8>, bytes: Int) {
  let raw = UnsafeMutableRawPointer(memory)
  let value = SIMD16<Float>(repeating: 1)
  for line in 0..<bytes / 64 {
    raw.storeBytes(of: value, toByteOffset: 64 * line, as: SIMD16<Float>.self)
  }
}

/// Takes two moments and a value a step on, from a gradient: `m ← m/2 + g`, `v ← v/2 + g`, `p ← p − m`.
private func updateInOrder(_ memory: UnsafeMutablePointer<Float>, lines: Int) {
  let raw = UnsafeMutableRawPointer(memory)
  let array = 64 * lines
  for line in 0..<lines {
    let place = raw + 64 * line
    let gradient = place.load(as: SIMD16<Float>.self)
    let first = place.load(fromByteOffset: array, as: SIMD16<Float>.self) * 0.5 + gradient
    let second = place.load(fromByteOffset: 2 * array, as: SIMD16<Float>.self) * 0.5 + gradient
    let value = place.load(fromByteOffset: 3 * array, as: SIMD16<Float>.self) - first
    place.storeBytes(of: first, toByteOffset: array, as: SIMD16<Float>.self)
    place.storeBytes(of: second, toByteOffset: 2 * array, as: SIMD16<Float>.self)
    place.storeBytes(of: value, toByteOffset: 3 * array, as: SIMD16<Float>.self)
  }
}

/// Reads at places from four generators, two from each number: no read waits for another.
///
/// Each generator is `s ← 6364136223846793005 s + 1442695040888963407` (Knuth's MMIX).
private func sumRandomly(
  _ table: UnsafePointer<UInt64>, rows: UInt64, reads: Int,
  from states: UnsafeMutablePointer<UInt64>
) -> UInt64 {
  func next(_ state: inout UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let upper = ((state >> 32) &* rows) >> 32
    let middle = ((state >> 16 & 0xFFFF_FFFF) &* rows) >> 32
    return table[Int(upper)] &+ table[Int(middle)]
  }
  var (a, b, c, d) = (states[0], states[1], states[2], states[3])
  var sum: UInt64 = 0
  for _ in 0..<reads / 8 {
    sum &+= next(&a) &+ next(&b)
    sum &+= next(&c) &+ next(&d)
  }
  (states[0], states[1], states[2], states[3]) = (a, b, c, d)
  return sum
}
