import Foundation
import InspectionIO
import SceneIO
import TestSupport
import Testing

/// `pvd scene tiny`, inspected: the numbers of the report are those of the closed forms.
@Suite("Scenes with known answers")
struct KnownSceneTests {
  private let work: Workplace

  init() throws { work = try Workplace.shared.get() }

  private func inspection(_ name: String, _ options: [String] = []) throws -> InspectionReport {
    let (folder, out) = (work.fresh("tiny"), work.fresh("report"))
    try Command.succeed(["scene", "tiny", "--out", folder])
    try Command.succeed(
      ["inspect", "--teacher", "\(folder)/\(name)/teacher.safetensors"]
        + ["--student", "\(folder)/\(name)/student.safetensors", "--stage", "3"]
        + ["--pixels", "0,0,15,15", "--out", out] + options)
    return try InspectionReport(
      decoding: Data(contentsOf: URL(fileURLWithPath: out + "/report.json")))
  }

  /// `c (1 − e^(−σL)) + b e^(−σL)` over white, or over what is behind.
  private func over(_ behind: [Double], _ color: [Double], _ logDensity: Double, _ length: Double)
    -> [Double]
  {
    let rest = exp(-exp(logDensity) * length)
    return zip(color, behind).map { $0 * (1 - rest) + $1 * rest }
  }

  @Test(
    "have the terms and pixels of the closed forms",
    arguments: ["ball", "slab", "two-colors", "sheet"])
  func closedForms(name: String) throws {
    let options = name == "sheet" ? ["--march-steps", "16"] : []
    let inspection = try inspection(name, options).inspection
    let terms = Dictionary(uniqueKeysWithValues: inspection.terms.map { ($0.term, $0) })
    let samples = Double(inspection.statistics.samples)
    #expect(samples > 0 && inspection.statistics.rays == 256)
    let difference = KnownScene.studentLogDensity - KnownScene.teacherLogDensity
    let density = try #require(terms[.density])
    #expect(density.value.isClose(to: abs(difference) * samples.squareRoot(), .single))
    if name != "two-colors" {
      let colors = zip(KnownScene.studentColor, KnownScene.teacherColor).reduce(0) {
        $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
      }
      let color = try #require(terms[.color])
      #expect(color.value.isClose(to: (colors * samples).squareRoot(), .single))
    }
    #expect(!inspection.traces.isEmpty)
    for trace in inspection.traces {
      let near = trace.samples.filter { $0.position[2] > 0 || name != "two-colors" }
      let length = near.reduce(0) { $0 + $1.delta }
      let far = trace.samples.reduce(0) { $0 + $1.delta } - length
      for (s, color, pixel) in [
        (KnownScene.teacherLogDensity, KnownScene.teacherColor, trace.teacherPixel),
        (KnownScene.studentLogDensity, KnownScene.studentColor, trace.studentPixel),
      ] {
        let behind = over([1, 1, 1], KnownScene.farColor, s, far)
        for (a, b) in zip(pixel, over(behind, color, s, length)) {
          #expect(a.isClose(to: b, .framework), "ray \(trace.ray): \(a), \(b)")
        }
      }
      if name == "sheet" { #expect(trace.samples.count == 1) }
    }
    #expect(try #require(inspection.verification).worst < Tolerance.framework.relative)
  }

  @Test("say of nothing that there is nothing")
  func empty() throws {
    let inspection = try inspection("empty").inspection
    #expect(inspection.statistics.emptyRays == 256 && inspection.loss == 0)
    #expect(inspection.findings.map(\.kind) == [.noSamples])
  }

  @Test("are replaced only if told to, and nothing else ever")
  func overwriting() throws {
    let folder = work.fresh("tiny")
    try Command.succeed(["scene", "tiny", "--out", folder])
    #expect(try Command.run("scene", "tiny", "--out", folder).status == 2)
    try Command.succeed(["scene", "tiny", "--out", folder, "--overwrite"])
    try Data().write(to: URL(fileURLWithPath: folder + "/notes.txt"))
    #expect(try Command.run("scene", "tiny", "--out", folder, "--overwrite").status == 2)
  }
}
