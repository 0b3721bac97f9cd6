import NeRFCore

/// Sorting samples by a small number each, their key, in two rounds over fixed parts of the batch: the order is the
/// same for any number of threads.
///
/// Buckets of neighbouring keys are filled, then each bucket is sorted within the nearest cache. What two threads
/// write at the same time lies far apart in both rounds. In one round, as in ``CountingSort``, neighbours in the
/// result come from different parts; sixteen samples share a line of the cache, and threads would take it from each
/// other all the time.
///
/// ``tally(_:)`` every part, ``divide()``, ``fill(_:)`` every part, ``sort(_:into:)`` every bucket, then read
/// ``starts``. Parts may be done at the same time, and so may buckets.
struct BucketSort: @unchecked Sendable {
  /// A sample and its key.
  private struct Entry {
    var key: Int32
    var sample: Int32
  }

  /// Consecutive samples in so many parts, some of which may be empty.
  static var parts: Int { 8 }
  /// Most buckets, few enough that a processor keeps the end of each at hand.
  private static var mostBuckets: Int { 64 }

  /// Buckets, some of which may be empty.
  let buckets: Int
  /// One number below `keyCount` per sample; samples with a negative one are left out.
  private let keys: UnsafePointer<Int32>
  private let keyCount: Int
  private let count: Int
  /// A bucket has so many keys, as a power of two.
  private let shift: Int
  private let entries: UnsafeMutablePointer<Entry>
  /// By part and bucket: the number of samples, then the next place, in the end where the next part's begin.
  private let places: AlignedBuffer<Int32>
  /// By bucket: where its samples begin; one more than there are buckets.
  private let bounds: AlignedBuffer<Int32>
  /// By key: the number of samples, then the next place, in the end where the next key's begin.
  private let ends: AlignedBuffer<Int32>

  /// - Parameter room: Eight bytes for each of `count` samples, aligned to four.
  init(
    keys: UnsafePointer<Int32>, keyCount: Int, count: Int, room: UnsafeMutableRawPointer
  ) {
    self.keys = keys
    self.keyCount = keyCount
    self.count = count
    entries = room.bindMemory(to: Entry.self, capacity: count)
    var shift = 0
    while (keyCount - 1) >> shift >= Self.mostBuckets { shift += 1 }
    self.shift = shift
    buckets = keyCount > 0 ? (keyCount - 1) >> shift + 1 : 0
    places = AlignedBuffer(count: Self.parts * buckets, repeating: 0)
    bounds = AlignedBuffer(count: buckets + 1, repeating: 0)
    ends = AlignedBuffer(count: keyCount, repeating: 0)
  }

  private func samples(_ part: Int) -> Range<Int> {
    count * part / Self.parts..<count * (part + 1) / Self.parts
  }

  /// Counts the samples of a part in each bucket.
  func tally(_ part: Int) {
    let (mine, keys, shift) = (places.base + part &* buckets, keys, shift)
    for s in samples(part) where keys[s] >= 0 { mine[Int(keys[s]) &>> shift] &+= 1 }
  }

  /// Turns counts into places.
  func divide() {
    var next: Int32 = 0
    for bucket in 0..<buckets {
      bounds.base[bucket] = next
      for part in 0..<Self.parts {
        let place = places.base + (part &* buckets &+ bucket)
        (place.pointee, next) = (next, next &+ place.pointee)
      }
    }
    bounds.base[buckets] = next
  }

  /// Puts the samples of a part into their buckets.
  func fill(_ part: Int) {
    let (mine, keys, shift, entries) = (places.base + part &* buckets, keys, shift, entries)
    for s in samples(part) where keys[s] >= 0 {
      let bucket = Int(keys[s]) &>> shift
      entries[Int(mine[bucket])] = Entry(key: keys[s], sample: Int32(truncatingIfNeeded: s))
      mine[bucket] &+= 1
    }
  }

  /// Puts the samples of a bucket into their places in the order of all: by key, and where keys are equal as in
  /// the batch.
  func sort(_ bucket: Int, into result: UnsafeMutablePointer<Int32>) {
    let (ends, entries) = (ends.base, entries)
    let (first, last) = (Int(bounds.base[bucket]), Int(bounds.base[bucket + 1]))
    for entry in first..<last { ends[Int(entries[entry].key)] &+= 1 }
    var next = Int32(truncatingIfNeeded: first)
    for key in bucket &<< shift..<min((bucket &+ 1) &<< shift, keyCount) {
      (ends[key], next) = (next, next &+ ends[key])
    }
    for entry in first..<last {
      let key = Int(entries[entry].key)
      result[Int(ends[key])] = entries[entry].sample
      ends[key] &+= 1
    }
  }

  /// Where the samples of each key begin, once all buckets are sorted; one more than there are keys.
  var starts: [Int] {
    [Int](unsafeUninitializedCapacity: keyCount + 1) { starts, initialized in
      starts[0] = 0
      for key in 0..<keyCount { starts[key + 1] = Int(ends.base[key]) }
      initialized = keyCount + 1
    }
  }
}
