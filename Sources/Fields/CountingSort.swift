import NeRFCore

/// Sorting samples by a small number each, their key, over fixed parts of the batch: the order is the same for
/// any number of threads.
///
/// First every part is tallied, then ``finish()`` tells where its samples of each key go, then they are placed,
/// in batch order where keys are equal. Parts may be done at the same time.
struct CountingSort: @unchecked Sendable {
  /// Consecutive samples in so many parts, some of which may be empty.
  static var parts: Int { 8 }

  /// One number below ``keyCount`` per sample; samples with a negative one are left out.
  let keys: UnsafePointer<Int32>
  let keyCount: Int
  let count: Int
  /// By part and key: the number of samples, and then the next place.
  private let places: AlignedBuffer<Int32>

  init(keys: UnsafePointer<Int32>, keyCount: Int, count: Int) {
    self.keys = keys
    self.keyCount = keyCount
    self.count = count
    places = AlignedBuffer(count: Self.parts * keyCount, repeating: 0)
  }

  /// The samples of a part.
  static func samples(_ part: Int, of count: Int) -> Range<Int> {
    count * part / parts..<count * (part + 1) / parts
  }

  /// Counts the keys of a part.
  func tally(_ part: Int) {
    let mine = places.base + part * keyCount
    for s in Self.samples(part, of: count) where keys[s] >= 0 { mine[Int(keys[s])] &+= 1 }
  }

  /// Turns counts into places.
  ///
  /// - Returns: Where the samples of each key start; one entry more than there are keys.
  func finish() -> [Int] {
    let places = places.base
    return [Int](unsafeUninitializedCapacity: keyCount + 1) { starts, initialized in
      var next: Int32 = 0
      for key in 0..<keyCount {
        starts[key] = Int(next)
        for part in 0..<Self.parts {
          let number = places[part &* keyCount &+ key]
          places[part &* keyCount &+ key] = next
          next &+= number
        }
      }
      starts[keyCount] = Int(next)
      initialized = keyCount + 1
    }
  }

  /// Calls `body` for every sample of a part that has a key, with its place. Once only: the places are used up.
  @inline(__always)
  func forEachPlace(_ part: Int, _ body: (_ sample: Int, _ place: Int) -> Void) {
    let mine = places.base + part * keyCount
    for s in Self.samples(part, of: count) where keys[s] >= 0 {
      let key = Int(keys[s])
      body(s, Int(mine[key]))
      mine[key] &+= 1
    }
  }
}
