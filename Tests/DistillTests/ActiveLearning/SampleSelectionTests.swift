import Distill
import Fields
import Foundation
import NeRFCore
import TestSupport
import Testing

@Suite("Selection of samples, and the depth term")
struct SampleSelectionTests {
  private let pool = WorkerPool(threads: 2)

  private func step<T: RadianceScalar>(
    _ teacher: any RadianceField<T>, _ student: any RadianceField<T>, kind: LossKind = .normL2,
    depth: Double = 0, selection: SampleSelection? = SampleSelection()
  ) -> DistillationStep<T> {
    var rates = LossRates()
    rates.depth = depth
    let step = DistillationStep(
      teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool),
      kind: kind, rates: rates)
    step.selection = selection
    return step
  }

  private func fields<T: RadianceScalar>(
    _ architecture: Architecture, as scalar: T.Type
  ) throws -> (any RadianceField<T>, any RadianceField<T>) {
    let teacher: any RadianceField<T> = TinyFields.make(.hash, seed: 2)
    let student: any RadianceField<T> = TinyFields.make(architecture, seed: 3)
    try TinyFields.scramble(teacher, scale: 0.8, seed: 4)
    try TinyFields.scramble(student, scale: 0.6, seed: 5)
    return (teacher, student)
  }

  private func losses<T: RadianceScalar>(
    _ step: DistillationStep<T>, _ input: StepInput<T>
  ) throws -> LossTerms<T.Sum> {
    try step.losses(
      input.batch, stage: input.stage, featureRate: input.featureRate, background: input.background)
  }

  @Test("compares the chosen rows as the block losses do", arguments: LossKind.allCases)
  func values(kind: LossKind) throws {
    let (teacher, student) = try fields(.vm, as: Double.self)
    let input = try TinyStep.input(.image, as: Double.self, pool: pool)
    let step = step(teacher, student, kind: kind)
    let report = try losses(step, input)
    let rows = try #require(step.selectedRows)
    #expect(!rows.isEmpty && rows.count < input.batch.usedCount)
    func chosen(_ columns: [[Double]]) -> [Double] { columns.flatMap { c in rows.map { c[$0] } } }
    for (value, own, other) in [
      (report.features, step.studentTaps.features, step.teacherTaps.features),
      (report.color, step.studentTaps.colors, step.teacherTaps.colors),
      (report.density, [step.studentTaps.logDensities], [step.teacherTaps.logDensities]),
    ] {
      let expected = try kind.value(student: chosen(own), teacher: chosen(other))
      #expect(value.isClose(to: expected, .reference))
    }
    // Pixels see all samples.
    let plain = try losses(self.step(teacher, student, kind: kind, selection: nil), input)
    #expect(plain.rgb == report.rgb && plain.density != report.density)
  }

  @Test("does nothing in the stages before, and nothing where no ray is opaque")
  func elsewhere() throws {
    let (teacher, student) = try fields(.vm, as: Float.self)
    let input = try TinyStep.input(.volume, as: Float.self, pool: pool)
    let chosen = step(teacher, student)
    #expect(try losses(chosen, input) == losses(step(teacher, student, selection: nil), input))
    #expect(chosen.selectedRows == nil)
    var none = SampleSelection()
    none.opacity = 2
    for kind in LossKind.allCases {
      let empty = step(teacher, student, kind: kind, selection: none)
      let report = try losses(empty, try TinyStep.input(.image, as: Float.self, pool: pool))
      #expect(empty.selectedRows == [] && report.density == 0 && report.color == 0)
      #expect(report.total.isFinite)
    }
  }

  @Test("the depth of one ray has a closed form: its difference")
  func depth() throws {
    let (teacher, student) = try fields(.tensors, as: Double.self)
    var input = try TinyStep.input(.image, as: Double.self, pool: pool)
    input = try input.prefix(samples: 1)
    let step = step(teacher, student, depth: 0.5)
    let report = try losses(step, input)
    // The distance of every sample's end from the start of the march, by hand.
    var distances: [Double] = []
    for span in input.batch.spans {
      var distance = 0.0
      for row in span.offset..<span.offset + span.count {
        distance += Double(input.batch.gaps[row])
        distances.append(distance)
      }
    }
    let depths = try [step.studentRays, step.teacherRays].map { rays in
      var depth = 0.0
      for (weight, distance) in zip(try #require(rays).weights, distances) {
        depth += weight * distance
      }
      return depth
    }
    #expect(report.depth.isClose(to: abs(depths[0] - depths[1]), .reference, scale: 1))
    // Whatever the kind of loss, the depth is compared as a norm.
    for kind in LossKind.allCases {
      #expect(try losses(self.step(teacher, student, kind: kind), input).depth == report.depth)
    }
  }

  @Test("rates of files without a depth keep their values")
  func oldRates() throws {
    let text =
      "{\"rgb\":0.5,\"features\":0.25,\"color\":1,\"density\":2,\"l1\":3,\"featureDecay\":0.9}"
    let rates = try JSONDecoder().decode(LossRates.self, from: Data(text.utf8))
    #expect(rates.rgb == 0.5 && rates.featureDecay == 0.9 && rates.depth == 0 && rates.l1 == 3)
    let again = try JSONDecoder().decode(LossRates.self, from: JSONEncoder().encode(rates))
    #expect(again == rates)
  }

  @Test("the hardest rays are those of the largest error, in descending order")
  func hardest() {
    let teacher = [Double](repeating: 0.5, count: 15)
    var student = teacher
    student[1] += 0.2  // Ray 0: 0.2 in all, below.
    student[3] -= 0.3
    student[5] += 0.3  // Ray 1: 0.6.
    student[12] += 0.2  // Ray 4 as much as ray 0.
    #expect(HardRays.hardest(share: 0.4, of: 5, student: student, teacher: teacher) == [1, 0])
    #expect(HardRays.hardest(share: 0.6, of: 5, student: student, teacher: teacher) == [1, 0, 4])
    #expect(HardRays.hardest(share: 0.1, of: 5, student: student, teacher: teacher) == [])
    #expect(HardRays.hardest(share: 9, of: 5, student: student, teacher: teacher).count == 5)
  }
}
