import Distill
import Fields
import NeRFCore
import TermInspection
import TestSupport
import Testing

@Suite("Inspection of a step")
struct StepInspectorTests {
  private let pool = WorkerPool(threads: 2)

  @Test(
    "splits the gradient of the loss into its terms",
    arguments: [Architecture.hash, .mlp, .vm, .tensors], DistillationStage.allCases)
  func sumOfTerms(student architecture: Architecture, stage: DistillationStage) throws {
    let teacher: any RadianceField<Double> = TinyFields.make(.hash, seed: 2)
    let student: any RadianceField<Double> = TinyFields.make(architecture, seed: 3)
    let input = try TinyStep.input(stage, as: Double.self, pool: pool)
    let gradients = try StepInspector(teacher: teacher, student: student, pool: pool)
      .gradients(input)
    #expect(student.exportedGradients().allSatisfy { $0 == 0 })
    let report = try DistillationStep(
      teacher: FieldEvaluator(teacher, pool: pool), student: FieldEvaluator(student, pool: pool)
    ).accumulateGradients(
      input.batch, stage: stage, featureRate: input.featureRate, background: input.background)
    #expect(report.total > 0 || (stage == .features && architecture == .tensors))
    for (index, parameter) in student.parameters.enumerated() {
      let parts = gradients.terms.map { gradients[$0, index] }
      for (element, whole) in parameter.exportedGradient().enumerated() {
        let sum = parts.reduce(0) { $0 + $1[element] }
        let scale = parts.reduce(0) { $0 + abs($1[element]) }
        #expect(
          sum.isClose(to: whole, .reference, scale: scale), "\(parameter.name)[\(element)]")
      }
    }
  }

  @Test(
    "verifies every gradient by central differences",
    arguments: [Architecture.hash, .mlp, .vm, .tensors], [Architecture.hash, .mlp, .vm, .tensors])
  func verification(teacher: Architecture, student: Architecture) throws {
    let inspector = StepInspector<Float>(
      teacher: TinyFields.make(teacher, seed: 4), student: TinyFields.make(student, seed: 5),
      pool: pool)
    for stage in DistillationStage.allCases {
      let inspection = try inspector.inspect(try TinyStep.input(stage, pool: pool))
      let verification = try #require(inspection.verification)
      #expect(verification.worst < 1e-4, "\(stage): \(verification.checks)")
      #expect(!inspection.findings.contains { $0.kind == .wrongGradient })
      let moving = inspection.terms.filter { $0.gradientNorm > 0 }
      for term in moving {
        // Two random directions and the steepest parameter.
        #expect(verification.checks.count { $0.term == term.term } == 3)
        let distance = try #require(verification.singleAgainstDouble[term.term])
        #expect(distance < Tolerance.framework.relative, "\(stage) \(term.term): \(distance)")
      }
    }
  }

  @Test("of a wrong gradient says so: a field whose clamp has a slope in the difference only")
  func wrongGradient() throws {
    // At the end of the clamp a central difference sees half the slope, the gradient all of it.
    let teacher: any RadianceField<Float> = TinyFields.make(.tensors, seed: 4)
    let student: any RadianceField<Float> = TinyFields.make(.tensors, seed: 5)
    let volume = try #require(student.parameters.first)
    let channels = volume.shape[1]
    let texels = volume.count / channels
    var values = volume.exported()
    for i in 0..<texels { values[i] = Float(student.frame.logDensityMaximum) }
    try volume.load(values)
    let inspection = try StepInspector(teacher: teacher, student: student, pool: pool).inspect(
      try TinyStep.input(.volume, pool: pool))
    #expect(inspection.findings.contains { $0.kind == .wrongGradient && $0.subject == "density" })
  }

  @Test(
    "reports rates, shares and norms that belong together", arguments: DistillationStage.allCases)
  func terms(stage: DistillationStage) throws {
    let inspection = try StepInspector<Float>(
      teacher: TinyFields.make(.hash, seed: 2), student: TinyFields.make(.vm, seed: 3), pool: pool
    ).inspect(try TinyStep.input(stage, pool: pool))
    let expected: [DistillationStage: [LossTerm]] = [
      .features: [.features], .volume: [.features, .density, .color],
      .image: [.features, .density, .color, .rgb, .l1],
    ]
    #expect(inspection.terms.map(\.term) == expected[stage])
    #expect(inspection.terms.reduce(0) { $0 + $1.share }.isClose(to: 1, .reference))
    for term in inspection.terms {
      #expect(term.weighted.isClose(to: term.rate * term.value, .reference))
      let squares = term.parameterNorms.values.reduce(0) { $0 + $1 * $1 }
      #expect(squares.squareRoot().isClose(to: term.gradientNorm, .reference))
    }
    #expect(inspection.pairs.count == inspection.terms.count * (inspection.terms.count - 1) / 2)
    for pair in inspection.pairs {
      let cosine = try #require(pair.cosine)
      #expect(abs(cosine) <= 1 + Tolerance.reference.relative)
    }
  }

  @Test("traces rays whose light and shares add up")
  func traces() throws {
    let inspector = StepInspector<Double>(
      teacher: TinyFields.make(.hash, seed: 2), student: TinyFields.make(.mlp, seed: 3), pool: pool)
    let input = try TinyStep.input(.image, as: Double.self, pool: pool)
    let traces = try inspector.traces(input, rays: Array(0..<input.batch.rayCount))
    var shares: [LossTerm: Double] = [:]
    for trace in traces {
      #expect(trace.samples.count == input.batch.spans[trace.ray].count)
      var light = 1.0
      for sample in trace.samples {
        #expect(sample.student.transmittance.isClose(to: light, .reference))
        #expect(
          sample.student.weight.isClose(
            to: sample.student.transmittance * sample.student.alpha, .reference, scale: 1))
        light -= sample.student.weight
        for (term, share) in sample.shares { shares[term, default: 0] += share }
      }
      // I = Σ w c + (1 − W) b, by hand.
      for channel in 0..<3 {
        let seen = trace.samples.reduce(0) { $0 + $1.student.weight * $1.student.color[channel] }
        let expected = seen + light * input.background[channel]
        #expect(trace.studentPixel[channel].isClose(to: expected, .reference, scale: 1))
      }
    }
    #expect(Set(shares.keys) == [.features, .density, .color])
    for share in shares.values { #expect(share.isClose(to: 1, .reference)) }
  }

  @Test(
    "shares a term out as the loss compares it: with the teacher clamped to the student's range")
  func editedTeacher() throws {
    let teacher = TinyFields.make(
      .tensors, as: Double.self, frame: FieldFrame(logDensityMinimum: -100), seed: 2)
    try TinyFields.scramble(teacher, scale: 40, seed: 9)
    let student: any RadianceField<Double> = TinyFields.make(.tensors, seed: 3)
    let input = try TinyStep.input(.volume, as: Double.self, pool: pool)
    for clamps in [true, false] {
      var compatibility = CompatibilityOptions.reference
      compatibility.clampEditedTargets = clamps
      let inspector = StepInspector(
        teacher: teacher, student: student, compatibility: compatibility, pool: pool)
      let traces = try inspector.traces(input, rays: Array(0..<input.batch.rayCount))
      let samples = traces.flatMap(\.samples)
      #expect(samples.contains { $0.teacher.logDensity < -2 })
      let parts = samples.map { sample in
        let target = clamps ? max(sample.teacher.logDensity, -2) : sample.teacher.logDensity
        return (sample.student.logDensity - target) * (sample.student.logDensity - target)
      }
      let sum = parts.reduce(0, +)
      for (sample, part) in zip(samples, parts) {
        #expect(try #require(sample.shares[.density]).isClose(to: part / sum, .reference, scale: 1))
      }
      let term = try inspector.inspect(input).terms.first { $0.term == .density }
      #expect(try #require(term).value.isClose(to: sum.squareRoot(), .reference))
    }
  }

  @Test("pictures have the pixels of the step, and shares that are those of its samples")
  func pictures() throws {
    let inspector = StepInspector<Double>(
      teacher: TinyFields.make(.hash, seed: 2), student: TinyFields.make(.vm, seed: 3), pool: pool)
    let input = try TinyStep.input(.image, as: Double.self, pool: pool)
    let picture = try inspector.picture(input)
    let traces = try inspector.traces(input, rays: Array(0..<input.batch.rayCount))
    let errors = traces.map { trace in
      zip(trace.teacherPixel, trace.studentPixel).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    for trace in traces {
      for channel in 0..<3 {
        #expect(picture.teacher[3 * trace.ray + channel] == Float(trace.teacherPixel[channel]))
        #expect(picture.student[3 * trace.ray + channel] == Float(trace.studentPixel[channel]))
      }
      for term in [LossTerm.features, .density, .color] {
        let share = try #require(picture.shares[term])[trace.ray]
        let sum = trace.samples.reduce(0) { $0 + ($1.shares[term] ?? 0) }
        #expect(share.isClose(to: sum, .reference, scale: 1))
      }
      let share = try #require(picture.shares[.rgb])[trace.ray]
      #expect(share.isClose(to: errors[trace.ray] / errors.reduce(0, +), .reference, scale: 1))
    }
    #expect(picture.shares[.l1] == nil)
  }

  @Test("counts samples that no term can move")
  func withoutGradient() throws {
    // A student whose S lies beyond its clamp: only the colours can be moved.
    let student: any RadianceField<Double> = TinyFields.make(.tensors, seed: 3)
    let volume = try #require(student.parameters.first)
    var values = volume.exported()
    for i in 0..<volume.count / volume.shape[1] { values[i] = 50 }
    try volume.load(values)
    var rates = LossRates()
    for (color, density) in [(0.002, 0.0), (0, 0), (0.002, 0.002), (0, 0.002)] {
      rates.color = color
      rates.density = density
      let input = try TinyStep.input(.volume, as: Double.self, pool: pool)
      let statistics = try StepInspector(
        teacher: TinyFields.make(.hash, seed: 2), student: student, rates: rates, pool: pool
      ).inspect(input).statistics
      #expect(statistics.student.high == statistics.samples)
      #expect(statistics.withoutGradient == (color == 0 && density == 0 ? statistics.samples : 0))
      #expect(statistics.stoppedByClamp == (density == 0 ? 0 : statistics.samples))
    }
  }

  @Test("gives the same values for one thread and three, and leaves the student alone")
  func determinism() throws {
    let student: any RadianceField<Float> = TinyFields.make(.vm, seed: 3)
    let before = student.exportedParameters()
    func inspection(threads: Int) throws -> StepInspection {
      let pool = WorkerPool(threads: threads)
      return try StepInspector(
        teacher: TinyFields.make(.hash, seed: 2), student: student, pool: pool
      )
      .inspect(try TinyStep.input(.image, pool: pool))
    }
    #expect(try inspection(threads: 1) == inspection(threads: 3))
    #expect(student.exportedParameters() == before)
    #expect(student.exportedGradients().allSatisfy { $0 == 0 })
  }

  @Test("refuses rays that the batch does not have")
  func outside() throws {
    let inspector = StepInspector<Float>(
      teacher: TinyFields.make(.hash), student: TinyFields.make(.vm), pool: pool)
    let input = try TinyStep.input(.volume, as: Float.self, pool: pool)
    #expect(throws: ValueError.self) { try inspector.traces(input, rays: [0, 16]) }
    #expect(throws: ValueError.self) { try inspector.traces(input, rays: [-1]) }
  }
}
