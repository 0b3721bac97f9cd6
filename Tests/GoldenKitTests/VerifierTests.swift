import Foundation
import GoldenKit
import TensorIO
import Testing

@Suite("Verifier")
struct VerifierTests {
  // Not inlined: Swift 6.3 crashes while it optimises the tests otherwise.
  @inline(never)
  private func state(
    _ backend: FixedBackend, _ golden: GoldenCase? = nil, _ precision: Precision = .float
  ) async throws -> CaseReport {
    let chosen: GoldenCase
    if let golden { chosen = golden } else { chosen = try CaseBuilder.golden() }
    return await Verifier(backend).verify(chosen, precision: precision)
  }

  @Test("passes the right answer in both precisions")
  func right() async throws {
    for precision in Precision.allCases {
      let report = try await state(FixedBackend(), nil, precision)
      #expect(report.state == .pass && report.worstRatio == 0)
      #expect(report.tensors.map(\.name) == ["out.y"] && report.tensors[0].compared == 6)
    }
  }

  @Test("reports the worst element with its index, errors and ratio")
  func wrong() async throws {
    // Expected 8 and allowed 2; expected 16 and allowed 4.
    let golden = try CaseBuilder.golden()
    let within = await Verifier(FixedBackend.changing([3: 10])).verify(golden, precision: .float)
    #expect(within.state == .pass)
    let beyond = Verifier(FixedBackend.changing([3: 12, 4: 20.25]))
    try checkWorst(await beyond.verify(golden, precision: .float))
  }

  private func checkWorst(_ report: CaseReport) throws {
    let tensor = report.tensors[0]
    #expect(report.state == .fail && tensor.failures == 2 && tensor.ratio == 2)
    #expect(tensor.worstIndex == [1, 1] && tensor.expected == 8 && tensor.actual == 12)
    #expect(tensor.absoluteError == 4 && tensor.relativeError == 0.5 && tensor.allowed == 2)
    #expect(tensor.ulpError == 4 / Double(Float(8).ulp))
    let text = report.details(try CaseBuilder.golden(), reproducedBy: "again").joined(
      separator: "\n")
    for part in ["out.y", "[1, 1]", "in.x[1] = 2.0, 4.0", "2 of 6", "reproduce: again"] {
      #expect(text.contains(part), "\(part) in \(text)")
    }
  }

  @Test("holds a double answer against the twin, at a billionth")
  func twin() async throws {
    var backend = FixedBackend()
    backend.values[5] *= 1 + 1e-8
    #expect(try await state(backend, nil, .double).state == .fail)
    #expect(try await state(backend, nil, .float).state == .pass)
    // Without a twin the single-precision value counts, under its tolerance.
    let golden = try CaseBuilder.golden { file in
      var other = TensorFile(metadata: file.metadata)
      for name in file.names where name != "out.y.f64" {
        if let tensor = file[name] { other.set(tensor, for: name) }
      }
      file = other
    }
    #expect(try await state(backend, golden, .double).state == .pass)
  }

  @Test("fails an answer that is missing or of another shape")
  func missing() async throws {
    var backend = FixedBackend()
    backend.tensor = "out.z"
    var report = try await state(backend)
    #expect(report.state == .fail && report.tensors[0].note?.contains("no such tensor") == true)
    backend = FixedBackend()
    backend.shape = [2, 3]
    report = try await state(backend)
    #expect(report.state == .fail && report.tensors[0].note?.contains("[2, 3]") == true)
  }

  @Test("counts NaN and infinities apart, and accepts them where they are expected")
  func special() async throws {
    var backend = FixedBackend()
    backend.values[0] = .nan
    backend.values[1] = .infinity
    let report = try await state(backend)
    #expect(report.tensors[0].wrongNaN == 1 && report.tensors[0].wrongInfinity == 1)
    #expect(report.tensors[0].ratio == .infinity)
    let golden = try CaseBuilder.golden { file in
      var y = CaseBuilder.x.map { 2 * $0 }
      y[0] = .nan
      y[1] = .infinity
      file.set(try StoredTensor(y, shape: [3, 2]), for: "out.y")
    }
    #expect(try await state(backend, golden).state == .pass)
    backend.values[1] = -.infinity
    #expect(try await state(backend, golden).state == .fail)
  }

  private static func masked(_ mask: [UInt8]?, shape: [Int] = [3]) throws -> GoldenCase {
    let tolerances =
      #"{"out.y": {"kind": "close", "rtol": 0, "atol": 0, "row_mask": "aux.ok"}}"#
    return try CaseBuilder.golden(tolerances: tolerances) { file in
      if let mask { file.set(try StoredTensor(mask, shape: shape), for: "aux.ok") }
    }
  }

  @Test("excludes the rows of a mask and no others", arguments: 0..<6)
  func mask(wrong: Int) async throws {
    let report = try await state(
      .changing([wrong: 1000]), try Self.masked([1, 0, 1]))
    #expect((report.state == .pass) == (wrong / 2 == 1))
    #expect(report.tensors[0].excluded == 2)
  }

  @Test("refuses a mask that is missing, selects nothing, or does not fit")
  func uselessMask() async throws {
    let missing = try await state(FixedBackend(), try Self.masked(nil))
    let empty = try await state(FixedBackend(), try Self.masked([0, 0, 0]))
    let short = try await state(FixedBackend(), try Self.masked([1, 1], shape: [2]))
    #expect([missing, empty, short].allSatisfy { $0.state == .fail })
  }

  @Test("uses a bound for each element, with a warning up to eight times it")
  func bounds() async throws {
    let golden = try CaseBuilder.golden { file in
      file.set(
        try StoredTensor([0.5, 0.5, 0.5, 0, 0.5, 0.5] as [Float], shape: [3, 2]),
        for: "bound.out.y")
    }
    for (index, error, expected) in [
      (0, 0.5, VerificationState.pass), (0, 4, .warning), (0, 4.5, .fail), (3, 0.25, .fail),
    ] {
      var backend = FixedBackend()
      backend.values[index] += error
      #expect(try await state(backend, golden).state == expected, "\(index) \(error)")
    }
    let short = try CaseBuilder.golden { file in
      file.set(try StoredTensor([1] as [Float], shape: [1]), for: "bound.out.y")
    }
    #expect(try await state(FixedBackend(), short).state == .fail)
  }

  @inline(never)
  private func state(
    of backend: any Backend, expectedFailures: Set<String> = []
  ) async throws -> VerificationState {
    var verifier = Verifier(backend)
    verifier.expectedFailures = expectedFailures
    return await verifier.verify(try CaseBuilder.golden(), precision: .float).state
  }

  @Test("tells settings that are not there from answers that break off")
  func unanswered() async throws {
    let unsupported = try await state(of: BrokenBackend(isUnsupported: true))
    let broken = try await state(of: BrokenBackend(isUnsupported: false))
    #expect(unsupported == .unsupported && broken == .error && broken.isFailure)
  }

  @Test("knows expected failures, and notices when they pass")
  func expectedFailures() async throws {
    let passed = try await state(of: FixedBackend(), expectedFailures: ["double_it"])
    let failed = try await state(
      of: FixedBackend.changing([0: 100]), expectedFailures: ["double_it"])
    #expect(passed == .unexpectedPass && failed == .expectedFailure)
  }

  @Test("finds nothing to compare in a case without results, or of another operation")
  func nothing() async throws {
    let empty = try await state(
      FixedBackend(),
      try CaseBuilder.golden { file in file = TensorFile(metadata: file.metadata) })
    let foreign = try await state(
      FixedBackend(), try CaseBuilder.golden { $0.metadata["op"] = "thrice" })
    #expect(empty.state == .error && foreign.state == .unsupported)
  }

  @Test("a suite succeeds only if something ran and nothing failed, and says so in both formats")
  func suite() throws {
    let golden = try CaseBuilder.golden()
    func report(_ values: [Float]) throws -> CaseReport {
      let answer = try StoredTensor(values, shape: [3, 2])
      return CaseReport(
        golden, precision: .float, tensors: golden.compare(["out.y": answer], precision: .float))
    }
    let pass = try report(CaseBuilder.x.map { 2 * $0 })
    let fail = try report([.infinity] + CaseBuilder.x.dropFirst().map { 2 * $0 })
    let unsupported = CaseReport.unanswered(
      "other", operation: "<&\">", precision: .float, state: .unsupported, message: "absent")
    func suite(_ cases: [CaseReport]) -> SuiteReport { SuiteReport(backend: "b", cases: cases) }
    #expect(suite([pass, unsupported]).succeeded())
    #expect(!suite([pass, unsupported]).succeeded(requireAll: true))
    #expect(!suite([unsupported]).succeeded() && !suite([]).succeeded())
    #expect(!suite([pass, fail]).succeeded())
    let all = suite([pass, fail, unsupported])
    #expect(all.summary == "1 pass, 1 fail, 1 unsupported")
    let json = try #require(
      try JSONSerialization.jsonObject(with: all.json()) as? [String: Any])
    let cases = try #require(json["cases"] as? [[String: Any]])
    #expect(cases.map { $0["state"] as? String } == ["pass", "fail", "unsupported"])
    #expect(cases[0]["case"] as? String == "double_it" && cases[0]["op"] as? String == "twice")
    #expect((cases[0]["ratios"] as? [String: Any])?["out.y"] as? Double == 0)
    #expect((cases[1]["ratios"] as? [String: Any])?["out.y"] as? String == "inf")
    let xml = all.junit()
    #expect(xml.contains(#"tests="3" failures="1" errors="0" skipped="1""#))
    #expect(xml.contains("&lt;&amp;&quot;&gt;"))
    #expect(XMLBalance.isBalanced(xml), "\(xml)")
  }
}

/// Whether every element that opens also closes, in order.
enum XMLBalance {
  static func isBalanced(_ text: String) -> Bool {
    var open: [Substring] = []
    for match in text.matches(of: /<(\/?)([a-z]+)[^>]*?(\/?)>/) {
      if !match.1.isEmpty {
        guard open.popLast() == match.2 else { return false }
      } else if match.3.isEmpty {
        open.append(match.2)
      }
    }
    return open.isEmpty
  }
}
