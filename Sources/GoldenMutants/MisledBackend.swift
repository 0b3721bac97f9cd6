import GoldenKit
import TensorIO

/// The library with something wrong around it: settings that differ from those that were meant, or an
/// answer that is put together wrongly.
struct MisledBackend: Backend {
  let name: String
  let mutation: Mutation
  let library: any Backend

  init(_ mutation: Mutation, library: any Backend) {
    name = mutation.rawValue
    self.mutation = mutation
    self.library = library
  }

  func supports(_ operation: String) -> Bool { library.supports(operation) }

  func run(_ call: OperationCall) async throws -> OperationResult {
    switch mutation {
    case .featureRateDecayedAfterUse:
      let used = try call.config.double("loss_rate_fea_sc_used")
      return try await library.run(
        call.setting("loss_rate_fea_sc_used", to: .double(used / 0.995)))
    case .stageBorderOffByOne:
      let borders = try call.config.nested("stage_iters")
      return try await library.run(
        call.setting(
          "stage_iters",
          to: .object([
            "stage1": .int(try borders.int("stage1") + 1),
            "stage2": .int(try borders.int("stage2") + 1),
          ])))
    case .selectionIgnored:
      return try await library.run(call.setting("curriculum_type", to: ""))
    case .depthTermIgnored:
      return try await library.run(call.setting("loss_rate_depth", to: 0))
    case .paddingLeftOut: return try await library.run(try Self.withoutPadding(call))
    case .clampGradientPassed:
      let open = call.setting("sigma_clip_min", to: -50).setting("sigma_clip_max", to: 50)
      let gradients = try await library.run(open)
      var result = try await library.run(call)
      for (name, tensor) in gradients.tensors where name.hasPrefix("grad.") {
        result.set(name, tensor)
      }
      return result
    case .backgroundWithOpacity:
      var result = try await library.run(call)
      let background = Float(try call.config.double("bg_color"))
      guard let image = try result.tensors["out.image"]?.floats(),
        let opacity = try result.tensors["aux.weights_sum_final"]?.floats()
      else { return result }
      try result.set(
        "out.image",
        image.indices.map { i in
          image[i] + (2 * opacity[i / 3] - 1) * background
        })
      return result
    default: return try await library.run(call)
    }
  }

  /// The call without the rows behind the last sample of the last ray.
  private static func withoutPadding(_ call: OperationCall) throws -> OperationCall {
    let rays = try call.integers("in.rays")
    var rows = 0
    for ray in 0..<rays.count / 3 { rows = max(rows, rays[3 * ray + 1] + rays[3 * ray + 2]) }
    var shorter = call
    for (name, width) in [("in.xyzs", 3), ("in.dirs", 3), ("in.deltas", 2)] {
      shorter = shorter.replacing(
        name,
        with: try StoredTensor(
          Array(try call.floats(name).prefix(width * rows)), shape: [rows, width]))
    }
    return shorter
  }
}
