import Distill
import Fields
import NeRFCore
import TermInspection
import TestSupport
import Testing

@Suite("Gradients of chosen samples")
struct SelectedGradientTests {
  private let pool = WorkerPool(threads: 2)

  @Test(
    "has the gradient of its loss, depth included",
    arguments: [Architecture.hash, .mlp, .vm, .tensors])
  func gradients(architecture: Architecture) throws {
    let teacher: any RadianceField<Double> = TinyFields.make(.hash, seed: 2)
    let student: any RadianceField<Double> = TinyFields.make(architecture, seed: 3)
    try TinyFields.scramble(teacher, scale: 0.8, seed: 4)
    try TinyFields.scramble(student, scale: 0.6, seed: 5)
    let input = try TinyStep.input(.image, as: Double.self, pool: pool)
    let inspector = StepInspector(
      teacher: teacher, student: student,
      rates: {
        var rates = LossRates(); rates.depth = 0.1; return rates
      }(), pool: pool)
    inspector.selection = SampleSelection()
    let inspection = try inspector.inspect(input)
    #expect(inspection.terms.contains { $0.term == .depth && $0.value > 0 })
    let verification = try #require(inspection.verification)
    #expect(verification.checks.contains { $0.term == .depth })
    #expect(verification.worst < 1e-5, "\(verification.checks)")
    // Shares are those of the chosen rows.
    let traces = try inspector.traces(input, rays: Array(0..<input.batch.rayCount))
    let shares = traces.flatMap(\.samples).compactMap { $0.shares[.density] }
    #expect(shares.reduce(0, +).isClose(to: 1, .reference))
    #expect(shares.contains(0))
  }
}
