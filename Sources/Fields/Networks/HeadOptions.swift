/// Shapes of the two small networks behind the features of `hash`, `mlp` and `vm`.
///
///     density:  inputs → densityWidth → … → 1 + colorFeatures      (densityLayers linear layers)
///     colour:   16 + colorFeatures → colorWidth → … → 3            (colorLayers linear layers)
///
/// ReLU between layers, none behind the last. Defaults are PVD's; `vm` has no density network.
public struct HeadOptions: Equatable, Sendable, Codable {
  /// Linear layers of `sigma_net`.
  public var densityLayers = 2
  /// Hidden width of `sigma_net`.
  public var densityWidth = 64
  /// Linear layers of `color_net`.
  public var colorLayers = 3
  /// Hidden width of `color_net`.
  public var colorWidth = 64
  /// Numbers that both networks share beside the log-density ("geometric features").
  public var colorFeatures = 15
  /// Whether the layers have biases.
  public var bias = false

  /// PVD's shapes.
  public init() {}

  /// Numbers in the feature vector F: the log-density and the colour features.
  public var featureCount: Int { 1 + colorFeatures }

  /// Inputs, hidden widths and outputs of `sigma_net`.
  func densityWidths(inputs: Int) -> [Int] {
    [inputs] + [Int](repeating: densityWidth, count: densityLayers - 1) + [featureCount]
  }

  /// Inputs, hidden widths and outputs of `color_net`.
  var colorWidths: [Int] {
    [ColorHead<Float>.harmonicsCount + colorFeatures]
      + [Int](repeating: colorWidth, count: colorLayers - 1) + [3]
  }
}

/// Options of a field with the two small networks.
public protocol HeadedOptions {
  /// The small networks.
  var heads: HeadOptions { get set }
}

extension HeadedOptions {
  /// Hidden width of both small networks; reading gives that of the density network.
  public var hiddenWidth: Int {
    get { heads.densityWidth }
    set {
      heads.densityWidth = newValue
      heads.colorWidth = newValue
    }
  }
}

extension HashFieldOptions: HeadedOptions {}
extension MLPFieldOptions: HeadedOptions {}
extension VMFieldOptions: HeadedOptions {}
