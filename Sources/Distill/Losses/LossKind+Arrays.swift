public import NeRFCore

extension LossKind {
  /// Compares two blocks of numbers; the formulas are those of ``LossKind``.
  ///
  /// The same code that compares taps and pixels in a ``DistillationStep``, for callers with a loss of
  /// their own and for checks of another implementation.
  ///
  /// - Parameters:
  ///   - student: The numbers that are judged, in any shape, flattened.
  ///   - teacher: The numbers they should be, element by element.
  /// - Returns: The loss, summed in double precision. An empty block has loss 0.
  /// - Throws: ``ShapeError`` if the counts differ.
  /// - Complexity: O(n), on the calling thread.
  public func value<T: RadianceScalar>(
    student: [T], teacher: [T]
  ) throws(ShapeError) -> T.Sum {
    try checkCounts(student.count, teacher.count, in: "LossKind.value")
    return withBlock(student, teacher) { $0.value(pool: WorkerPool(threads: 1)) } ?? 0
  }

  /// The gradient of ``value(student:teacher:)`` with respect to `student`.
  ///
  /// Where a loss has a kink (`normL1` and `L1` at a difference of 0, `normL2` where every difference
  /// is 0) the gradient is 0.
  ///
  /// - Returns: One number per element of `student`.
  /// - Throws: ``ShapeError`` if the counts differ.
  /// - Complexity: O(n), on the calling thread.
  public func gradient<T: RadianceScalar>(
    student: [T], teacher: [T]
  ) throws(ShapeError) -> [T] {
    try checkCounts(student.count, teacher.count, in: "LossKind.gradient")
    var result = [T](repeating: 0, count: student.count)
    result.withUnsafeMutableBufferPointer { result in
      guard let target = result.baseAddress else { return }
      _ = withBlock(student, teacher) { block in
        let pool = WorkerPool(threads: 1)
        block.accumulateGradient(
          rate: 1, value: block.value(pool: pool), into: [target], pool: pool)
      }
    }
    return result
  }

  private func checkCounts(
    _ student: Int, _ teacher: Int, in operation: String
  ) throws(ShapeError) {
    guard student == teacher else {
      throw ShapeError(
        in: operation, "teacher", expected: [student], actual: [teacher],
        fix: "Pass one target per number of the student.")
    }
  }

  /// Calls `body` with one block of one row, unless the arrays are empty.
  private func withBlock<T: RadianceScalar, R>(
    _ student: [T], _ teacher: [T], _ body: (LossBlock<T>) -> R
  ) -> R? {
    student.withUnsafeBufferPointer { s in
      teacher.withUnsafeBufferPointer { t in
        guard let s = s.baseAddress, let t = t.baseAddress, !student.isEmpty else { return nil }
        return body(LossBlock(kind: self, student: [s], teacher: [t], count: student.count))
      }
    }
  }
}
