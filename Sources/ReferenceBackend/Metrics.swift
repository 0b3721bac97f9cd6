import GoldenKit
import NeRFCore

/// `psnr`: of pairs of images, and its mean over them.
enum SignalToNoiseAnswer: OperationAnswer {
  static let operation = "psnr"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let values = try (0..<call.names("in.pred").count).map { index -> Double in
      let prediction: [T] = try call.scalars("in.pred\(index)")
      return try ImageError.peakSignalToNoise(
        prediction, try call.scalars("in.truth\(index)", count: prediction.count))
    }
    var result = OperationResult(call)
    try result.set("out.psnr", values.map { T($0) })
    try result.set("out.mean", [T(values.reduce(0, +) / Double(max(values.count, 1)))])
    return result
  }
}

/// `ssim`: the released form, map and mean of each image `[B, H, W, C]`.
enum StructuralSimilarityAnswer: OperationAnswer {
  static let operation = "ssim"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let config = call.config
    var window = SimilarityWindow()
    window.taps = try call.setting("filter_size", in: 1...1023)
    guard !window.taps.isMultiple(of: 2) else {
      throw UnsupportedSetting("`filter_size` is \(window.taps), this library has odd ones")
    }
    window.deviation = try config.double("filter_sigma")
    window.k1 = try config.double("k1")
    window.k2 = try config.double("k2")
    let shape = try call.shape("in.img0")
    guard shape.count == 4 else {
      throw GoldenError("\(call.caseName): `in.img0` has shape \(shape), not [B, H, W, C].")
    }
    let size = shape[1] * shape[2] * shape[3]
    let first: [T] = try call.scalars("in.img0")
    let second: [T] = try call.scalars("in.img1", count: first.count)
    let range = config.has("max_val") ? T(try config.double("max_val")) : nil
    var map: [T] = []
    var means: [T] = []
    for image in 0..<shape[0] {
      let slice = image * size..<(image + 1) * size
      let one = try StructuralSimilarity<T>.pvd(
        Array(first[slice]), Array(second[slice]), height: shape[1], width: shape[2],
        channels: shape[3], largestValue: range, window: window)
      map += one.map
      means.append(one.mean)
    }
    var result = OperationResult(call)
    try result.set("out.map", map)
    try result.set("out.ssim", means)
    return result
  }
}
