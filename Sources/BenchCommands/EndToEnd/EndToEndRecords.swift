import CommandSupport
import Distill
import Foundation

/// What a window of steps came to.
struct StepRates: Codable {
  /// One phase of a step.
  struct Phase: Codable {
    var phase: String
    /// Part of the window's time, 0 to 1.
    var share: Double
  }

  var steps: Int
  var step_ms: Double
  var rays_per_s: Double
  /// Samples that were computed in full.
  var samples_per_s: Double
  /// Samples before hidden ones were dropped.
  var marched_per_s: Double
  /// What the time went into, of the window or of the whole training; what no phase covers is "other".
  var profile: [Phase]

  /// Takes steps for some seconds, at least three.
  ///
  /// - Parameters:
  ///   - period: The number of steps is a multiple of it, so that work of every so many steps counts with
  ///     its share; unless that takes longer than `limit` seconds.
  ///   - times: Seconds by phase so far.
  ///   - advance: Takes a step.
  init(
    seconds: Double, period: Int = 1, limit: Double = 0,
    times: () -> [(phase: String, seconds: Double)],
    advance: () throws -> StepReport
  ) rethrows {
    let before = times()
    let start = monotonicSeconds()
    var (rays, samples, marched) = (0, 0, 0)
    steps = 0
    var elapsed = 0.0
    while steps < 3 || elapsed < seconds
      || (!steps.isMultiple(of: max(period, 1)) && elapsed < limit)
    {
      let report = try advance()
      steps += 1
      rays += report.rays
      samples += report.samples
      marched += report.marched
      elapsed = monotonicSeconds() - start
    }
    step_ms = 1e3 * elapsed / Double(steps)
    rays_per_s = Double(rays) / elapsed
    samples_per_s = Double(samples) / elapsed
    marched_per_s = Double(marched) / elapsed
    profile = Self.profile(
      times().map { phase, seconds in
        (phase, seconds - (before.first { $0.phase == phase }?.seconds ?? 0))
      }, of: elapsed)
  }

  /// Shares of some time, and what is left.
  static func profile(_ times: [(phase: String, seconds: Double)], of elapsed: Double) -> [Phase] {
    let phases = times.filter { $0.seconds > 0 }.map {
      Phase(phase: $0.phase, share: $0.seconds / elapsed)
    }
    return phases + [Phase(phase: "other", share: 1 - phases.reduce(0) { $0 + $1.share })]
  }
}

/// Training of a teacher.
struct TrainingRecord: Codable {
  var architecture: String
  var threads: Int
  var isa: String
  var rates: StepRates
  /// The PSNR that was asked for, in dB.
  var target_psnr: Double
  /// Seconds of training until the test views had it; absent if they never did.
  var seconds_to_target: Double?
  /// Seconds and steps of training when the last PSNR was measured.
  var trained_s: Double
  var trained_steps: Int
  /// The last PSNR, in dB.
  var psnr: Double
  /// High-water mark of the process; absent where the system does not tell.
  var peak_mb: Double?
}

/// Rendering with a trained field.
struct RenderingRecord: Codable {
  var architecture: String
  var threads: Int
  var isa: String
  /// Side of the images in pixels.
  var size: Int
  /// How many were rendered; below 1 if a whole one would have taken too long.
  var images: Double
  /// Whether bands of images were rendered one by one; ``peak_mb`` is then that of a band.
  var in_bands: Bool
  var images_per_s: Double
  var rays_per_s: Double
  var peak_mb: Double?
}

/// One stage of a distillation.
struct DistillationRecord: Codable {
  var teacher: String
  var student: String
  var stage: Int
  var threads: Int
  var isa: String
  /// Absent if the pair does not have this stage.
  var rates: StepRates?
  var peak_mb: Double?
}

/// The most memory this process had at once, in 10⁶ bytes.
///
/// The mark of the address space, which starts with the program; the one of `getrusage` would include what
/// the parent had when it forked.
func peakMegabytes() -> Double? {
  guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
    let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
    let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first
      .flatMap({ Double($0) })
  else { return nil }
  return kilobytes * 1024e-6
}
