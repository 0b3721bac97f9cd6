import Distill
import NeRFCore
import TestSupport
import Testing

@Suite("Loss kinds")
struct LossKindTests {
  /// Differences 3, −4, 0.01: small enough to write the sums down.
  @Test("have the closed forms of their table")
  func knownAnswers() throws {
    let student = [4.0, -3, 0.51]
    let teacher = [1.0, 1, 0.5]
    let e = 0.51 - 0.5
    let squares = 25 + e * e
    let expected: [LossKind: Double] = [
      .normL2: squares.squareRoot(), .meanL2: squares / 3, .normL1: 7 + e, .meanL1: (7 + e) / 3,
      .smoothL1: (e * e / 0.1 + (3 - 0.025) + (4 - 0.025)) / 3,
    ]
    for kind in LossKind.allCases {
      let value = try kind.value(student: student, teacher: teacher)
      #expect(value.isClose(to: try #require(expected[kind]), .reference), "\(kind)")
    }
  }

  @Test("have gradients that match central differences", arguments: LossKind.allCases)
  func gradient(kind: LossKind) throws {
    var random = SplitMix64(seed: 3)
    let teacher = random.doubles(48, in: -1...1)
    // Differences of 0.001 to 0.041 and of 0.08 to 0.4, both signs: off the kink at 0, on both sides
    // of the width of smoothL1, whose second derivative jumps at 0.05.
    let student = teacher.enumerated().map { index, value in
      let size = index % 3 == 0 ? 0.001 + 0.04 * Double(index) / 48 : 0.08 + Double(index) / 150
      return index % 2 == 0 ? value + size : value - size
    }
    let check = try GradientCheck(
      of: try kind.gradient(student: student, teacher: teacher), at: student,
      indices: Array(student.indices)
    ) { try kind.value(student: $0, teacher: teacher) }
    #expect(check.passes(), "\(kind): \(check)")
  }

  @Test("are zero with zero gradient where student and teacher agree", arguments: LossKind.allCases)
  func agreement(kind: LossKind) throws {
    let values: [Float] = [1, -2, 0, 7]
    #expect(try kind.value(student: values, teacher: values) == 0)
    #expect(try kind.gradient(student: values, teacher: values) == [0, 0, 0, 0])
  }

  @Test("of nothing are zero", arguments: LossKind.allCases)
  func empty(kind: LossKind) throws {
    #expect(try kind.value(student: [Double](), teacher: []) == 0)
    #expect(try kind.gradient(student: [Double](), teacher: []).isEmpty)
  }

  @Test("refuse blocks of different sizes", arguments: LossKind.allCases)
  func counts(kind: LossKind) {
    #expect(throws: ShapeError.self) { try kind.value(student: [1.0, 2], teacher: [1.0]) }
    #expect(throws: ShapeError.self) { try kind.gradient(student: [1.0], teacher: [1.0, 2]) }
  }

  /// The sum is cut into ranges; a block of several ranges must not lose or repeat one.
  @Test("sum every element of a long block once")
  func longBlock() throws {
    let count = 100_003
    let student = [Float](repeating: 2, count: count)
    let teacher = [Float](repeating: 0, count: count)
    #expect(try LossKind.normL1.value(student: student, teacher: teacher) == Double(2 * count))
    let gradient = try LossKind.normL1.gradient(student: student, teacher: teacher)
    #expect(gradient.allSatisfy { $0 == 1 })
  }
}
