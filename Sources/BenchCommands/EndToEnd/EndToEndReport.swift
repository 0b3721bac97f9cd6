import CommandSupport
import Foundation

/// The records of an end-to-end benchmark, and the tables made of them.
struct EndToEndReport {
  private var trainings: [TrainingRecord] = []
  private var renderings: [RenderingRecord] = []
  private var distillations: [DistillationRecord] = []

  /// Keeps what a child printed.
  mutating func add(_ printed: PrintedEvent) throws {
    switch printed.event {
    case "train": trainings.append(try printed.fields())
    case "render": renderings.append(try printed.fields())
    case "distill": distillations.append(try printed.fields())
    default: break
    }
  }

  /// Prints all tables that have rows.
  func say(_ console: Console) {
    var isFirst = true
    for rows in [trainingTable, renderingTable, distillationTable, profileTable]
    where rows.count > 1 {
      if !isFirst { console.say() }
      isFirst = false
      for (index, line) in table(rows).enumerated() {
        console.say(index == 0 ? console.bold(line) : line)
      }
    }
  }

  private func megabytes(_ value: Double?) -> String { value.map { decimal($0, 0) } ?? "-" }
  private func thousands(_ value: Double) -> String { decimal(1e-3 * value, 1) }

  private static let rateHead = ["step ms", "10³ rays/s", "10³ samples/s", "10³ marched/s"]

  private func cells(_ rates: StepRates?) -> [String] {
    guard let rates else { return Self.rateHead.map { _ in "-" } }
    return [
      decimal(rates.step_ms, 1), thousands(rates.rays_per_s), thousands(rates.samples_per_s),
      thousands(rates.marched_per_s),
    ]
  }

  private var trainingTable: [[String]] {
    [["training", "threads", "isa"] + Self.rateHead + ["PSNR target", "seconds to it", "peak MB"]]
      + trainings.map { record in
        let reached =
          record.seconds_to_target.map { "\(decimal($0, 1)) (\(record.trained_steps) steps)" }
          ?? "not reached: \(decimal(record.psnr)) dB in \(decimal(record.trained_s, 1)) s"
        return [record.architecture, "\(record.threads)", record.isa] + cells(record.rates)
          + ["\(decimal(record.target_psnr, 1)) dB", reached, megabytes(record.peak_mb)]
      }
  }

  private var renderingTable: [[String]] {
    [["rendering", "threads", "isa", "size", "images", "images/s", "10³ rays/s", "peak MB"]]
      + renderings.map { record in
        [
          record.architecture, "\(record.threads)", record.isa, "\(record.size)×\(record.size)",
          record.in_bands ? "\(decimal(record.images)) in bands" : decimal(record.images, 0),
          decimal(record.images_per_s, 3),
          thousands(record.rays_per_s),
          megabytes(record.peak_mb),
        ]
      }
  }

  private var distillationTable: [[String]] {
    [["distillation", "stage", "threads", "isa"] + Self.rateHead + ["peak MB"]]
      + distillations.map { record in
        [
          "\(record.teacher) → \(record.student)", "\(record.stage)", "\(record.threads)",
          record.isa,
        ] + cells(record.rates)
          + [record.rates == nil ? "no such stage" : megabytes(record.peak_mb)]
      }
  }

  /// What share of a step each phase takes, in percent.
  ///
  /// A distillation names the phase of losses and gradients after its stage; here it has the column that
  /// training has for it.
  private var profileTable: [[String]] {
    func row(_ name: String, _ place: String, _ rates: StepRates) -> Profile {
      let shares = rates.profile.map { phase in
        (phase.phase.hasPrefix("stage ") ? "gradients" : phase.phase, phase.share)
      }
      return Profile(name: name, place: place, shares: Dictionary(shares, uniquingKeysWith: +))
    }
    let profiles =
      trainings.map { row("train \($0.architecture)", "t\($0.threads) \($0.isa)", $0.rates) }
      + distillations.compactMap { record in
        record.rates.map {
          row(
            "\(record.teacher) → \(record.student), stage \(record.stage)",
            "t\(record.threads) \(record.isa)", $0)
        }
      }
    let order = ["occupancy", "rays", "march", "gradients", "optimiser"]
    let others = Set(profiles.flatMap(\.shares.keys)).subtracting(order + ["other"]).sorted()
    let phases = order + others + ["other"]
    return [["share of a step, %", "on"] + phases]
      + profiles.map { profile in
        [profile.name, profile.place]
          + phases.map { phase in profile.shares[phase].map { decimal(100 * $0, 1) } ?? "-" }
      }
  }

  private struct Profile {
    let name: String
    let place: String
    let shares: [String: Double]
  }
}
