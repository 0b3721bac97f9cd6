import CommandSupport
import GoldenKit
import ReferenceBackend

/// Operation × what it is checked by.
struct CoverageTable {
  /// The tensors of some cases of one operation.
  private struct Count {
    var cases = 0
    var results = Set<String>()
    var gradients = Set<String>()
    var twins = Set<String>()
    var bounds = Set<String>()
    var whole = Set<String>()

    mutating func add(_ golden: GoldenCase) {
      cases += 1
      results.formUnion(golden.tensorNames("out."))
      gradients.formUnion(golden.tensorNames("grad."))
      for name in golden.file.names {
        if name.hasSuffix(".f64") { twins.insert(String(name.dropLast(4))) }
        if name.hasPrefix("bound.") { bounds.insert(String(name.dropFirst(6))) }
        if golden.file[name]?.elementType.isFloatingPoint == false { whole.insert(name) }
      }
    }
  }

  /// The header and a row for every operation; a dash is a hole.
  let rows: [[String]]

  init(stored: [GoldenCase], own: [GoldenCase]) {
    var (a, b) = ([String: Count](), [String: Count]())
    for golden in stored { a[golden.operation, default: Count()].add(golden) }
    for golden in own { b[golden.operation, default: Count()].add(golden) }
    rows =
      [
        [
          "operation", "forward", "gradient", "Float", "Double", "original golden", "own golden",
          "bounded", "central differences", "property",
        ]
      ]
      + ReferenceBackend.operations.map {
        Self.row($0, a[$0] ?? Count(), b[$0] ?? Count())
      }
  }

  private static func row(_ operation: String, _ stored: Count, _ own: Count) -> [String] {
    func text(_ number: Int) -> String { number == 0 ? "–" : "\(number)" }
    let gradients = stored.gradients.union(own.gradients)
    let compared = stored.results.union(own.results).union(gradients)
    // In a double run a tensor without a twin is compared with its single-precision value.
    let twins = compared.intersection(
      stored.twins.union(own.twins).union(stored.whole).union(own.whole))
    let exact = own.cases > 0 && own.bounds.isEmpty
    let properties = OperationProperty.all.filter { $0.operations.contains(operation) }
    return [
      operation, text(stored.results.union(own.results).count),
      gradients.isEmpty ? "" : text(gradients.count), text(compared.count),
      text(twins.count), text(stored.cases), text(own.cases),
      exact ? "exact" : text(own.bounds.count),
      gradients.isEmpty ? "" : text(own.gradients.count),
      properties.isEmpty ? "–" : properties.map(\.name).joined(separator: ", "),
    ]
  }

  /// The page in the documentation.
  var markdown: String {
    var lines = [
      "# What each operation is checked by", "",
      "Written by `pvd golden coverage Fixtures/golden --markdown Docs/Coverage.md`. Numbers of tensors:",
      "results (`forward`) and gradients, those compared in a `Float` run, those with a double twin for a",
      "`Double` run (whole numbers are their own), those with a forward-error bound for every number,",
      "gradients compared with central differences; and numbers of cases, made by executing the original",
      "implementations or generated here. A dash is a hole; an operation without gradients leaves their",
      "columns empty.", "",
    ]
    lines += markdownTable(rows)
    lines += [
      "", "## Properties", "",
      "Relations that hold whatever the right answer is, in both precisions:", "",
      "| property | what must hold |", "| --- | --- |",
    ]
    lines += OperationProperty.all.map { "| \($0.name) | \($0.statement) |" }
    return lines.joined(separator: "\n") + "\n"
  }
}
