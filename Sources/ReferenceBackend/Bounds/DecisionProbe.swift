import GoldenKit
import NeRFCore
import TensorIO

/// Looks for decisions of operations that are single precision by definition, which no number type can
/// watch: the march steps through cells in `Float`, whatever the precision of the run.
///
/// Inputs are moved by some units in the last place, in several patterns of signs. An answer whose whole
/// numbers change, or that moves much farther than its bounds, hangs on a decision that rounding can
/// turn: the case is drawn again.
enum DecisionProbe {
  /// The inputs to move, for operations that need it.
  static let inputs: [String: [String]] = [
    "march_rays_train": ["in.rays_o", "in.rays_d", "in.nears", "in.fars"],
    "march_composite_inference": ["in.rays_o", "in.rays_d"],
    "mark_untrained_grid": ["in.poses"],
  ]

  /// Patterns of signs that are tried.
  private static let patterns = 12
  /// How far an input moves, relative to itself: eight units in the last place, more than the few
  /// roundings of a position.
  private static let displacement: Float = 0x1p-20

  /// Whether no displacement of the inputs turns a decision: whole numbers stay, and so does which
  /// entries are zero, diagnostics such as the samples of every round included.
  static func isStable(_ call: OperationCall, moving names: [String]) throws -> Bool {
    var random = SplitMix64(seed: 0)
    let backend = ReferenceBackend(pool: WorkerPool(threads: 1))
    let everything = call.asking([:], precision: .float)
    let expected = try backend.answer(everything)
    for _ in 0..<patterns {
      var moved = everything
      for name in names where call.has(name) {
        let values = try call.floats(name).map { value in
          value * (1 + (Bool.random(using: &random) ? displacement : -displacement))
        }
        moved = moved.replacing(name, with: try StoredTensor(values, shape: try call.shape(name)))
      }
      let actual = try backend.answer(moved)
      guard expected.tensors.keys == actual.tensors.keys else { return false }
      for (name, tensor) in expected.tensors {
        guard let other = actual.tensors[name], try pattern(tensor) == pattern(other) else {
          return false
        }
      }
    }
    return true
  }

  /// Whole numbers, or 0 and 1 for numbers that are zero or not.
  private static func pattern(_ tensor: StoredTensor) throws -> [Int] {
    switch tensor.elementType {
    case .float32, .float64: try tensor.doubles().map { $0 == 0 ? 0 : 1 }
    default: try tensor.integers()
    }
  }
}
