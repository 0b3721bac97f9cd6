import Distill
import Fields
import NeRFCore
import TestSupport
import Testing

@Suite("Weight inheritance")
struct WeightInheritanceTests {
  private static let pairs = Architecture.allCases.flatMap { teacher in
    Architecture.allCases.map { (teacher, $0) }
  }

  /// The networks that two architectures share; nil for everything.
  private static func shared(_ a: Architecture, _ b: Architecture) -> [String]? {
    if a == b { return nil }
    if a == .tensors || b == .tensors { return [] }
    return a == .vm || b == .vm ? ["color_net."] : ["sigma_net.", "color_net."]
  }

  @Test("copies the networks of the published table and nothing else", arguments: pairs)
  func table(teacher: Architecture, student: Architecture) throws {
    let source = TinyFields.make(teacher, as: Float.self, seed: 1)
    let target = TinyFields.make(student, as: Float.self, seed: 2)
    let before = target.parameters.map { $0.exported() }
    let copied = try target.inherit(from: source)
    let prefixes = Self.shared(teacher, student)
    for (index, parameter) in target.parameters.enumerated() {
      let isShared = prefixes?.contains { parameter.name.hasPrefix($0) } ?? true
      #expect(copied.contains(parameter.name) == isShared, "\(parameter.name)")
      let expected =
        isShared
        ? try #require(source.parameter(named: parameter.name)).exported() : before[index]
      #expect(parameter.exported() == expected, "\(parameter.name)")
    }
  }

  @Test("refuses shared names of another shape and copies nothing")
  func shapes() throws {
    var options = HashFieldOptions()
    options.levels = 4
    options.log2TableSize = 9
    options.hiddenWidth = 24
    let source = HashField<Float>(options: options, seed: 1)
    let target = TinyFields.make(.mlp, as: Float.self, seed: 2)
    let before = target.exportedParameters()
    #expect(throws: ShapeError.self) { try target.inherit(from: source) }
    #expect(target.exportedParameters() == before)
  }
}
