import Fields
import NeRFCore

/// Fields small enough for a test, which fit each other for weight inheritance.
package enum TinyFields {
  package static func configuration(_ architecture: Architecture) -> FieldConfiguration {
    switch architecture {
    case .hash:
      var options = HashFieldOptions()
      options.levels = 4
      options.baseResolution = 4
      options.log2TableSize = 9
      options.finestResolution = 24
      options.hiddenWidth = 16
      return .hash(options)
    case .mlp:
      var options = MLPFieldOptions()
      options.bands = 4
      options.layers = 3
      options.width = 24
      options.skip = 1
      // As many as the hash grid has features.
      options.trunkOutputs = 8
      options.hiddenWidth = 16
      return .mlp(options)
    case .vm:
      var options = VMFieldOptions()
      options.resolution = [10, 9, 8]
      options.densityRanks = [4, 4, 4]
      options.colorRanks = [6, 6, 6]
      options.hiddenWidth = 16
      return .vm(options)
    case .tensors:
      var options = TensorsFieldOptions()
      options.resolution = [10, 9, 8]
      options.degree = 2
      return .tensors(options)
    }
  }

  package static func make<T: RadianceScalar>(
    _ architecture: Architecture, as scalar: T.Type = T.self, frame: FieldFrame = FieldFrame(),
    seed: UInt64 = 1
  ) -> any RadianceField<T> {
    configuration(architecture).makeField(as: scalar, frame: frame, seed: seed)
  }

  /// Uniform values in place of initial ones, so that every part of a field matters.
  package static func scramble<T: RadianceScalar>(
    _ field: any RadianceField<T>, scale: Double, seed: UInt64
  ) throws {
    var random = SplitMix64(seed: seed)
    for parameter in field.parameters {
      try parameter.load(random.doubles(parameter.count, in: -scale...scale).map { T($0) })
    }
  }
}

/// A field's parameters as one list.
extension RadianceField {
  package func exportedParameters() -> [Scalar] { parameters.flatMap { $0.exported() } }
  package func exportedGradients() -> [Scalar] { parameters.flatMap { $0.exportedGradient() } }

  package func loadParameters(_ values: [Scalar]) throws {
    var start = 0
    for parameter in parameters {
      try parameter.load(Array(values[start..<start + parameter.count]))
      start += parameter.count
    }
  }

  package func clearGradients() { for parameter in parameters { parameter.gradient.fill(0) } }
}
