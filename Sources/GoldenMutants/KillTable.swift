public import GoldenKit

/// Runs broken backends against cases: every bug must be caught, no honest variant rejected.
public struct KillTable: Sendable {
  /// What became of one backend.
  public struct Row: Sendable {
    /// The bug or the variant.
    public let name: String
    /// What it is, in a few words; nil for an honest variant.
    public let bug: Mutation?
    /// Cases it was run on.
    public let cases: Int
    /// Cases that reject it, the clearest first.
    public let caughtBy: [(name: String, ratio: Double)]
    /// The largest ratio of an honest variant.
    public let worstRatio: Double

    /// Whether the outcome is the right one: a bug caught, a variant accepted.
    public var isRight: Bool { (bug == nil) == caughtBy.isEmpty && cases > 0 }
  }

  /// One row a backend: all bugs, then all honest variants.
  public let rows: [Row]

  /// Whether every bug was caught and every variant accepted.
  public var isComplete: Bool { rows.allSatisfy(\.isRight) }

  /// Runs every bug and every variant.
  ///
  /// - Parameters:
  ///   - cases: Where bugs must show.
  ///   - library: Answers the operations whose bugs are changes of their settings.
  public init(cases: [GoldenCase], library: any Backend) async {
    var rows: [Row] = []
    for mutation in Mutation.allCases {
      let verifier = Verifier(
        TextbookBackend.has(mutation)
          ? TextbookBackend(mutation) : MisledBackend(mutation, library: library) as any Backend)
      rows.append(
        await Self.row(
          verifier, bug: mutation, cases: cases.filter { $0.operation == mutation.operation }))
    }
    for variant in HonestVariant.allCases {
      rows.append(await Self.row(Verifier(TextbookBackend(variant)), bug: nil, cases: cases))
    }
    self.rows = rows
  }

  private static func row(
    _ verifier: Verifier, bug: Mutation?, cases: [GoldenCase]
  ) async -> Row {
    var caught: [(name: String, ratio: Double)] = []
    var answered = 0
    var worst = 0.0
    for golden in cases {
      let report = await verifier.verify(golden, precision: .float)
      guard report.state != .unsupported else { continue }
      answered += 1
      worst = max(worst, report.worstRatio)
      // An error is no verdict on the numbers.
      if report.state == .fail { caught.append((golden.name, report.worstRatio)) }
    }
    return Row(
      name: verifier.backend.name, bug: bug, cases: answered,
      caughtBy: caught.sorted { ($0.ratio, $1.name) > ($1.ratio, $0.name) }, worstRatio: worst)
  }
}
