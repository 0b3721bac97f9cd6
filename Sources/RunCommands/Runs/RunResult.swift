import CommandSupport
import Foundation
import TensorIO

/// What came out of a run; stored as `metrics.json`.
struct RunResult: Codable {
  var architecture: String
  var parameters: Int
  /// Steps done.
  var step: Int
  /// Seconds of training.
  var seconds: Double
  /// Means over the test views.
  var score: MeanScore?

  /// Writes one JSON object; the file appears whole.
  func write(to url: URL) throws {
    try AtomicFile.write(Data((jsonLine(self) + "\n").utf8), to: url)
  }

  /// What an earlier run wrote.
  init(contentsOf url: URL) throws {
    self = try JSONDecoder().decode(
      RunResult.self, from: try InputFile.contents(of: url, limit: 1 << 20))
  }

  init(architecture: String, parameters: Int, step: Int, seconds: Double, score: MeanScore?) {
    self.architecture = architecture
    self.parameters = parameters
    self.step = step
    self.seconds = seconds
    self.score = score
  }
}
