public import NeRFCore

/// One number inside a field.
public struct ActivationPlace<T: RadianceScalar> {
  /// The operation that computed it; see ``ActivationLayer``.
  public let layer: String
  /// Which of its outputs.
  public let unit: Int
  /// Row of the sample.
  public let row: Int
  /// The number.
  public let value: T
  /// Largest magnitude among the outputs of the operation before, at this sample; 0 for the first one.
  public let largestInput: T
}

extension FieldEvaluator {
  /// The first number inside the field that meets a condition: by operation, then by sample.
  ///
  /// What clamps and ReLUs hide is seen here: a log-density of infinity is a finite one behind its clamp.
  ///
  /// - Complexity: One forward pass that keeps all activations, and their scan.
  @specialized(where T == Float)
  @specialized(where T == Double)
  public func firstActivation(
    _ batch: SampleBatch, detail: TapDetail, where condition: (T) -> Bool
  ) -> ActivationPlace<T>? {
    let store = ActivationStore<T>(budget: .max)
    forward(batch, detail: detail, into: FieldTaps<T>(), keeping: store)
    var previous: ActivationLayer?
    for layer in field.activationLayers {
      for row in 0..<batch.count {
        guard let tile = store.tile(row / Tile.capacity) else { return nil }
        let column = tile + row % Tile.capacity
        for unit in 0..<layer.count {
          let value = column[(layer.row + unit) * Tile.stride]
          guard condition(value) else { continue }
          let inputs = previous.map { input in
            (0..<input.count).reduce(T.zero) {
              max($0, abs(column[(input.row + $1) * Tile.stride]))
            }
          }
          return ActivationPlace(
            layer: layer.name, unit: unit, row: row, value: value, largestInput: inputs ?? 0)
        }
      }
      previous = layer
    }
    return nil
  }
}
