import Distill
import Fields
import NeRFCore
import RealModule
import TermInspection
import TestSupport
import Testing

/// Two fields that are the same everywhere: every term, gradient and trace has a closed form.
@Suite("Inspection of constant fields")
struct ConstantFieldTests {
  private let pool = WorkerPool(threads: 2)
  private let rays = 6
  private let perRay = 5
  private let delta = 0.125
  private let background = [0.9, 0.2, 0.65]
  private let teacherDensity = 1.5
  private let studentDensity = 0.75
  private let teacherColor = [0.2, 0.5, 0.7]
  private let studentColor = [0.4, 0.6, 0.3]

  private var samples: Double { Double(rays * perRay) }

  /// S and C everywhere, from the volume's first channel and the coefficients of Y₀₀.
  private func field(_ logDensity: Double, _ color: [Double]) throws -> any RadianceField<Double> {
    let field: any RadianceField<Double> = TinyFields.make(.tensors)
    let volume = try #require(field.parameters.first)
    let texels = volume.count / volume.shape[1]
    let coefficients = (volume.shape[1] - 1) / 3
    var values = [Double](repeating: 0, count: volume.count)
    for i in 0..<texels { values[i] = logDensity }
    for channel in 0..<3 {
      let c = color[channel]
      // The constant of degree 0 as the harmonics have it, in single precision.
      let coefficient = Double.log(c / (1 - c)) / 0.28209479177387814
      for i in 0..<texels { values[(1 + channel * coefficients) * texels + i] = coefficient }
    }
    try volume.load(values)
    return field
  }

  private func input(_ stage: DistillationStage) throws -> StepInput<Double> {
    let count = rays * perRay
    let depths = (0..<count).map { Float($0 % perRay) * Float(delta) - 0.25 }
    let columns = (0..<count).map { Float($0 / perRay) * 0.125 - 0.3 }
    let zeros = [Float](repeating: 0, count: count)
    let ones = [Float](repeating: 1, count: count)
    let steps = [Float](repeating: Float(delta), count: count)
    let batch = try SampleBatch(
      positions: [columns, columns, depths], directions: [zeros, zeros, ones], deltas: steps,
      gaps: steps, spans: (0..<rays).map { RaySpan(offset: $0 * perRay, count: perRay) })
    return StepInput(stage: stage, featureRate: 0, batch: batch, background: background)
  }

  private func inspector(_ kind: LossKind = .normL2) throws -> StepInspector<Double> {
    StepInspector(
      teacher: try field(teacherDensity, teacherColor),
      student: try field(studentDensity, studentColor), kind: kind, pool: pool)
  }

  /// The pixel of a constant medium: `c (1 − e^(−σL)) + b e^(−σL)`.
  private func pixel(_ logDensity: Double, _ color: [Double]) -> [Double] {
    let rest = Double.exp(-Double.exp(logDensity) * Double(perRay) * delta)
    return zip(color, background).map { $0 * (1 - rest) + $1 * rest }
  }

  /// Loss and derivative of n equal differences e, with respect to moving all of them.
  private func loss(_ kind: LossKind, _ e: [Double], times n: Double) -> (Double, [Double]) {
    let count = n * Double(e.count)
    switch kind {
    case .normL2:
      let value = (n * e.reduce(0) { $0 + $1 * $1 }).squareRoot()
      return (value, e.map { n * $0 / value })
    case .meanL2: return (n * e.reduce(0) { $0 + $1 * $1 } / count, e.map { 2 * n * $0 / count })
    case .normL1: return (n * e.reduce(0) { $0 + abs($1) }, e.map { $0 > 0 ? n : -n })
    case .meanL1:
      return (n * e.reduce(0) { $0 + abs($1) } / count, e.map { ($0 > 0 ? n : -n) / count })
    case .smoothL1:
      let parts = e.map { abs($0) < 0.05 ? $0 * $0 / 0.1 : abs($0) - 0.025 }
      return (
        n * parts.reduce(0, +) / count,
        e.map { n / count * (abs($0) < 0.05 ? $0 / 0.05 : $0 > 0 ? 1 : -1) }
      )
    }
  }

  /// Σ over all texels of the gradient of S: trilinear weights add up to 1, so it is ∂ℓ/∂S of all samples.
  private func densityGradient(_ gradients: TermGradients<Double>, _ term: LossTerm) throws
    -> Double
  {
    let values = gradients[term, 0]
    return values[..<(values.count / gradients.shapes[0][1])].reduce(0, +)
  }

  @Test("has the values and gradients of the closed forms", arguments: LossKind.allCases)
  func terms(kind: LossKind) throws {
    let inspector = try inspector(kind)
    let input = try input(.image)
    let inspection = try inspector.inspect(input)
    let gradients = try inspector.gradients(input)
    let terms = Dictionary(uniqueKeysWithValues: inspection.terms.map { ($0.term, $0) })
    let rates = LossRates()

    let (density, slope) = loss(kind, [studentDensity - teacherDensity], times: samples)
    #expect(try #require(terms[.density]).value.isClose(to: density, .reference))
    let fromDensity = try densityGradient(gradients, .density)
    #expect(fromDensity.isClose(to: rates.density * slope[0], .reference))

    let (color, _) = loss(kind, zip(studentColor, teacherColor).map { $0 - $1 }, times: samples)
    // The harmonics' constant is single precision.
    #expect(try #require(terms[.color]).value.isClose(to: color, .single))
    #expect(try densityGradient(gradients, .color) == 0)

    let (seen, wanted) = (
      pixel(studentDensity, studentColor), pixel(teacherDensity, teacherColor)
    )
    let (rgb, slopes) = loss(kind, zip(seen, wanted).map { $0 - $1 }, times: Double(rays))
    #expect(try #require(terms[.rgb]).value.isClose(to: rgb, .single))
    // ∂p/∂S = (c − b) e^(−σL) σL
    let thickness = Double.exp(studentDensity) * Double(perRay) * delta
    let expected = (0..<3).reduce(0.0) {
      $0 + slopes[$1] * (studentColor[$1] - background[$1]) * Double.exp(-thickness) * thickness
    }
    #expect(try densityGradient(gradients, .rgb).isClose(to: expected, .framework))
  }

  @Test("traces the exponential decay of light")
  func traces() throws {
    let traces = try inspector().traces(try input(.image), rays: Array(0..<rays))
    for trace in traces {
      for (index, sample) in trace.samples.enumerated() {
        let sigma = Double.exp(studentDensity)
        #expect(sample.student.density.isClose(to: sigma, .reference))
        #expect(sample.student.alpha.isClose(to: 1 - Double.exp(-sigma * delta), .reference))
        #expect(
          sample.student.transmittance.isClose(
            to: Double.exp(-sigma * delta * Double(index)), .reference))
        #expect(sample.distance.isClose(to: delta * Double(index + 1), .reference))
        #expect(try #require(sample.shares[.density]).isClose(to: 1 / samples, .reference))
        // Of the weighted density term: ρ / √N at every sample.
        #expect(
          try #require(sample.gradients[.density]).isClose(
            to: LossRates().density / samples.squareRoot(), .reference))
      }
      for (a, b) in zip(trace.teacherPixel, pixel(teacherDensity, teacherColor)) {
        #expect(a.isClose(to: b, .single))
      }
    }
  }

  @Test("ranks equal samples in their order")
  func ranking() throws {
    let inspection = try inspector().inspect(try input(.volume))
    let density = try #require(inspection.rankings.first { $0.term == .density })
    #expect(density.samples.map(\.row) == Array(0..<8))
    #expect(density.rays.map(\.ray) == Array(0..<rays))
    #expect(density.rays.allSatisfy { $0.share.isClose(to: 1 / Double(rays), .reference) })
  }
}
