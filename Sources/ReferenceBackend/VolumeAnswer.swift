import Fields
import GoldenKit
import NeRFCore

/// `plenoxel_field`: a look-up into a dense volume, with the gradients of the volume and the point.
enum VolumeAnswer: OperationAnswer {
  static let operation = "plenoxel_field"

  static func run<T: RadianceScalar>(
    _ call: OperationCall, as scalar: T.Type, pool: WorkerPool
  ) throws -> OperationResult {
    let sizes = try call.config.ints("res")
    guard sizes.count == 3, sizes.allSatisfy({ (1...2048).contains($0) }) else {
      throw GoldenError("\(call.caseName): `res` is \(sizes), not three sizes up to 2048.")
    }
    let degree = try call.setting("degree", in: 1...4)
    let shape = VolumeShape(
      depth: sizes[0], height: sizes[1], width: sizes[2], channels: 1 + 3 * degree * degree)
    let volumeShape = [1, shape.channels] + sizes
    guard try call.shape("param.tensor_volume") == volumeShape else {
      throw GoldenError("\(call.caseName): `param.tensor_volume` is not \(volumeShape).")
    }
    let volume = Parameter<T>(
      name: "tensor_volume", shape: volumeShape, layout: .channelsLast, owner: .field)
    try volume.load(try call.scalars("param.tensor_volume"))
    let points = PaddedRows<T>(try call.columns("in.x", 3))
    var result = OperationResult(call)
    try result.set("out.features", forward(shape, volume, points))
    guard call.has("cotangent.features") else { return result }
    let cotangents: [T] = try call.scalars(
      "cotangent.features", count: points.count * shape.channels)
    var pointGradient = PaddedRows<T>(rows: 3, count: points.count)
    points.withPointers { rows in
      let positions = PointPointers(rows[0], rows[1], rows[2])
      T.Kernels.accumulateVolumeGradients(
        shape, points: positions, gradients: cotangents,
        samples: (0..<points.count).map { Int32($0) }, count: points.count,
        volumeGradient: volume.gradient.base)
      pointGradient.withMutablePointers { target in
        ReferenceKernels<T>.accumulateVolumePointGradients(
          shape, values: volume.values.base, points: positions, gradients: cotangents,
          count: points.count, pointGradients: target)
      }
    }
    try result.set("grad.param.tensor_volume", volume.exportedGradient())
    try result.set("grad.in.x", GoldenColumns.join(pointGradient.columns(3)))
    return result
  }

  /// Tile by tile, as the field evaluates it.
  private static func forward<T: RadianceScalar>(
    _ shape: VolumeShape, _ volume: Parameter<T>, _ points: PaddedRows<T>
  ) -> [T] {
    var output = [T](repeating: 0, count: shape.channels * Tile.stride)
    var features: [T] = []
    points.withPointers { rows in
      for start in stride(from: 0, to: points.count, by: Tile.capacity) {
        let used = min(Tile.capacity, points.count - start)
        T.Kernels.volume(
          shape, values: volume.values.base,
          points: PointPointers(rows[0] + start, rows[1] + start, rows[2] + start),
          output: &output, count: Tile.padded(used))
        for s in 0..<used { features += (0..<shape.channels).map { output[$0 * Tile.stride + s] } }
      }
    }
    return features
  }
}
