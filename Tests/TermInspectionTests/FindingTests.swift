import Distill
import Fields
import Foundation
import NeRFCore
import TermInspection
import TestSupport
import Testing

/// Defects that were planted, and the names under which they are found.
@Suite("Findings")
struct FindingTests {
  private let pool = WorkerPool(threads: 2)

  private func findings(
    teacher: any RadianceField<Float> = TinyFields.make(.hash, seed: 2),
    student: any RadianceField<Float> = TinyFields.make(.hash, seed: 3),
    stage: DistillationStage = .image, rates: LossRates = LossRates(),
    compatibility: CompatibilityOptions = .reference, padding: Int = 0
  ) throws -> [Finding] {
    var input = try TinyStep.input(stage, as: Float.self, pool: pool)
    input.batch = try padded(input.batch, by: padding)
    var options = StepInspector<Float>.Options()
    options.verifiedSamples = 0
    return try StepInspector(
      teacher: teacher, student: student, rates: rates, compatibility: compatibility, pool: pool
    ).inspect(input, options: options).findings
  }

  private func padded(_ batch: SampleBatch, by rows: Int) throws -> SampleBatch {
    let zeros = [Float](repeating: 0, count: rows)
    return try SampleBatch(
      positions: batch.positions.map { $0 + zeros },
      directions: batch.directions.map { $0 + zeros },
      deltas: batch.deltas + zeros, gaps: batch.gaps + zeros, spans: batch.spans)
  }

  private func kinds(_ findings: [Finding]) -> Set<Finding.Kind> { Set(findings.map(\.kind)) }

  @Test("are none for fresh fields")
  func nothing() throws {
    // L2 of the pixels pulls against nothing here; opposing terms are a matter of the fields.
    let found = kinds(try findings()).subtracting([.opposingTerms])
    #expect(found.isEmpty, "\(found)")
  }

  @Test("name a term whose rate is zero", arguments: [LossTerm.density, .color, .rgb])
  func zeroRate(term: LossTerm) throws {
    var rates = LossRates()
    switch term {
    case .density: rates.density = 0
    case .color: rates.color = 0
    default: rates.rgb = 0
    }
    let found = try findings(rates: rates).filter { $0.kind == .zeroRateTerm }
    #expect(found.map(\.subject) == [term.rawValue])
  }

  @Test("name the field and the end of a saturated clamp", arguments: [true, false])
  func saturation(high: Bool) throws {
    let student: any RadianceField<Float> = TinyFields.make(.tensors, seed: 3)
    let volume = try #require(student.parameters.first)
    var values = volume.exported()
    for i in 0..<volume.count / volume.shape[1] { values[i] = high ? 50 : -50 }
    try volume.load(values)
    let found = try findings(student: student).filter { $0.kind == .saturatedClamp }
    #expect(found.map(\.subject) == ["student"])
    #expect(found.first?.message.contains(high ? "upper" : "lower") == true)
  }

  @Test("name the part that gets no gradient")
  func deadPart() throws {
    var rates = LossRates()
    rates.color = 0
    rates.rgb = 0
    let found = try findings(rates: rates).filter { $0.kind == .partWithoutGradient }
    #expect(found.map(\.subject) == ["color_net"])
    // In stage 1 nobody expects one.
    #expect(!kinds(try findings(stage: .features)).contains(.partWithoutGradient))
  }

  @Test("say that padding dominates, only where it is compared")
  func padding() throws {
    let batch = try TinyStep.input(.image, as: Float.self, pool: pool).batch
    let rows = batch.count
    var counting = CompatibilityOptions.reference
    counting.lossIncludesPaddingRows = true
    #expect(kinds(try findings(compatibility: counting, padding: rows)).contains(.paddingDominates))
    #expect(
      !kinds(try findings(compatibility: counting, padding: rows / 2)).contains(.paddingDominates))
    #expect(!kinds(try findings(padding: rows)).contains(.paddingDominates))
  }

  @Test("name the element of a table that is not finite", arguments: [Float.nan, .infinity])
  func nonFinite(value: Float) throws {
    let student: any RadianceField<Float> = TinyFields.make(.hash, seed: 3)
    let table = try #require(student.parameters.first)
    var values = table.exported()
    values[17] = value
    try table.load(values)
    let found = try #require(
      try findings(student: student).first { $0.kind == .nonFiniteParameter })
    #expect(found.subject == "student \(table.name)")
    #expect(found.message.hasPrefix("Element 17 of \(table.name) of the student is"))
  }

  private func trap(_ student: any RadianceField<Float>) throws -> NonFiniteTrap? {
    var options = StepInspector<Float>.Options()
    options.verifiedSamples = 0
    return try StepInspector(
      teacher: TinyFields.make(.hash, seed: 2), student: student, pool: pool
    ).inspect(try TinyStep.input(.image, pool: pool), options: options).trap
  }

  @Test("come with the first number that is not finite, before those it spoils")
  func traps() throws {
    #expect(try trap(TinyFields.make(.hash, seed: 3)) == nil)

    // One entry of a table, of any use to a sample or not.
    let table: any RadianceField<Float> = TinyFields.make(.hash, seed: 3)
    let embeddings = try #require(table.parameters.first)
    var values = embeddings.exported()
    values[17] = .nan
    try embeddings.load(values)
    let entry = try #require(try trap(table))
    #expect(entry.operation == .studentParameter && entry.name == embeddings.name)
    #expect(entry.element == 17 && entry.value == "nan")

    // Finite weights whose products are not: the layer is named, though ReLU and clamps come behind it.
    for (name, layer) in [
      ("sigma_net.1.weight", "sigma_net.1"), ("color_net.1.weight", "color_net.1"),
    ] {
      let network: any RadianceField<Float> = TinyFields.make(.hash, seed: 3)
      for parameter in network.parameters {
        if parameter.name == name {
          try parameter.load([Float](repeating: 3e38, count: parameter.count))
        } else if parameter.name.hasPrefix(name.prefix { $0 != "." }) {
          // Of both signs, so that some units are above zero.
          var random = SplitMix64(seed: 5)
          try parameter.load(random.doubles(parameter.count, in: -9...9).map { Float($0) })
        }
      }
      try network.parameters[0].load([Float](repeating: 1, count: network.parameters[0].count))
      let found = try #require(try trap(network))
      #expect(found.operation == .studentLayer && found.name == layer && found.value == "inf")
      #expect(found.row == 0 && found.ray != nil && found.inputs["x"] != nil)
      #expect(found.inputs["largest weight"] == Double(Float(3e38)))
      #expect(try #require(found.inputs["largest input"]) > 1)
      #expect(found.message.contains("of \(layer) at sample 0 on ray"))
    }

    // A rate beyond single precision: taps and terms are finite, the gradient is not.
    let volume: any RadianceField<Float> = TinyFields.make(.tensors, seed: 3)
    let gradients = try StepInspector(
      teacher: TinyFields.make(.hash, seed: 2), student: volume,
      rates: {
        var rates = LossRates(); rates.rgb = 1e39; return rates
      }(), pool: pool
    ).inspect(try TinyStep.input(.image, pool: pool)).trap
    #expect(gradients?.operation == .tapGradient)
  }

  @Test("name terms that oppose each other: a rate with the wrong sign")
  func opposition() throws {
    // The same teacher for both terms: colours and pixels ask for the same, unless one is negated.
    let teacher: any RadianceField<Float> = TinyFields.make(.tensors, seed: 2)
    let student: any RadianceField<Float> = TinyFields.make(.tensors, seed: 2)
    let volume = try #require(student.parameters.first)
    var values = volume.exported()
    for i in volume.count / volume.shape[1]..<volume.count { values[i] += 1 }
    try volume.load(values)
    func opposing(_ rate: Double) throws -> [String] {
      var rates = LossRates()
      rates.color = rate
      return try findings(teacher: teacher, student: student, rates: rates).filter {
        $0.kind == .opposingTerms
      }.map(\.subject)
    }
    #expect(try opposing(0.002).isEmpty)
    #expect(try opposing(-0.002) == ["color rgb"])
  }

  @Test("tell linear colours from sRGB ones, and on which side", arguments: [true, false])
  func transfer(studentIsLinear: Bool) throws {
    let encoded: any RadianceField<Float> = TinyFields.make(.tensors, seed: 2)
    let linear: any RadianceField<Float> = TinyFields.make(.tensors, seed: 2)
    let volume = try #require(encoded.parameters.first)
    let texels = volume.count / volume.shape[1]
    var random = SplitMix64(seed: 8)
    var (a, b) = (volume.exported(), volume.exported())
    // Constant per channel, so that interpolation and view do not matter: only Y₀₀ has a coefficient.
    for channel in 1..<volume.shape[1] {
      let color = Double.random(in: 0.1...0.9, using: &random)
      let first = (channel - 1) % 4 == 0
      for i in 0..<texels {
        a[channel * texels + i] = first ? logit(color) : 0
        b[channel * texels + i] = first ? logit(ColorSpace.linear(fromSRGB: color)) : 0
      }
    }
    try volume.load(a)
    try #require(linear.parameters.first).load(b)
    let found = try findings(
      teacher: studentIsLinear ? encoded : linear, student: studentIsLinear ? linear : encoded
    ).filter { $0.kind == .transferMismatch }
    #expect(found.map(\.subject) == [studentIsLinear ? "student" : "teacher"])
  }

  /// The coefficient of Y₀₀ whose colour is `color`.
  private func logit(_ color: Double) -> Float { Float(log(color / (1 - color)) / 0.28209479) }

  @Test("say which stage never begins")
  func borders() {
    func messages(_ first: Int, _ second: Int, features: Bool = true) -> [String] {
      Finding.borders(
        of: StageSchedule(first: first, second: second), iterations: 1000,
        comparesFeatures: features
      ).map(\.message)
    }
    #expect(messages(200, 500).isEmpty)
    #expect(messages(200, 5000).first?.hasPrefix("Stage 3 begins at step 5000") == true)
    #expect(messages(2000, 5000).count == 2)
    #expect(messages(2000, 500, features: false).isEmpty)
    #expect(messages(700, 500).first?.contains("there is no stage 2") == true)
  }

  @Test("say that no ray meets anything")
  func emptyScene() throws {
    let batch = try SampleBatch(
      positions: [[], [], []], directions: [[], [], []], deltas: [], gaps: [],
      spans: [RaySpan(offset: 0, count: 0), RaySpan(offset: 0, count: 0)])
    let inspection = try StepInspector<Float>(
      teacher: TinyFields.make(.hash), student: TinyFields.make(.vm), pool: pool
    ).inspect(StepInput(stage: .image, featureRate: 1, batch: batch, background: [1, 1, 1]))
    #expect(inspection.findings.map(\.kind).contains(.noSamples))
    #expect(inspection.statistics.emptyRays == 2)
  }
}
