import Distill
import ErrorBounds
import GoldenKit

/// The block losses with sums in single precision, as a backend may take them.
///
/// The library sums in double precision, so its own code shows no error of the sums. Derivation:
/// Docs/Tolerances/README.md.
enum LossBounds {
  static func widen(_ result: inout OperationResult, _ call: OperationCall) throws {
    let student: [Tracked] = try call.scalars("in.pred")
    let teacher: [Tracked] = try call.scalars("in.target", count: student.count)
    let e = zip(student, teacher).map { $0 - $1 }
    let n = Tracked(student.count)
    for kind in LossKind.allCases {
      let (value, gradient) = evaluate(kind, e, n)
      result.widen("out.\(kind.rawValue)", to: [value.bound])
      result.widen("grad.\(kind.rawValue).in.pred", to: gradient.map(\.bound))
    }
  }

  private static func evaluate(
    _ kind: LossKind, _ e: [Tracked], _ n: Tracked
  ) -> (Tracked, [Tracked]) {
    func sum(_ term: (Tracked) -> Tracked) -> Tracked { e.reduce(.zero) { $0 + term($1) } }
    func sign(_ x: Tracked) -> Tracked { x.value > 0 ? 1 : x.value < 0 ? -1 : 0 }
    switch kind {
    case .normL2:
      let norm = Tracked.sqrt(sum { $0 * $0 })
      return (norm, e.map { norm.value == 0 ? 0 : $0 / norm })
    case .meanL2: return (sum { $0 * $0 } / n, e.map { 2 * $0 / n })
    case .normL1: return (sum(\.magnitude), e.map(sign))
    case .meanL1: return (sum(\.magnitude) / n, e.map { sign($0) / n })
    case .smoothL1:
      let width: Tracked = 0.05
      let value = sum {
        abs($0.value) < width.value
          ? $0 * $0 / (2 * width) : $0.magnitude - width / 2
      }
      let slopes = e.map { abs($0.value) < width.value ? $0 / width / n : sign($0) / n }
      return (value / n, slopes)
    }
  }
}
