/// The field architectures, by the names PVD gives them.
public enum Architecture: String, CaseIterable, Sendable, Codable {
  /// Multiresolution hash grid (Instant-NGP, Müller et al. 2022).
  case hash
  /// Multilayer perceptron (NeRF, Mildenhall et al. 2020).
  case mlp
  /// Vector-matrix decomposition (TensoRF, Chen et al. 2022).
  case vm
  /// Dense volume of density and spherical-harmonic colour (after Plenoxels, Fridovich-Keil et al. 2022).
  case tensors
}

/// What all fields of a scene share: where it lies and how densities are clamped.
public struct FieldFrame: Equatable, Sendable, Codable {
  /// B: positions live in [−B, B]³.
  public var bound: Double
  /// The box that maps to −1...1 for `vm` and `tensors`: minimum, then maximum (PVD's `aabb_train`).
  public var box: [Double]
  /// Lower end of the log-density clamp.
  public var logDensityMinimum: Double
  /// Upper end of the log-density clamp.
  public var logDensityMaximum: Double

  /// A cube of half side `bound` and PVD's clamp −2...7.
  public init(
    bound: Double = 1, box: [Double]? = nil, logDensityMinimum: Double = -2,
    logDensityMaximum: Double = 7
  ) {
    self.bound = bound
    self.box = box ?? [-bound, -bound, -bound, bound, bound, bound]
    self.logDensityMinimum = logDensityMinimum
    self.logDensityMaximum = logDensityMaximum
  }
}

/// A group of parameters with one learning rate.
public struct ParameterGroup: Equatable, Sendable {
  /// Which of the two learning rates of a run a group takes.
  public enum Rate: Sendable {
    /// The run's learning rate.
    case primary
    /// The rate of small networks beside large grids (PVD's `lr2`).
    case secondary
  }

  /// PVD's name of the group.
  public let name: String
  /// The rate it takes.
  public let rate: Rate
  /// Indices into the field's parameters; empty for encoders without parameters.
  public let members: [Int]

  /// A group of the parameters with the given indices.
  public init(_ name: String, _ rate: Rate, _ members: [Int]) {
    self.name = name
    self.rate = rate
    self.members = members
  }
}
