import Dispatch
public import TensorIO

/// Runs a backend on cases and compares its answers.
public struct Verifier: Sendable {
  /// The backend under test.
  public let backend: any Backend
  /// Names of cases that are known to fail.
  public var expectedFailures: Set<String> = []
  /// Whose bounds generated cases are judged by; cases without them are unsupported.
  public var profile = PrecisionProfile.fp32

  /// A verifier of one backend.
  public init(_ backend: any Backend) { self.backend = backend }

  /// Runs one case. Never throws: what goes wrong is part of the report.
  public func verify(_ golden: GoldenCase, precision: Precision) async -> CaseReport {
    func unanswered(_ state: VerificationState, _ message: String) -> CaseReport {
      .unanswered(
        golden.name, operation: golden.operation, precision: precision, state: state,
        message: message)
    }
    guard backend.supports(golden.operation) else {
      return unanswered(.unsupported, "\(backend.name) does not have \(golden.operation)")
    }
    guard profile == .fp32 || golden.hasBounds(profile) else {
      return unanswered(
        .unsupported, "\(golden.name) has no bounds for \(profile.rawValue)")
    }
    let start = DispatchTime.now().uptimeNanoseconds
    let result: OperationResult
    do {
      result = try await backend.run(OperationCall(golden, precision: precision))
    } catch let error as UnsupportedSetting {
      return unanswered(.unsupported, "\(error)")
    } catch {
      return unanswered(.error, "\(error)")
    }
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    var report = CaseReport(
      golden, precision: precision,
      tensors: golden.compare(result.tensors, precision: precision, profile: profile),
      seconds: seconds)
    if expectedFailures.contains(golden.name) && report.state != .error {
      report.state = report.state == .fail ? .expectedFailure : .unexpectedPass
    }
    return report
  }
}

extension GoldenCase {
  /// Compares answers with the stored tensors.
  ///
  /// - Parameters:
  ///   - answers: Tensors by name. Every `out.` and `grad.` tensor of the case must be there; `aux.`
  ///     tensors that are there are compared too.
  ///   - precision: Whether values or double twins are expected.
  ///   - profile: Whose bounds hold.
  /// - Returns: One report a tensor, in the order of the file.
  public func compare(
    _ answers: [String: StoredTensor], precision: Precision, profile: PrecisionProfile = .fp32
  ) -> [TensorReport] {
    var reports: [TensorReport] = []
    let rules = OperationRules.of(operation)
    for name in file.names where !name.hasSuffix(".f64") {
      let isRequired = name.hasPrefix("out.") || name.hasPrefix("grad.")
      guard isRequired || name.hasPrefix("aux.") else { continue }
      guard let answer = answers[name] else {
        if isRequired { reports.append(.refused(name, "the backend returned no such tensor")) }
        continue
      }
      do {
        reports.append(try compare(name, answer, precision, profile, rules: rules))
      } catch {
        reports.append(.refused(name, "\(error)"))
      }
    }
    if rules.absentGradientsAreZero {
      for (name, answer) in answers.sorted(by: { $0.key < $1.key })
      where name.hasPrefix("grad.") && !has(name) {
        let values = (try? answer.doubles()) ?? []
        guard values.contains(where: { $0 != 0 }) else { continue }
        reports.append(.refused(name, "the original has no gradient here, the answer is not zero"))
      }
    }
    return reports
  }

  /// Whether some result has bounds of a profile.
  public func hasBounds(_ profile: PrecisionProfile) -> Bool {
    file.names.contains { $0.hasPrefix(profile.boundName("")) }
  }

  private func compare(
    _ name: String, _ answer: StoredTensor, _ precision: Precision, _ profile: PrecisionProfile,
    rules: OperationRules
  ) throws -> TensorReport {
    let stored = try file.tensor(named: name, in: self.name)
    guard answer.shape == stored.shape else {
      return .refused(name, "its shape is \(answer.shape), expected is \(stored.shape)")
    }
    // A bound holds for the distance from the exact value, which the rounded one only stands for.
    let isDouble = precision == .double
    let twin = isDouble || file["bound." + name] != nil ? file[name + ".f64"] : nil
    if let twin, twin.shape != stored.shape {
      throw GoldenError(
        "\(self.name): `\(name).f64` has shape \(twin.shape), not that of its twin.")
    }
    let expected = try Self.values(twin ?? stored)
    let mask = try rowMask(name, shape: stored.shape)
    let isBulk = rules.bulkPrefix.map(name.hasPrefix) ?? false
    return TensorReport(
      name, shape: stored.shape, actual: try Self.values(answer), expected: expected,
      allowance: try allowance(
        name, bound: file[profile.boundName(name)], stored: stored, expected: expected,
        smoothTwin: isDouble && twin != nil && rules.double == .smooth), mask: mask,
      share: isBulk ? OperationRules.bulkShare : 1,
      farthest: isBulk ? OperationRules.farthest(config) : 0)
  }

  private func allowance(
    _ name: String, bound: StoredTensor?, stored: StoredTensor, expected: [Double],
    smoothTwin: Bool
  ) throws -> Allowance {
    let largest = expected.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    if smoothTwin {
      let relative = OperationRules.smoothRelative
      return .tolerance(relative: relative, absolute: relative * largest)
    }
    if let bound {
      let bounds = try Self.values(bound)
      guard bounds.count == expected.count, bounds.allSatisfy({ $0 >= 0 }) else {
        throw GoldenError("\(self.name): `bound.\(name)` does not give every element a bound.")
      }
      return .bounds(bounds)
    }
    switch tolerances[name]?.kind {
    case .exact: return .tolerance(relative: 0, absolute: 0)
    case .close(let relative, let absolute):
      return .tolerance(relative: relative, absolute: absolute)
    case nil:
      // Integers and masks without a tolerance must be met exactly.
      guard (try? stored.doubles()) != nil else { return .tolerance(relative: 0, absolute: 0) }
      return .tolerance(
        relative: fallback.relative, absolute: fallback.absoluteOfLargest * largest)
    }
  }

  /// The rows of a tensor that its tolerance selects, or nil if it selects all.
  ///
  /// - Throws: ``GoldenError`` if the mask is missing, has not the shape of leading axes, or selects
  ///   nothing: the comparison would then say nothing.
  func rowMask(_ tensor: String, shape: [Int]) throws -> [Bool]? {
    guard let mask = tolerances[tensor]?.rowMask else { return nil }
    guard let stored = file[mask] else {
      throw GoldenError(
        "\(name): `\(tensor)` is masked by `\(mask)`, which the case does not have.")
    }
    guard stored.shape == Array(shape.prefix(stored.shape.count)) else {
      throw GoldenError(
        "\(name): the mask `\(mask)` has shape \(stored.shape), which does not begin \(shape).")
    }
    let selected = try stored.integers().map { $0 != 0 }
    guard selected.isEmpty || selected.contains(true) else {
      throw GoldenError("\(name): the mask `\(mask)` selects no row of `\(tensor)`.")
    }
    return selected
  }

  static func values(_ tensor: StoredTensor) throws(StoredTensorError) -> [Double] {
    switch tensor.elementType {
    case .float64, .float32, .float16, .bfloat16: try tensor.doubles()
    default: try tensor.integers().map(Double.init)
    }
  }
}
