import Distill
import Fields
import Foundation
import InspectionIO
import NeRFCore
import SceneIO
import TensorIO
import TermInspection
import TestSupport
import Testing

/// Defects of a distillation, planted in files and settings, and the names under which `report.json` has them.
@Suite("Planted defects")
struct PlantedDefectTests {
  let work: Workplace
  let ball: URL

  init() throws {
    work = try Workplace.shared.get()
    ball = URL(fileURLWithPath: work.fresh("ball"))
    try #require(try KnownScene.all().first { $0.name == "ball" }).write(to: ball)
  }

  private func report(
    teacher: String, student: String, _ options: [String], status: Int32 = 0
  ) throws -> InspectionReport {
    let out = work.fresh("report")
    let outcome = try Command(
      ["inspect", "--teacher", teacher, "--student", student, "--out", out, "--rays", "32"]
        + ["--march-steps", "64"] + options
    ).wait()
    #expect(outcome.status == status, "\(outcome.errors)")
    return try InspectionReport(
      decoding: Data(contentsOf: URL(fileURLWithPath: out).appending(path: "report.json")))
  }

  /// A report about the constant fields of the ball, whose student is changed first.
  private func ballReport(
    _ options: [String] = [], change: (inout [Float]) -> Void = { _ in }
  ) throws -> InspectionReport {
    let loaded = try Checkpoint.load(ball.appending(path: "student.safetensors"))
    let volume = loaded.field.parameters[0]
    var values = volume.exported()
    change(&values)
    try volume.load(values)
    let student = ball.appending(path: "changed-\(UUID().uuidString).safetensors")
    try Checkpoint.save(loaded.field, grid: loaded.grid, record: loaded.record, to: student)
    return try report(
      teacher: ball.appending(path: "teacher.safetensors").path, student: student.path,
      ["--stage", "3"] + options)
  }

  private func kinds(_ findings: [Finding]) -> Set<Finding.Kind> { Set(findings.map(\.kind)) }

  @Test("do not show where there is none")
  func none() throws {
    let found = kinds(try ballReport().inspection.findings)
    #expect(found.isEmpty, "\(found)")
  }

  @Test("a term whose rate is zero")
  func zeroRate() throws {
    let report = try ballReport(["--set", "loss_rate_density=0"])
    let found = try #require(report.variant).inspection.findings
    #expect(found.contains { $0.kind == .zeroRateTerm && $0.subject == "density" })
    #expect(!kinds(report.inspection.findings).contains(.zeroRateTerm))
  }

  @Test("a saturated clamp")
  func clamp() throws {
    // S of every texel beyond the upper end.
    let report = try ballReport { values in
      for texel in 0..<values.count / 4 { values[texel] = 60 }
    }
    let found = report.inspection.findings.filter { $0.kind == .saturatedClamp }
    #expect(found.map(\.subject) == ["student"])
    #expect(report.inspection.statistics.student.high == report.inspection.statistics.samples)
  }

  @Test("a colour network without gradient")
  func deadNetwork() throws {
    let report = try report(
      teacher: work.teacher("hash"), student: work.teacher("vm"),
      ["--stage", "2", "--set", "loss_rate_color=0"])
    let found = try #require(report.variant).inspection.findings
    #expect(found.contains { $0.kind == .partWithoutGradient && $0.subject == "color_net" })
    #expect(!kinds(report.inspection.findings).contains(.partWithoutGradient))
  }

  @Test("NaN in one entry of a table")
  func tableEntry() throws {
    let loaded = try Checkpoint.load(
      URL(fileURLWithPath: work.teacher("hash")).appending(path: "model.safetensors"))
    let table = loaded.field.parameters[0]
    var values = table.exported()
    values[41] = .nan
    try table.load(values)
    let file = ball.appending(path: "nan.safetensors")
    try Checkpoint.save(loaded.field, grid: loaded.grid, record: loaded.record, to: file)
    let report = try report(
      teacher: work.teacher("vm"), student: file.path, ["--stage", "2", "--trap-nonfinite"])
    let found = try #require(report.inspection.findings.first { $0.kind == .nonFiniteParameter })
    #expect(found.subject == "student encoder.embeddings" && found.message.contains("Element 41 "))
    #expect(report.inspection.trap?.element == 41)
    // Nobody else takes the file.
    let eval = try Command(["eval", file.path, "--scene", work.scene]).wait()
    #expect(eval.status != 0)
  }

  @Test("a term whose gradient opposes that of the pixels")
  func opposing() throws {
    let report = try ballReport(["--set", "loss_rate_color=-0.002"])
    let found = try #require(report.variant).inspection.findings
    #expect(found.contains { $0.kind == .opposingTerms && $0.subject == "color rgb" })
    #expect(!kinds(report.inspection.findings).contains(.opposingTerms))
  }

  @Test("colours of one field on the other side of the sRGB curve")
  func transfer() throws {
    let report = try ballReport { values in
      // The teacher's colours, made linear.
      let texels = values.count / 4
      for channel in 0..<3 {
        let c = ColorSpace.linear(fromSRGB: KnownScene.teacherColor[channel])
        for texel in 0..<texels {
          values[(1 + channel) * texels + texel] = Float(log(c / (1 - c)) / 0.28209479177387814)
        }
      }
    }
    let found = report.inspection.findings.filter { $0.kind == .transferMismatch }
    #expect(found.map(\.subject) == ["student"])
  }

  @Test("a stage that the run never reaches")
  func border() throws {
    let report = try ballReport(["--stages", "-1,5000", "--iterations", "1000"])
    let found = report.inspection.findings.filter { $0.kind == .stageBorder }
    #expect(found.count == 1 && found[0].message.contains("pixels are never compared"))
  }

  // MARK: Beside another implementation

  /// A dump of the fields in `teacher` and `student`, written by a report, and changed.
  private func dump(
    _ change: (inout [String: StepDump.Tensor], InspectionReport) throws -> Void
  ) throws -> String {
    let out = URL(fileURLWithPath: work.fresh("dumped"))
    try Command.succeed(
      ["inspect", "--teacher", work.teacher("hash"), "--student", work.teacher("vm")]
        + ["--scene", work.scene, "--rays", "32", "--march-steps", "64", "--stage", "3"]
        + ["--out", out.path])
    var dump = try StepDump(contentsOf: out.appending(path: "arrays.safetensors"))
    let report = try InspectionReport(
      decoding: Data(contentsOf: out.appending(path: "report.json")))
    try change(&dump.tensors, report)
    let file = out.appending(path: "changed.safetensors")
    var tensors = TensorFile()
    for (name, tensor) in dump.tensors {
      tensors.set(try StoredTensor(tensor.values.map { Float($0) }, shape: tensor.shape), for: name)
    }
    try tensors.write(to: file)
    return file.path
  }

  private func against(_ dump: String, _ options: [String] = [], agrees: Bool) throws
    -> InspectionReport
  {
    try report(
      teacher: work.teacher("hash"), student: work.teacher("vm"),
      ["--scene", work.scene, "--against", dump] + options, status: agrees ? 0 : 1)
  }

  @Test("none against the arrays of a report")
  func itself() throws {
    let report = try against(try dump { _, _ in }, agrees: true)
    let comparison = try #require(report.comparison)
    #expect(comparison.agrees && comparison.quantities.count > 25)
    #expect(report.inspection.stage == .image)
    #expect(kinds(report.inspection.findings).isDisjoint(with: [.disagreement, .differentSamples]))
  }

  @Test("teacher and student evaluated on different samples")
  func differentSamples() throws {
    let teacher = try Checkpoint.load(
      URL(fileURLWithPath: work.teacher("hash")).appending(path: "model.safetensors")
    ).field
    let file = try dump { tensors, _ in
      // Every row of the teacher 0.4 δ further along its ray.
      let x = try #require(tensors["in.xyzs"]).values
      let d = try #require(tensors["in.dirs"]).values
      let deltas = try #require(tensors["in.deltas"]).values
      func column(_ values: [Double], _ width: Int, _ k: Int) -> [Float] {
        stride(from: k, to: values.count, by: width).map { Float(values[$0]) }
      }
      let step = column(deltas, 2, 0)
      let batch = try SampleBatch(
        positions: (0..<3).map { axis in
          zip(zip(column(x, 3, axis), column(d, 3, axis)), step).map { $0.0 + 0.4 * $1 * $0.1 }
        }, directions: (0..<3).map { column(d, 3, $0) }, deltas: step, gaps: step,
        spans: [RaySpan(offset: 0, count: step.count)])
      let taps = FieldTaps<Float>()
      FieldEvaluator(teacher, pool: WorkerPool(threads: 1)).forward(
        batch, detail: .full, into: taps)
      func set(_ name: String, _ columns: [[Float]]) {
        tensors["out.teacher.\(name)"]?.values = (0..<batch.count).flatMap { row in
          columns.map { Double($0[row]) }
        }
      }
      set("sigma_l", [taps.logDensities])
      set("color_l", taps.colors)
      set("feature_sigma_color", taps.features)
    }
    let report = try against(file, agrees: false)
    let found = report.inspection.findings.filter { $0.kind == .differentSamples }
    #expect(!found.isEmpty && found.allSatisfy { $0.subject.hasPrefix("out.teacher.") })
    #expect(report.comparison?.firstDifference?.conventions == [.otherSamples])
  }

  @Test("padding rows that dominate, and that explain a difference")
  func padding() throws {
    let file = try dump { tensors, _ in
      // As many rows again, all zero; nothing but the samples is kept.
      for (name, tensor) in tensors where !name.hasPrefix("in.") { tensors[name] = nil; _ = tensor }
      for name in ["in.xyzs", "in.dirs", "in.deltas"] {
        let old = try #require(tensors[name])
        tensors[name] = try StepDump.Tensor(
          shape: [2 * old.shape[0], old.shape[1]],
          values: old.values + [Double](repeating: 0, count: old.values.count))
      }
    }
    let report = try against(
      file, ["--compat", "reference,+lossIncludesPaddingRows"], agrees: true)
    let found = try #require(report.variant).inspection.findings
    #expect(kinds(found).contains(.paddingDominates))
    #expect(!kinds(report.inspection.findings).contains(.paddingDominates))
  }

  @Test("files that are no dump are refused with one line")
  func refusals() throws {
    let text = ball.appending(path: "text.safetensors")
    try Data("no tensors".utf8).write(to: text)
    let bad = try dump { tensors, _ in tensors["in.rays"] = nil }
    for file in [text.path, ball.appending(path: "absent").path, bad] {
      let out = work.fresh("report")
      let outcome = try Command(
        ["inspect", "--teacher", work.teacher("hash"), "--student", work.teacher("vm")]
          + ["--against", file, "--out", out]
      ).wait()
      #expect(outcome.status == 2 && !outcome.signalled, "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1)
      #expect(!FileManager.default.fileExists(atPath: out))
    }
  }
}
