import ArgumentParser
import Fields

/// Named sizes of the architectures.
///
/// | preset | hash | vm | tensors | mlp |
/// | --- | --- | --- | --- | --- |
/// | `default` | 14 levels, 2¹⁹ rows | 300³, ranks 16 and 48 | 128³, degree 3 | 8 layers of 256 |
/// | `small` | 10 levels, 2¹⁵ rows | 96³, ranks 8 and 24 | 80³, degree 3 | 4 layers of 128 |
/// | `tiny` | 6 levels, 2¹² rows | 32³, ranks 4 and 8 | 32³, degree 2 | 3 layers of 32 |
///
/// `default` has the published sizes. Within a preset, networks that architectures share have one
/// shape, so that weights can be inherited; `--no-inherit` allows to mix presets.
package enum Preset: String, ExpressibleByArgument, CaseIterable {
  case `default`
  case small
  case tiny

  /// The sizes of one architecture.
  package func configuration(of architecture: Architecture) -> FieldConfiguration {
    var hash = HashFieldOptions()
    var vm = VMFieldOptions()
    var tensors = TensorsFieldOptions()
    var mlp = MLPFieldOptions()
    switch self {
    case .default: break
    case .small:
      hash.levels = 10
      hash.log2TableSize = 15
      hash.finestResolution = 256
      vm.resolution = [96, 96, 96]
      vm.densityRanks = [8, 8, 8]
      vm.colorRanks = [24, 24, 24]
      tensors.resolution = [80, 80, 80]
      mlp.layers = 4
      mlp.width = 128
      mlp.skip = 1
      mlp.trunkOutputs = 20
    case .tiny:
      hash.levels = 6
      hash.log2TableSize = 12
      hash.finestResolution = 64
      vm.resolution = [32, 32, 32]
      vm.densityRanks = [4, 4, 4]
      vm.colorRanks = [8, 8, 8]
      tensors.resolution = [32, 32, 32]
      tensors.degree = 2
      mlp.layers = 3
      mlp.width = 32
      mlp.skip = 0
      mlp.trunkOutputs = 12
      mlp.bands = 6
      mlp.hiddenWidth = 32
      hash.hiddenWidth = 32
      vm.hiddenWidth = 32
    }
    switch architecture {
    case .hash: return .hash(hash)
    case .vm: return .vm(vm)
    case .tensors: return .tensors(tensors)
    case .mlp: return .mlp(mlp)
    }
  }
}

extension FieldConfiguration {
  /// The same sizes for training on photographs, where `vm` does not clamp its colour features.
  package var forPhotographs: FieldConfiguration {
    guard case .vm(var options) = self else { return self }
    options.clampsColorFeatures = false
    return .vm(options)
  }
}
