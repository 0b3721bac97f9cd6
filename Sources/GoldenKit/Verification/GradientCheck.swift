public import TensorIO

/// What central differences say about one gradient tensor.
public struct GradientReport: Sendable, Codable {
  /// The gradient's name, for example `grad.param.embeddings`.
  public let name: String
  /// Coordinates that were compared.
  public let checked: Int
  /// Coordinates at a kink or a jump, where differences over h and h/2 disagree.
  public let excluded: Int
  /// The largest error over what is allowed; at most 1 if the gradient is right.
  public let ratio: Double
  /// The coordinate of that error.
  public let worstIndex: Int
  /// The gradient there.
  public let analytic: Double
  /// The difference quotient there.
  public let numeric: Double
  /// Whether the same check rejects the gradient after its steepest entry is changed by 0.1 %. A check
  /// that accepts that says nothing.
  public let controlIsRejected: Bool

  /// Whether the gradient is right, enough of it was compared, and a wrong one would have been seen.
  public var isRight: Bool {
    ratio <= 1 && controlIsRejected && excluded * 2 <= checked + excluded
  }
}

/// Compares the gradients of an operation with central differences of its results, in double precision.
///
/// With L = Σ cotangent·out (or the loss itself), the quotient over h along coordinate i is
///
///     D(h) = (L(x + h eᵢ) − L(x − h eᵢ)) / 2h = ∂L/∂xᵢ + h²/6 L‴ + O(h⁴) + rounding of L / h
///
/// with `h = 2⁻¹⁷ max(1, |xᵢ|)`, near the cube root of the unit roundoff, where truncation and rounding
/// balance. Truncation is estimated by `4/3 |D(h) − D(h/2)|`, rounding by the size of the terms of L.
///
/// The second difference `Δ(h) = (L(x + h) − 2L(x) + L(x − h)) / h` halves with h where L is smooth and
/// stays where it has a kink. Where that estimate or the one of truncation exceeds a thousandth of the
/// gradient, the coordinate is left out and counted.
public struct GradientCheck: Sendable {
  /// The backend whose gradients are checked.
  public let backend: any Backend
  /// Coordinates of each tensor: the steepest half, and as many others spread over the tensor.
  public var coordinates = 24

  /// A check of one backend.
  public init(_ backend: any Backend) { self.backend = backend }

  /// Checks every gradient that `call` asks for.
  ///
  /// - Parameter skips: Whether a coordinate's gradient is defined otherwise than as a derivative.
  /// - Throws: What the backend throws.
  public func run(
    _ call: OperationCall,
    skipping skips: (_ tensor: String, _ value: Double) -> Bool = { _, _ in false }
  ) async throws -> [GradientReport] {
    let answer = try await backend.run(call)
    var reports: [GradientReport] = []
    for name in call.requested.keys.sorted() where name.hasPrefix("grad.") {
      guard let target = Target(name, call), let gradient = answer.tensors[name] else { continue }
      reports.append(
        try await check(call, target, analytic: try gradient.doubles(), skipping: skips))
    }
    return reports
  }

  /// Which input a gradient belongs to, and of which results.
  private struct Target {
    let name: String
    let input: String
    /// Nil for the sum of all results times their cotangents.
    let loss: String?

    init?(_ name: String, _ call: OperationCall) {
      let rest = String(name.dropFirst("grad.".count))
      self.name = name
      if call.has(rest) {
        // A whole step has a loss of its own.
        (input, loss) = (rest, call.names("cotangent.").isEmpty ? "out.loss" : nil)
        return
      }
      // `grad.normL2.in.pred` is the gradient of `out.normL2`.
      guard let dot = rest.firstIndex(of: "."), call.has(String(rest[rest.index(after: dot)...]))
      else { return nil }
      (input, loss) = (String(rest[rest.index(after: dot)...]), "out." + rest[..<dot])
    }
  }

  private func check(
    _ call: OperationCall, _ target: Target, analytic: [Double],
    skipping skips: (String, Double) -> Bool
  ) async throws -> GradientReport {
    let values = try call.doubles(target.input)
    let eligible = analytic.indices.filter { !skips(target.input, values[$0]) }
    let steepest = eligible.map { abs(analytic[$0]) }.max() ?? 0
    let center = try await loss(call, target, values).value
    var worst = (ratio: -1.0, index: 0, numeric: 0.0)
    var (checked, excluded) = (0, 0)
    var control = false
    for index in chosen(analytic, among: eligible) {
      let step = 0x1p-17 * max(1, abs(values[index]))
      let wide = try await quotients(call, target, values, index, step, center: center)
      let narrow = try await quotients(call, target, values, index, step / 2, center: center)
      let truncation = 4 / 3 * abs(wide.first - narrow.first)
      let kink = abs(wide.second - 2 * narrow.second)
      let scale = 1e-3 * max(abs(analytic[index]), steepest)
      if truncation > scale + narrow.rounding || kink > scale + 8 * narrow.rounding {
        excluded += 1
        continue
      }
      checked += 1
      let allowed = truncation + narrow.rounding
      func ratio(_ gradient: Double) -> Double {
        let error = abs(narrow.first - gradient)
        return error == 0 ? 0 : error / allowed
      }
      if abs(analytic[index]) == steepest {
        // Where every gradient is zero the control adds one instead.
        control = control || ratio(steepest > 0 ? 1.001 * analytic[index] : 1e-3) > 1
      }
      let actual = ratio(analytic[index])
      if actual > worst.ratio { worst = (actual, index, narrow.first) }
    }
    return GradientReport(
      name: target.name, checked: checked, excluded: excluded, ratio: max(worst.ratio, 0),
      worstIndex: worst.index, analytic: analytic.isEmpty ? 0 : analytic[worst.index],
      numeric: worst.numeric, controlIsRejected: control)
  }

  /// The steepest coordinates, and others in equal distances.
  private func chosen(_ gradient: [Double], among eligible: [Int]) -> [Int] {
    let order = eligible.sorted { (abs(gradient[$1]), $0) < (abs(gradient[$0]), $1) }
    let steep = order.prefix(coordinates / 2)
    let step = max(1, eligible.count / max(coordinates - coordinates / 2, 1))
    let spread = stride(from: 0, to: eligible.count, by: step).map { eligible[$0] }
    return Array(Set(steep).union(spread)).sorted()
  }

  private func quotients(
    _ call: OperationCall, _ target: Target, _ values: [Double], _ index: Int, _ step: Double,
    center: Double
  ) async throws -> (first: Double, second: Double, rounding: Double) {
    var moved = values
    moved[index] = values[index] + step
    let above = try await loss(call, target, moved)
    moved[index] = values[index] - step
    let below = try await loss(call, target, moved)
    // Each term of L carries some tens of roundings; sixty-four cover the deepest network here.
    let rounding = 64 * 0x1p-53 * (above.size + below.size) / (2 * step)
    return (
      (above.value - below.value) / (2 * step),
      (above.value - 2 * center + below.value) / step, rounding
    )
  }

  private func loss(
    _ call: OperationCall, _ target: Target, _ values: [Double]
  ) async throws -> (value: Double, size: Double) {
    let shape = try call.shape(target.input)
    // Without cotangents a backend has no gradient to compute.
    let moved = call.replacing(target.input, with: try StoredTensor(values, shape: shape))
      .withoutCotangents()
    return try loss(call, target, try await backend.run(moved))
  }

  private func loss(
    _ call: OperationCall, _ target: Target, _ result: OperationResult
  ) throws -> (value: Double, size: Double) {
    if let loss = target.loss {
      let value = try result.tensors[loss]?.doubles().first ?? .nan
      return (value, abs(value))
    }
    var value = 0.0
    var size = 0.0
    for name in call.names("cotangent.") {
      guard let out = result.tensors["out." + name.dropFirst("cotangent.".count)] else { continue }
      for (c, y) in zip(try call.doubles(name), try out.doubles()) {
        value += c * y
        size += abs(c * y)
      }
    }
    return (value, size)
  }
}

extension OperationCall {
  /// The same call without its cotangents.
  func withoutCotangents() -> OperationCall {
    OperationCall(
      operation: operation, caseName: caseName, config: config, precision: precision,
      tensors: tensors.filter { !$0.key.hasPrefix("cotangent.") }, requested: requested,
      requestedTypes: requestedTypes)
  }

  /// The same call for other tensors and in another precision; for none in particular, all there are.
  public func asking(_ requested: [String: [Int]], precision: Precision) -> OperationCall {
    OperationCall(
      operation: operation, caseName: caseName, config: config, precision: precision,
      tensors: tensors, requested: requested)
  }

  /// The same call with one input replaced.
  public func replacing(_ name: String, with tensor: StoredTensor) -> OperationCall {
    var changed = tensors
    changed[name] = tensor
    return OperationCall(
      operation: operation, caseName: caseName, config: config, precision: precision,
      tensors: changed, requested: requested, requestedTypes: requestedTypes)
  }
}
