import Distill
import Fields
import Foundation
import NeRFCore
import TermInspection
import TestSupport
import Testing

/// Samples, taps and pixels that another implementation computes under one convention of its own.
@Suite("Conventions of a dump")
struct TapConventionTests {
  private let pool = WorkerPool(threads: 2)
  private let teacher: any RadianceField<Float> = TinyFields.make(.hash, seed: 2)
  private let student: any RadianceField<Float> = TinyFields.make(.vm, seed: 3)

  init() throws {
    // Values large enough that clamps, colours and directions matter.
    try TinyFields.scramble(teacher, scale: 0.8, seed: 4)
    try TinyFields.scramble(student, scale: 0.8, seed: 5)
  }

  private func inspector(
    _ teacher: any RadianceField<Float>, _ student: any RadianceField<Float>
  ) -> StepInspector<Float> { StepInspector(teacher: teacher, student: student, pool: pool) }

  private func input() throws -> StepInput<Float> {
    var input = try TinyStep.input(.image, as: Float.self, pool: pool)
    input.featureRate = LossRates().featureRate(at: input.step)
    return input
  }

  private func compare(
    _ dump: StepDump, student: (any RadianceField<Float>)? = nil, replay: MarchReplay? = nil,
    fixedJitter: Bool = false
  ) throws -> StepComparison {
    let comparator = StepComparator(teacher: teacher, student: student ?? self.student, pool: pool)
    comparator.replay = replay
    comparator.compatibility.fixedMarchJitter = fixedJitter
    return try comparator.compare(dump, with: dump.input(replacing: input()))
  }

  /// A dump of samples, taps and pixels.
  private func dump(
    teacher: (any RadianceField<Float>)? = nil, student: (any RadianceField<Float>)? = nil,
    _ change: (inout StepInput<Float>) throws -> Void = { _ in }
  ) throws -> StepDump {
    var changed = try input()
    try change(&changed)
    var dump = try inspector(teacher ?? self.teacher, student ?? self.student).dump(changed)
    // Evaluated elsewhere, dumped as if it were not.
    let plain = try inspector(self.teacher, self.student).dump(try input())
    for name in plain.tensors.keys where name.hasPrefix("in.") {
      dump.tensors[name] = plain.tensors[name]
    }
    return dump
  }

  private func batch(
    _ input: StepInput<Float>, positions: (Int, Int) -> Float,
    direction: (Float) -> Float = { $0 }
  ) throws -> SampleBatch {
    let batch = input.batch
    return try SampleBatch(
      positions: (0..<3).map { axis in (0..<batch.count).map { positions(axis, $0) } },
      directions: batch.directions.map { $0.map(direction) }, deltas: batch.deltas,
      gaps: batch.gaps, spans: batch.spans)
  }

  private func moved(_ input: StepInput<Float>, by share: (Int) -> Float) throws -> SampleBatch {
    let batch = input.batch
    return try self.batch(input) { axis, row in
      batch.positions[axis][row] + share(row) * batch.deltas[row] * batch.directions[axis][row]
    }
  }

  /// What the arrays of both fields' taps are explained by.
  private func explanations(_ dump: StepDump) throws -> [String: [Convention]] {
    var result: [String: [Convention]] = [:]
    for quantity in try compare(dump).quantities
    where quantity.part == .teacherTaps || quantity.part == .studentTaps {
      #expect(quantity.verdict != .differs, "\(quantity.message)")
      result[quantity.name] = quantity.conventions
    }
    return result
  }

  @Test("name where in its interval a sample lies", arguments: [Float(0.5), 1])
  func place(share: Float) throws {
    let found = try explanations(
      try dump { $0.batch = try moved($0) { _ in share } })
    let expected: Convention = share == 0.5 ? .intervalMidpoints : .intervalEnds
    #expect(found.count == 6 && found.values.allSatisfy { $0 == [expected] }, "\(found)")
  }

  @Test("name a field that is evaluated elsewhere along its rays, by what it says there")
  func elsewhere() throws {
    // Every ray has an offset of its own, as a march with another jitter has.
    let moved = try dump { input in
      let rays = input.batch.spans
      input.batch = try self.moved(input) { row in
        let ray = rays.firstIndex { $0.offset <= row && row < $0.offset + $0.count } ?? 0
        return 0.15 + 0.05 * Float(ray)
      }
    }
    var mixed = try dump()
    for name in moved.tensors.keys {
      if name.hasPrefix("out.loss") || name.hasSuffix("image") { mixed.tensors[name] = nil }
      if name.hasPrefix("out.teacher") && !name.hasSuffix("image") {
        mixed.tensors[name] = moved.tensors[name]
      }
    }
    let comparison = try compare(mixed)
    let first = try #require(comparison.firstDifference)
    #expect(first.part == .teacherTaps && first.conventions == [.otherSamples])
    let findings = Finding.disagreements(in: comparison)
    #expect(findings.contains { $0.kind == .differentSamples })
    #expect(
      comparison.quantities.allSatisfy { $0.part != .studentTaps || $0.verdict == .agrees })
    // Taps of another field have no place along the rays.
    let other: any RadianceField<Float> = TinyFields.make(.hash, seed: 77)
    try TinyFields.scramble(other, scale: 0.8, seed: 78)
    #expect(try compare(try dump(teacher: other)).firstDifference?.verdict == .differs)
  }

  @Test("name the teacher's own samples where they are dumped")
  func teacherSamples() throws {
    var mixed = try dump()
    let shifted = try moved(try input()) { _ in 0.3 }
    let moved = try dump { $0.batch = shifted }
    for name in moved.tensors.keys {
      if name.hasPrefix("out.loss") || name.hasSuffix("image") { mixed.tensors[name] = nil }
      if name.hasPrefix("out.teacher") && !name.hasSuffix("image") {
        mixed.tensors[name] = moved.tensors[name]
      }
    }
    mixed.tensors["in.teacher.xyzs"] = try StepDump.Tensor(
      shape: [shifted.count, 3],
      values: (0..<shifted.count).flatMap { row in
        (0..<3).map { Double(shifted.positions[$0][row]) }
      })
    let comparison = try compare(mixed)
    #expect(comparison.firstDifference?.name == "in.teacher.xyzs")
    #expect(comparison.quantities.count { $0.verdict != .agrees } == 1)
    #expect(Finding.disagreements(in: comparison).map(\.kind) == [.differentSamples])
  }

  @Test("name directions that point the other way, in colours only")
  func directions() throws {
    let found = try explanations(
      try dump { input in
        let positions = input.batch.positions
        input.batch = try batch(input, positions: { positions[$0][$1] }, direction: { -$0 })
      })
    for (name, conventions) in found {
      #expect(conventions == (name.hasSuffix("color_l") ? [.reversedDirections] : []), "\(name)")
    }
  }

  @Test("name colours on the other side of the sRGB curve", arguments: [true, false])
  func curve(encodes: Bool) throws {
    var dump = try dump()
    for role in ["teacher", "student"] {
      dump.tensors["out.\(role).color_l"]?.values.mutate {
        encodes ? ColorSpace.sRGB(fromLinear: $0) : ColorSpace.linear(fromSRGB: $0)
      }
    }
    let found = try explanations(dump)
    #expect(found["out.teacher.color_l"] == [encodes ? .encodedColors : .linearColors])
    #expect(found["out.student.sigma_l"] == [])
  }

  @Test("name σ in the place of S")
  func density() throws {
    var dump = try dump()
    dump.tensors["out.student.sigma_l"]?.values.mutate { exp($0) }
    #expect(try explanations(dump)["out.student.sigma_l"] == [.densityForLogDensity])
  }

  @Test("name log-densities from before their clamp, and colour features without one")
  func clamps() throws {
    // Densities far beyond the range, so that half of them are clamped.
    let wide = TinyFields.make(
      .vm, as: Float.self, frame: FieldFrame(logDensityMinimum: -100, logDensityMaximum: 100),
      seed: 3)
    try TinyFields.scramble(student, scale: 3, seed: 5)
    try TinyFields.scramble(wide, scale: 3, seed: 5)
    let found = try explanations(try dump(student: wide))
    #expect(found["out.student.sigma_l"] == [.unclampedLogDensity])
    #expect(found["out.teacher.sigma_l"] == [])

    var options = VMFieldOptions()
    guard case .vm(let own) = TinyFields.configuration(.vm) else { return }
    options = own
    options.clampsColorFeatures = false
    let free = FieldConfiguration.vm(options).makeField(
      as: Float.self, frame: FieldFrame(), seed: 3)
    try TinyFields.scramble(free, scale: 3, seed: 5)
    let features = try explanations(try dump(student: free))
    #expect(features["out.student.feature_sigma_color"] == [.unclampedColorFeatures])
    #expect(features["out.student.color_l"] == [.unclampedColorFeatures])
    #expect(features["out.student.sigma_l"] == [])
  }

  @Test("name the background and the intervals of pixels")
  func pixels() throws {
    func found(_ change: @escaping (inout StepInput<Float>) throws -> Void) throws -> [Convention] {
      let other = try dump(change)
      var dump = try dump()
      for name in ["out.teacher.image", "out.student.image"] {
        dump.tensors[name] = other.tensors[name]
      }
      let quantity = try #require(try compare(dump).quantities.first { $0.part == .images })
      return quantity.conventions
    }
    #expect(try found { $0.background = [1, 1, 1] } == [.whiteBackground])
    #expect(try found { $0.background = [0, 0, 0] } == [.blackBackground])
    #expect(
      try found { input in
        let b = input.batch
        input.batch = try SampleBatch(
          positions: b.positions, directions: b.directions, deltas: b.gaps, gaps: b.gaps,
          spans: b.spans)
      } == [.gapsForIntervals])
    #expect(try found { _ in } == [])
  }

  @Test("name weights in half precision")
  func half() throws {
    var dump = try dump()
    let parameter = try #require(student.parameters.last)
    let name = "param.student.\(parameter.name)"
    let values = parameter.exported()
    dump.tensors[name] = try StepDump.Tensor(
      shape: parameter.shape, values: values.map { Double(Float16($0)) })
    let first = try #require(try compare(dump).firstDifference)
    #expect(first.name == name && first.conventions == [.halfPrecisionParameters])
    dump.tensors[name]?.values = values.map(Double.init)
    let exact = try compare(dump)
    #expect(exact.agrees, "\(exact.summary)")
    dump.tensors[name]?.values[3] += 0.1
    let changed = try #require(try compare(dump).firstDifference)
    #expect(changed.verdict == .differs && changed.differing == 1 && changed.worst?.index == 3)
  }
}

extension [Double] {
  fileprivate mutating func mutate(_ change: (Double) -> Double) { self = map(change) }
}
