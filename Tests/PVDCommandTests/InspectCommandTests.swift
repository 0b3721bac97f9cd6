import Foundation
import InspectionIO
import SceneIO
import TensorIO
import TestSupport
import Testing

@Suite("pvd inspect")
struct InspectCommandTests {
  let work: Workplace

  init() throws { work = try Workplace.shared.get() }

  private func inspect(_ student: String, _ options: [String] = []) throws -> URL {
    let out = work.fresh("report")
    try Command.succeed(
      ["inspect", "--teacher", work.teacher("hash"), "--student", student, "--scene", work.scene]
        + ["--preset", "tiny", "--rays", "32", "--out", out] + options)
    return URL(fileURLWithPath: out)
  }

  private func report(_ folder: URL) throws -> InspectionReport {
    try InspectionReport(decoding: Data(contentsOf: folder.appending(path: "report.json")))
  }

  @Test("reports verified terms for every architecture", arguments: Workplace.architectures)
  func everyArchitecture(student: String) throws {
    let report = try report(try inspect(student, ["--stage", "3"]))
    #expect(report.student.rawValue == student && report.teacher == .hash)
    let terms = report.inspection.terms
    #expect(terms.contains { $0.term == .rgb } && terms.contains { $0.term == .density })
    #expect(terms.contains { $0.term == .features } == (student != "tensors"))
    let verification = try #require(report.inspection.verification)
    #expect(verification.worst < 1e-4)
    #expect(!report.inspection.traces.isEmpty)
  }

  @Test("takes a saved student, and changes neither file")
  func savedStudent() throws {
    let files = ["hash", "vm"].map { work.teacher($0) + "/model.safetensors" }
    let before = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    let report = try report(try inspect(work.teacher("vm"), ["--stage", "2", "--step", "3"]))
    #expect(report.inspection.step == 3 && report.history.map(\.step) == [1, 2])
    #expect(try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) } == before)
  }

  @Test("starts a new student of other sizes without the teacher's tensors")
  func otherSizes() throws {
    let options = ["--preset", "small", "--stage", "2", "--rays", "8"]
    let arguments =
      ["inspect", "--teacher", work.teacher("hash"), "--student", "vm"] + options
    #expect(try Command(arguments + ["--out", work.fresh("report")]).wait().status == 2)
    try Command.succeed(arguments + ["--no-inherit", "--out", work.fresh("report")])
  }

  @Test("evaluates the same step under changed settings")
  func changes() throws {
    let report = try report(
      try inspect(
        "vm",
        ["--stage", "2", "--set", "loss_rate_color=0", "--set", "loss_rate_density=0.02"]))
    let variant = try #require(report.variant)
    #expect(variant.changes == ["loss_rate_color=0", "loss_rate_density=0.02"])
    for (plain, changed) in zip(report.inspection.terms, variant.inspection.terms) {
      #expect(plain.value == changed.value, "\(plain.term)")
    }
    let rates = Dictionary(
      uniqueKeysWithValues: variant.inspection.terms.map { ($0.term, $0.rate) })
    #expect(rates[.color] == 0 && rates[.density] == 0.02)
    #expect(
      variant.inspection.findings.contains { $0.kind == .zeroRateTerm && $0.subject == "color" })
    #expect(!report.inspection.findings.contains { $0.kind == .zeroRateTerm })
  }

  @Test("writes arrays whose gradients have the norms of the report")
  func arrays() throws {
    let folder = try inspect("vm", ["--stage", "3"])
    let file = try TensorFile.read(contentsOf: folder.appending(path: "arrays.safetensors"))
    let report = try report(folder)
    for term in report.inspection.terms {
      for (name, norm) in term.parameterNorms {
        let tensor = try #require(file["term.\(term.term.rawValue).grad.param.student.\(name)"])
        let squares = try tensor.floats().reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(squares.squareRoot().isClose(to: norm, .reference), "\(term.term) \(name)")
      }
    }
  }

  @Test("reports rays of a rectangle of pixels")
  func pixels() throws {
    let report = try report(try inspect("vm", ["--stage", "3", "--pixels", "10,9,13,11"]))
    #expect(report.inspection.statistics.rays == 12)
  }

  @Test("stops at the first step with a number that is not finite, and says where it came from")
  func trap() throws {
    // A rate that throws every parameter far out within a few steps.
    let out = work.fresh("report")
    let outcome = try Command(
      ["inspect", "--teacher", work.teacher("hash"), "--student", "mlp", "--preset", "tiny"]
        + ["--rays", "16", "--stage", "3", "--step", "12", "--learning-rate", "1e30"]
        + ["--trap-nonfinite", "--out", out]
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let inspection = try report(URL(fileURLWithPath: out)).inspection
    let trap = try #require(inspection.trap)
    #expect(inspection.step < 12)
    #expect(outcome.output.contains(trap.message))
    // Without trouble there is none.
    #expect(
      try report(try inspect("vm", ["--step", "3", "--trap-nonfinite"])).inspection.trap == nil)
  }

  @Test("writes a page that loads nothing")
  func page() throws {
    let folder = try inspect("vm", ["--step", "4", "--iterations", "6", "--stages", "2,3"])
    let page = try String(contentsOf: folder.appending(path: "index.html"), encoding: .utf8)
    for word in ["<script", "http://", "https://", "url(", "@import"] {
      let places = page.components(separatedBy: word).count - 1
      // The name of SVG's vocabulary is an address that nobody loads.
      let allowed =
        word == "http://" ? page.components(separatedBy: "xmlns=\"http://").count - 1 : 0
      #expect(places == allowed, "\(word)")
    }
    #expect(page.contains(">stage 3</text>"))
  }

  @Test("opens in a browser without complaints, light and dark, narrow and wide")
  func browser() throws {
    let candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
    guard let browser = candidates.first(where: FileManager.default.isExecutableFile) else {
      print("not run: the page in a browser, because there is no Chromium (apt install chromium)")
      return
    }
    let folder = try inspect("vm", ["--stage", "3"])
    for (width, dark) in [(1280, false), (1280, true), (400, false), (400, true)] {
      let picture = folder.appending(path: ".\(width)-\(dark).png")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: browser)
      process.arguments =
        ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
        + (dark ? ["--blink-settings=preferredColorScheme=0"] : [])
        + ["--window-size=\(width),1600", "--screenshot=\(picture.path)"]
        + [folder.appending(path: "index.html").absoluteString]
      let errors = Pipe()
      process.standardError = errors
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      let log = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      #expect(!log.contains("CONSOLE"), "\(log)")
      let image = try PNGImage.read(picture)
      // Text and tables: neither one colour nor mostly ink.
      let paper = Array(image.pixels.prefix(3))
      let other = (0..<image.pixelCount).count { pixel in
        (0..<3).contains { abs(image.pixels[pixel * image.channels + $0] - paper[$0]) > 0.25 }
      }
      let share = Double(other) / Double(image.pixelCount)
      #expect(share > 0.005 && share < 0.5, "\(width) \(dark): \(share)")
      #expect((paper[0] < 0.5) == dark, "\(width): \(paper)")
    }
  }

  @Test(
    "refuses what it cannot do, with one line",
    arguments: [
      ["--set", "loss_rate_colour=1"], ["--set", "loss_type=L3"], ["--set", "loss_rate_rgb"],
      ["--set", "loss_rate_rgb=nan"], ["--compat", "original,-noSuchSwitch"],
      ["--pixels", "0,0,99,99"], ["--step", "0"], ["--rays", "0"], ["--stage", "4"],
      ["--student", "no-such-run"],
    ])
  func refusal(options: [String]) throws {
    let out = work.fresh("report")
    let outcome = try Command(
      ["inspect", "--teacher", work.teacher("hash"), "--scene", work.scene, "--out", out]
        + ["--preset", "tiny"] + (options[0] == "--student" ? [] : ["--student", "vm"]) + options
    ).wait()
    #expect(outcome.status == 2 && !outcome.signalled, "\(outcome.errors)")
    #expect(!outcome.errors.isEmpty)
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test("replaces a report only if told to, and nothing else ever")
  func overwriting() throws {
    let folder = try inspect("tensors", ["--stage", "2"])
    let again = [
      "inspect", "--teacher", work.teacher("hash"), "--student", "tensors", "--preset", "tiny",
      "--rays", "8", "--out", folder.path,
    ]
    #expect(try Command(again).wait().status == 2)
    try Command.succeed(again + ["--overwrite"])
    try Data().write(to: folder.appending(path: "notes.txt"))
    #expect(try Command(again + ["--overwrite"]).wait().status == 2)
  }

  @Test("shows what active learning chose, in a step and in a running distillation")
  func activeLearning() throws {
    let levels = [
      "--active-learning", "image,ray,point", "--active-set", "ray.capacity=9", "--active-set",
      "image.capacity=1", "--active-set", "image.first-epoch=2", "--active-set",
      "point.opacity=0.01", "--active-set", "image.share=0.4",
    ]
    func check(_ folder: URL, steps: Int) throws -> InspectionReport {
      let report = try self.report(folder)
      let chosen = try #require(report.selections)
      #expect(chosen.steps == steps && chosen.moments.count == steps)
      #expect(chosen.poses?.isFull == true && chosen.rays?.isFull == true)
      #expect(chosen.total.replayedRays > 0 && chosen.total.replayedImages > 0)
      let page = String(
        decoding: try Data(contentsOf: folder.appending(path: "index.html")), as: UTF8.self)
      for words in ["What active learning chose", "Where hard poses stand", "replayed rays: "] {
        #expect(page.contains(words), "\(words)")
      }
      return report
    }
    let report = try check(
      try inspect("mlp", ["--step", "8", "--stages", "-1,0", "--stage", "3"] + levels), steps: 7)
    let step = try #require(report.inspection.selection)
    #expect(step.drawnRays == 32 && step.replayedRays == 3 && step.hardest.count == 3)
    #expect(report.inspection.verification?.worst ?? 1 < 1e-4)
    let out = work.fresh("watched")
    try Command.succeed(
      ["distill", "--teacher", work.teacher("hash"), "--field", "mlp", "--scene", work.scene]
        + ["--poses", "scene", "--out", out, "--iterations", "12", "--stages", "-1,0"]
        + ["--inspect-every", "12"] + levels + Workplace.tiny)
    _ = try check(URL(fileURLWithPath: out).appending(path: "inspections/step-12"), steps: 11)
  }

  @Test("of a running distillation changes nothing in it", arguments: Workplace.architectures)
  func watching(student: String) throws {
    func distil(_ options: [String]) throws -> URL {
      let out = work.fresh("watched")
      try Command.succeed(
        ["distill", "--teacher", work.teacher("hash"), "--field", student, "--out", out]
          + ["--iterations", "12", "--stages", "4,8"] + Workplace.tiny + options)
      return URL(fileURLWithPath: out)
    }
    let (plain, watched) = (try distil([]), try distil(["--inspect-every", "5"]))
    for name in ["model.safetensors"] {
      let files = try [plain, watched].map { try Data(contentsOf: $0.appending(path: name)) }
      #expect(files[0] == files[1], "\(name)")
    }
    let reports = try [5, 10].map { try report(watched.appending(path: "inspections/step-\($0)")) }
    #expect(reports.map(\.inspection.step) == [5, 10])
    #expect(reports.map(\.inspection.stage) == [.volume, .image])
    #expect(reports[1].history.map(\.step) == Array(1...9))
  }
}
