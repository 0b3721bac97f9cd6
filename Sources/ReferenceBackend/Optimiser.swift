import GoldenKit
import NeRFCore

/// `adamw_cosine`: steps of AdamW under the cosine schedule on given gradients.
enum AdamWAnswer: OperationAnswer {
  static let operation = "adamw_cosine"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let config = call.config
    let betas = try config.doubles("betas")
    guard betas.count == 2 else { throw GoldenError("\(call.caseName): `betas` is not a pair.") }
    let settings = AdamWConfiguration(
      beta1: betas[0], beta2: betas[1], epsilon: try config.double("eps"),
      weightDecay: try config.double("weight_decay"))
    let schedule = LearningRateSchedule.cosine(
      iterations: try call.setting("T_max", in: 1...1_000_000_000),
      minimum: try config.double("eta_min"))
    let steps = try call.setting("steps", in: 1...100_000)
    let groups = try groups(call)
    var result = OperationResult(call)
    for (group, members) in groups.enumerated() {
      let initial = try config.double("lr_group\(group)")
      for name in members {
        let start: [T] = try call.scalars("in.\(name)")
        let number = name.dropFirst()
        let values = AlignedBuffer(start)
        let state = AdamWState<T>(count: start.count)
        for step in 1...steps {
          let gradients = AlignedBuffer<T>(
            try call.scalars("in.grad\(number).step\(step)", count: start.count))
          let rate = schedule.rate(initial: initial, after: step - 1)
          state.apply(
            AdamWUpdate(settings, learningRate: rate, count: step), values: values,
            gradients: gradients, pool: pool)
          try result.set("out.\(name).step\(step)", values.array)
        }
        try result.set("out.exp_avg\(number)", state.firstMoments.array)
        try result.set("out.exp_avg_sq\(number)", state.secondMoments.array)
      }
    }
    let rates = try (0..<steps).flatMap { step in
      try groups.indices.map {
        T(schedule.rate(initial: try config.double("lr_group\($0)"), after: step))
      }
    }
    try result.set("out.lrs", rates)
    return result
  }

  /// "p0,p1 | p2" lists the tensors of each group.
  private static func groups(_ call: OperationCall) throws -> [[String]] {
    try call.config.string("groups").split(separator: "|").map { group in
      group.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
    }
  }
}
