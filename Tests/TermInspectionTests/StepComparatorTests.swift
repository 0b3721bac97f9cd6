import Distill
import Fields
import NeRFCore
import TermInspection
import TestSupport
import Testing

/// Dumps of a step that another implementation computes under one convention of its own.
@Suite("Comparison with a dump")
struct StepComparatorTests {
  private let pool = WorkerPool(threads: 2)
  private let teacher: any RadianceField<Float> = TinyFields.make(.hash, seed: 2)
  private let student: any RadianceField<Float> = TinyFields.make(.vm, seed: 3)

  /// Settings of the other implementation.
  struct Other {
    var kind = LossKind.normL2
    var rates = LossRates()
    var compatibility = CompatibilityOptions.reference
    var featureRate: Double?
    var background: [Float]?
  }

  private func input(_ stage: DistillationStage, padding: Int = 0) throws -> StepInput<Float> {
    var input = try TinyStep.input(stage, as: Float.self, pool: pool)
    let batch = input.batch
    let zeros = [Float](repeating: 0, count: padding)
    input.batch = try SampleBatch(
      positions: batch.positions.map { $0 + zeros },
      directions: batch.directions.map { $0 + zeros }, deltas: batch.deltas + zeros,
      gaps: batch.gaps + zeros, spans: batch.spans)
    input.step = 7
    input.featureRate = LossRates().featureRate(at: 7)
    return input
  }

  /// Everything that a dump can hold, of this library under other settings.
  private func dump(
    _ input: StepInput<Float>, _ other: Other = Other(),
    student: (any RadianceField<Float>)? = nil
  ) throws -> StepDump {
    let inspector = StepInspector(
      teacher: teacher, student: student ?? self.student, kind: other.kind, rates: other.rates,
      compatibility: other.compatibility, pool: pool)
    var changed = input
    if let rate = other.featureRate { changed.featureRate = rate }
    if let background = other.background { changed.background = background }
    var dump = try inspector.dump(changed)
    dump.tensors["in.bg_color"] = try StepDump.Tensor(
      shape: [3], values: input.background.map(Double.init))
    let gradients = try inspector.gradients(changed)
    for (index, name) in gradients.names.enumerated() {
      var sum = [Double](repeating: 0, count: gradients.shapes[index].reduce(1, *))
      for term in gradients.terms {
        for (i, value) in gradients[term, index].enumerated() {
          sum[i] += Double(value)
        }
      }
      dump.tensors["grad.param.student.\(name)"] = try StepDump.Tensor(
        shape: gradients.shapes[index], values: sum)
    }
    return dump
  }

  private func compare(
    _ dump: StepDump, _ input: StepInput<Float>, student: (any RadianceField<Float>)? = nil
  ) throws -> StepComparison {
    let comparator = StepComparator(teacher: teacher, student: student ?? self.student, pool: pool)
    return try comparator.compare(dump, with: dump.input(replacing: input))
  }

  @Test(
    "agrees with what this library dumps",
    arguments: [Architecture.hash, .mlp, .vm, .tensors], DistillationStage.allCases)
  func itself(architecture: Architecture, stage: DistillationStage) throws {
    let student: any RadianceField<Float> = TinyFields.make(architecture, seed: 3)
    let input = try input(stage, padding: 5)
    let dump = try dump(input, student: student)
    let comparison = try compare(dump, input, student: student)
    #expect(comparison.agrees, "\(comparison.summary)")
    #expect(comparison.ignored.isEmpty)
    // Nothing is left out: every array that is no input has a quantity.
    let outputs = dump.tensors.keys.filter { !$0.hasPrefix("in.") }
    #expect(Set(comparison.quantities.map(\.name)) == Set(outputs))
    // The bounds are no excuses: one part in a hundred is beyond each of them.
    for name in outputs {
      var changed = dump
      let values = try #require(dump.tensors[name]?.values)
      guard values.contains(where: { $0 != 0 }) else { continue }
      changed.tensors[name]?.values = values.map { 1.01 * $0 }
      let found = try compare(changed, input, student: student)
      #expect(found.quantities.contains { $0.name == name && $0.verdict != .agrees }, "\(name)")
    }
  }

  @Test("takes rays in the order in which the other implementation lists them")
  func order() throws {
    let input = try input(.image)
    let dump = try dump(input)
    // The same rows, rays listed backwards and numbered by another rule.
    var shuffled = dump
    let rays = input.batch.rayCount
    func renumbered(_ ray: Int) -> Int { (ray * 5 + 3) % rays }
    let rows = try #require(dump.tensors["in.rays"]?.values)
    var listed: [Double] = []
    for ray in (0..<rays).reversed() {
      listed += [Double(renumbered(ray)), rows[3 * ray + 1], rows[3 * ray + 2]]
    }
    shuffled.tensors["in.rays"]?.values = listed
    for role in ["teacher", "student"] {
      let name = "out.\(role).image"
      let image = try #require(dump.tensors[name]?.values)
      var moved = image
      for ray in 0..<rays {
        for channel in 0..<3 { moved[3 * renumbered(ray) + channel] = image[3 * ray + channel] }
      }
      shuffled.tensors[name]?.values = moved
    }
    let comparison = try compare(shuffled, input)
    #expect(comparison.agrees, "\(comparison.summary)")
  }

  @Test("names how terms are compared", arguments: LossKind.allCases.dropFirst())
  func kinds(kind: LossKind) throws {
    let input = try input(.volume)
    var other = Other()
    other.kind = kind
    let comparison = try compare(try dump(input, other), input)
    let first = try #require(comparison.firstDifference)
    #expect(first.part == .terms && first.verdict == .agreesIf)
    let names: [LossKind: Convention] = [
      .meanL2: .meanL2, .normL1: .normL1, .meanL1: .meanL1, .smoothL1: .smoothL1,
    ]
    #expect(first.conventions == [names[kind]])
    // Under it, all that follows agrees as it is.
    #expect(
      comparison.quantities.allSatisfy { $0.part == .terms || $0.verdict == .agrees },
      "\(comparison.quantities.filter { $0.verdict != .agrees }.map(\.message))")
  }

  @Test("names padding rows, alone and together with a kind of loss", arguments: [false, true])
  func padding(withKind: Bool) throws {
    let input = try input(.image, padding: 40)
    var other = Other()
    other.compatibility.lossIncludesPaddingRows = true
    if withKind { other.kind = .meanL2 }
    let comparison = try compare(try dump(input, other), input)
    let first = try #require(comparison.firstDifference)
    #expect(first.name == "out.loss_fea_sc")
    #expect(first.conventions == (withKind ? [.meanL2, .paddingIncluded] : [.paddingIncluded]))
    #expect(comparison.quantities.allSatisfy { $0.verdict != .differs && $0.verdict != .follows })
    #expect(first.message.contains("It matches if"))
  }

  @Test(
    "names the decay of the feature rate, in the loss and in the gradients",
    arguments: [
      (Convention.rateDecayedAfterUse, 6), (.rateNotDecayed, 0), (.rateDecayedTwice, 14),
    ])
  func decay(convention: Convention, step: Int) throws {
    for stage in [DistillationStage.features, .volume] {
      let input = try input(stage)
      var other = Other()
      other.featureRate = LossRates().featureRate(at: step)
      let comparison = try compare(try dump(input, other), input)
      let different = comparison.quantities.filter { $0.verdict != .agrees }
      #expect(different.first?.part == .total)
      #expect(different.contains { $0.part == .gradients })
      for quantity in different {
        #expect(quantity.conventions == [convention], "\(quantity.message)")
      }
    }
  }

  @Test("names a term that is left out", arguments: [LossTerm.density, .color, .rgb])
  func leftOut(term: LossTerm) throws {
    let input = try input(.image)
    var dump = try dump(input)
    var other = Other()
    let convention: Convention
    switch term {
    case .density: (other.rates.density, convention) = (0, .withoutDensity)
    case .color: (other.rates.color, convention) = (0, .withoutColor)
    default: (other.rates.rgb, convention) = (0, .withoutRgb)
    }
    let without = try self.dump(input, other)
    for name in dump.tensors.keys where name == "out.loss" || name.hasPrefix("grad.") {
      dump.tensors[name] = without.tensors[name]
    }
    for quantity in try compare(dump, input).quantities where quantity.verdict != .agrees {
      #expect(quantity.conventions == [convention], "\(quantity.message)")
      #expect(quantity.part >= .total)
    }
  }

  @Test("names a loss scale, a weight decay and rates that went into a gradient")
  func gradients() throws {
    let input = try input(.image)
    let dump = try dump(input)
    func conventions(_ change: (String, [Double]) throws -> [Double]) throws -> Set<[Convention]> {
      var changed = dump
      for (name, tensor) in dump.tensors where name.hasPrefix("grad.") {
        changed.tensors[name]?.values = try change(name, tensor.values)
      }
      let different = try compare(changed, input).quantities.filter { $0.verdict != .agrees }
      #expect(!different.isEmpty)
      return Set(different.map(\.conventions))
    }
    #expect(try conventions { $1.map { 65_536 * $0 } } == [[.lossScale]])
    #expect(
      try conventions { name, values in
        let parameter = try #require(
          student.parameters.first { "grad.param.student.\($0.name)" == name })
        return zip(values, parameter.exported()).map { $0 + 0.01 * Double($1) }
      } == [[.weightDecayInGradient]])
    var other = Other()
    other.rates.color = 0.02
    other.rates.density = 0.001
    let rated = try self.dump(input, other)
    #expect(
      try conventions { name, _ in try #require(rated.tensors[name]).values } == [[.otherRates]])
    // Something else is no convention: a gradient turned around in one table.
    #expect(
      try conventions { name, values in
        name.hasSuffix("color_mat.1") ? values.reversed() : values
      } == [[]])
  }

  @Test("says which part follows from an earlier one")
  func following() throws {
    let input = try input(.volume)
    var dump = try dump(input)
    let other: any RadianceField<Float> = TinyFields.make(.vm, seed: 4)
    let moved = try self.dump(input, student: other)
    for name in moved.tensors.keys where name.contains("student") {
      dump.tensors[name] = moved.tensors[name]
    }
    let comparison = try compare(dump, input)
    #expect(comparison.firstDifference?.part == .studentTaps)
    #expect(comparison.firstDifference?.verdict == .differs)
    let gradients = comparison.quantities.filter { $0.part == .gradients }
    #expect(!gradients.isEmpty && gradients.allSatisfy { $0.verdict == .follows })
    // The worst element is where it is.
    let worst = try #require(comparison.firstDifference?.worst)
    #expect(dump.tensors["out.student.feature_sigma_color"]?.values[worst.index] == worst.actual)
  }
}
