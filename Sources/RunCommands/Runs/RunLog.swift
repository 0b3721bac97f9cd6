import CommandSupport
import Foundation
import SceneIO
import TensorIO

/// One line of a run's log.
struct LogRecord: Codable {
  /// Steps done.
  var step: Int
  /// Seconds of training so far, without evaluation and saving.
  var seconds: Double
  /// The loss that was minimised.
  var loss: Double?
  /// PSNR of the rays of the step, in dB.
  var batchPSNR: Double?
  /// Rays of the step.
  var rays: Int?
  /// Samples that were computed in full.
  var samples: Int?
  /// Stage of a distillation.
  var stage: Int?
  /// Mean PSNR over test views, in dB.
  var testPSNR: Double?
  /// Mean PSNR against the teacher over the same views, in dB.
  var teacherPSNR: Double?
}

/// The history of a run.
///
/// The only file of a run with wall-clock times, so that checkpoints depend on the computation alone.
struct RunLog {
  private(set) var records: [LogRecord] = []
  /// Seconds of training so far.
  var seconds = 0.0

  /// An empty log.
  init() {}

  /// What a file says up to a step; lines that cannot be read are left out, because nothing but
  /// pictures depends on them.
  init(_ url: URL, upTo step: Int) {
    guard let data = try? InputFile.contents(of: url, limit: 1 << 28) else { return }
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      if let record = try? JSONDecoder().decode(LogRecord.self, from: Data(line.utf8)),
        record.step <= step, record.step >= records.last?.step ?? 0
      {
        records.append(record)
      }
    }
    seconds = records.last?.seconds ?? 0
  }

  mutating func append(_ record: LogRecord) { records.append(record) }

  /// Writes all lines; the file appears whole.
  func write(to url: URL) throws {
    let text = records.map { jsonLine($0) + "\n" }.joined()
    try AtomicFile.write(Data(text.utf8), to: url)
  }

  /// Draws PSNR over seconds: rays of the steps, test views, and the stages of a distillation.
  func plot(title: String) throws -> LinePlot {
    var series: [LinePlot.Series] = []
    func add(_ name: String, _ value: (LogRecord) -> Double?) throws {
      let points = records.compactMap { record in
        value(record).flatMap { $0.isFinite ? (record.seconds, $0) : nil }
      }
      guard !points.isEmpty else { return }
      series.append(
        try LinePlot.Series(name: name, x: points.map(\.0), y: points.map(\.1)))
    }
    try add("rays of a step") { $0.batchPSNR }
    for stage in 1...3 {
      try add("test views, stage \(stage)") { $0.stage == stage ? $0.testPSNR : nil }
    }
    try add("test views") { $0.stage == nil ? $0.testPSNR : nil }
    try add("against the teacher") { $0.teacherPSNR }
    return LinePlot(title: title, xLabel: "training time (s)", yLabel: "PSNR (dB)", series: series)
  }
}
