public import NeRFCore

/// The gradients of a trunk, for comparison with other implementations.
public struct TrunkGradients<T: RadianceScalar>: Sendable {
  /// With respect to the points, `[points, 3]`.
  public let points: [T]
  /// With respect to the trunk's parameters, `nerf_mlp.0.weight`, `nerf_mlp.0.bias`, …, in that order.
  public let parameters: [[T]]
}

/// The trunk on its own: what other implementations of NeRF call the network.
extension MLPField {
  /// The 28 outputs of the trunk, before the density network.
  ///
  /// - Parameter points: World coordinates, `[points, 3]`.
  /// - Returns: `[points, trunkOutputs]`.
  /// - Throws: ``ShapeError`` if the points are not triples.
  public func trunkFeatures(at points: [T]) throws(ShapeError) -> [T] {
    try checkPoints(points)
    var result = [T](repeating: 0, count: points.count / 3 * options.trunkOutputs)
    TrunkPass(self, pool: WorkerPool(threads: 1)).run(points, into: &result, cotangents: nil)
    return result
  }

  /// The gradients of `Σ cotangents · trunkFeatures(at: points)`.
  ///
  /// Training never asks for the gradient of a position; here it is `γ′(x)ᵀ (W₀ᵀ g₀ + g_skip)`, see
  /// ``FrequencyEncoding/gradient(of:cotangents:)``.
  ///
  /// - Parameters:
  ///   - points: World coordinates, `[points, 3]`.
  ///   - cotangents: `[points, trunkOutputs]`.
  /// - Throws: ``ShapeError`` if the shapes do not fit.
  public func trunkGradients(at points: [T], cotangents: [T]) throws(ShapeError) -> TrunkGradients<
    T
  > {
    try checkPoints(points)
    let outputs = options.trunkOutputs
    guard cotangents.count == points.count / 3 * outputs else {
      throw ShapeError(
        in: "MLPField.trunkGradients", "cotangents", expected: [points.count / 3, outputs],
        actual: [cotangents.count], fix: "Pass one cotangent per output of every point.")
    }
    let lanes = GradientLanes(parameters)
    lanes.open(1)
    let encoding = FrequencyEncoding(bands: options.bands)
    let outputGradient = AlignedBuffer<T>(count: outputs * Tile.stride, repeating: 0)
    let encodingGradient = AlignedBuffer<T>(count: encoded * Tile.stride, repeating: 0)
    let scratch = AlignedBuffer<T>(count: 2 * trunk.widest * Tile.stride, repeating: 0)
    var pointGradients = points
    try forEachTrunkTile(points) { first, count, activations, padded throws(ShapeError) in
      outputGradient.fill(0)
      for s in 0..<count {
        for row in 0..<outputs {
          outputGradient.base[row * Tile.stride + s] = cotangents[(first + s) * outputs + row]
        }
      }
      backwardTrunk(
        activations: activations, outputGradient: outputGradient.base, scratch: scratch.base,
        widest: trunk.widest, lane: lanes.lane(0), count: padded, weights: nil,
        encodingGradient: encodingGradient.base)
      for s in first..<first + count {
        let gradient = try encoding.gradient(
          of: Array(points[3 * s..<3 * s + 3]),
          cotangents: (0..<encoded).map { encodingGradient.base[$0 * Tile.stride + s - first] })
        for axis in 0..<3 { pointGradients[3 * s + axis] = gradient[axis] }
      }
    }
    // Lanes and rows hand out pointers; they must outlive their last use.
    return withExtendedLifetime((lanes, outputGradient, encodingGradient, scratch)) {
      TrunkGradients(
        points: pointGradients,
        parameters: trunk.parameterIndices.map { index in
          let sum = lanes.lane(0).sum(of: index)
          return (0..<parameters[index].count).map { sum[$0] }
        })
    }
  }

  private func checkPoints(_ points: [T]) throws(ShapeError) {
    guard points.count % 3 == 0 else {
      throw ShapeError(
        in: "MLPField.trunk", "points", expected: [points.count / 3, 3], actual: [points.count],
        fix: "Pass x, y and z of every point.")
    }
  }

  /// Evaluates the trunk tile by tile and hands over its activations.
  private func forEachTrunkTile<Failure: Error>(
    _ points: [T],
    _ body: (
      _ first: Int, _ count: Int, _ activations: UnsafeMutablePointer<T>, _ padded: Int
    ) throws(Failure) -> Void
  ) throws(Failure) {
    let activations = AlignedBuffer<T>(count: activationRows * Tile.stride, repeating: 0)
    let rows = AlignedBuffer<T>(count: 3 * Tile.stride, repeating: 0)
    defer { withExtendedLifetime((activations, rows)) {} }
    for first in stride(from: 0, to: points.count / 3, by: Tile.capacity) {
      let count = min(Tile.capacity, points.count / 3 - first)
      rows.fill(0)
      for s in 0..<count {
        for axis in 0..<3 { rows.base[axis * Tile.stride + s] = points[3 * (first + s) + axis] }
      }
      forwardTrunk(
        PointPointers(rows.base, rows.base + Tile.stride, rows.base + 2 * Tile.stride),
        activations: activations.base, count: Tile.padded(count), weights: nil)
      try body(first, count, activations.base, Tile.padded(count))
    }
  }
}
